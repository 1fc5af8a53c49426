"""Volumes, group difference and p as functions of the border's position."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.domain.anatomy import REGION_NAMES
from pipeline.domain.comparison import BorderComparison, Tests
from pipeline.domain.outcomes import Outcome, Quantity
from pipeline.stages.plot_style import (
    COLOURS,
    MARKERS,
    PALE,
    Picture,
    note,
    picture,
    plot_style,
)
from pipeline.stages.report.outcome_labels import UNITS
from pipeline.stages.report.sentences import ALPHA

Tested = tuple[BorderComparison, Tests]


def plot_border(
    sweep: pd.DataFrame, moved: Sequence[BorderComparison], groups: "pd.Series[str]"
) -> Picture | None:
    """Plot how the results depend on the border; None where nothing was measured.

    Parameters
    ----------
    sweep
        Rows of ``border_sweep.tsv``.
    groups
        By ``participant_id``, of the participants that are compared.
    """
    sweep = sweep[sweep["participant_id"].isin(groups.dropna().index)]
    if sweep.empty:
        return None
    sweep = sweep.assign(group=sweep["participant_id"].map(groups))
    references = {c.comparison.a.group for c in moved}
    names = sorted(groups.dropna().unique(), key=lambda name: (name not in references, name))
    tested = [(c, c.comparison.tests) for c in moved if c.comparison.tests]
    quantities = {c.comparison.outcome.quantity for c, _ in tested}
    per_mass = Quantity.PER_BODY_MASS in quantities
    quantity = Quantity.PER_BODY_MASS if per_mass else Quantity.VOLUME
    with plot_style():
        figure = Figure(figsize=(7.2, 7.0), layout="constrained")
        panels = figure.subplots(3, 2, sharex=True)
        for column, region in zip(panels.T, REGION_NAMES.values(), strict=True):
            column[0].set_title(region)
            outcome = Outcome(region, quantity)
            rows = [(c, tests) for c, tests in tested if c.comparison.outcome == outcome]
            _draw_volumes(column[0], sweep, f"{region}_cm3", names)
            _draw_difference(column[1], rows)
            _draw_p(column[2], rows)
        panels[0, 0].set_ylabel("volume, cm³")
        panels[1, 0].set_ylabel(f"difference of means, {UNITS[quantity]}")
        panels[2, 0].set_ylabel("p of the t test")
        figure.supxlabel("border moved toward the toes, mm", fontsize=8)
        figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside upper center",
                      ncols=len(names), frameon=False)  # fmt: skip
        return picture(figure)


def _draw_volumes(axes: Axes, sweep: pd.DataFrame, column: str, names: list[str]) -> None:
    """Draw a thin line per participant and the mean of each group."""
    for k, name in enumerate(names):
        colour, group = COLOURS[k % len(COLOURS)], sweep[sweep["group"] == name]
        for _, rows in group.groupby("participant_id"):
            axes.plot(rows["offset_mm"], rows[column], color=colour, linewidth=0.5, alpha=0.45)
        mean = group.groupby("offset_mm")[column].mean()
        axes.plot(
            mean.index, mean, color=colour, linewidth=2, marker=MARKERS[k % len(MARKERS)],
            markersize=4, label=f"mean of {name}".replace("_", " "),
        )  # fmt: skip
    _mark_border(axes)


def _draw_difference(axes: Axes, tested: Sequence[Tested]) -> None:
    """Draw the difference with its 95 % confidence interval."""
    if not tested:
        note(axes, "not tested: needs two participants in each group")
        return
    for (a, b), colour, rows in _by_pair(tested):
        offsets_mm = [c.offset_mm for c, _ in rows]
        intervals = [tests.mean.ci95 for _, tests in rows]
        axes.fill_between(
            offsets_mm, [ci95.low for ci95 in intervals], [ci95.high for ci95 in intervals],
            color=colour, alpha=0.25, linewidth=0,
        )  # fmt: skip
        differences = [c.comparison.mean_difference or 0.0 for c, _ in rows]
        axes.plot(offsets_mm, differences, color=colour, marker="o", markersize=3,
                  label=f"{a} minus {b}".replace("_", " "))  # fmt: skip
    axes.axhline(0, color=PALE, linewidth=0.8)
    axes.legend(frameon=False, fontsize=7, loc="lower right", bbox_to_anchor=(1, 1))
    _mark_border(axes)


def _draw_p(axes: Axes, tested: Sequence[Tested]) -> None:
    """Draw p on a logarithmic axis, with the level of significance."""
    if not tested:
        note(axes, "not tested")
        return
    for _, colour, rows in _by_pair(tested):
        offsets_mm = [c.offset_mm for c, _ in rows]
        p_values = [tests.mean.t.p for _, tests in rows]
        axes.plot(offsets_mm, p_values, color=colour, marker="o", markersize=3)
    axes.axhline(ALPHA, color=PALE, linewidth=0.8, linestyle="--")
    axes.set_yscale("log")
    low = min(0.01, *(tests.mean.t.p for _, tests in tested)) / 2
    ticks = [p for p in (1e-5, 1e-4, 1e-3, 0.01, 0.05, 0.2, 1.0) if p > low]
    axes.set_yticks(ticks, [f"{p:g}" for p in ticks])
    axes.set_yticks([], minor=True)
    axes.set_ylim(low, 1.3)
    _mark_border(axes)


def _by_pair(
    tested: Sequence[Tested],
) -> list[tuple[tuple[str | None, str | None], str, list[Tested]]]:
    """Give each pair of groups with a colour and its rows."""
    pairs = dict.fromkeys(c.comparison.groups for c, _ in tested)
    return [
        (
            pair,
            COLOURS[(k + 2) % len(COLOURS)],  # the first ones are those of the groups
            [(c, tests) for c, tests in tested if c.comparison.groups == pair],
        )
        for k, pair in enumerate(pairs)
    ]


def _mark_border(axes: Axes) -> None:
    axes.axvline(0, color=PALE, linewidth=0.8, linestyle=":")
