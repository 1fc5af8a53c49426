"""How volumes, group difference and p move with the border."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.domain.anatomy import REGION_NAMES
from pipeline.stages.plot_style import (
    COLOURS,
    MARKERS,
    PALE,
    Picture,
    note,
    picture,
    plot_style,
)
from pipeline.stages.report.group_plot import UNITS

ALPHA = 0.05


def plot_border(
    sweep: pd.DataFrame, moved: pd.DataFrame, groups: "pd.Series[str]"
) -> Picture | None:
    """Plot the sweep of the border; None where nothing was measured.

    Parameters
    ----------
    sweep
        Rows of ``border_sweep.tsv``.
    moved
        Rows of ``border_statistics.tsv``.
    groups
        By ``participant_id``, of those that count.
    """
    sweep = sweep[sweep["participant_id"].isin(groups.dropna().index)]
    if sweep.empty:
        return None
    tested = moved[moved["p"].notna()]
    per_kg = tested["outcome"].str.endswith("_mm3_per_kg").any()
    ending = "mm3_per_kg" if per_kg else "cm3"
    names = sorted(groups.dropna().unique(), key=lambda n: (n not in {*moved["group_a"]}, n))
    with plot_style():
        figure = Figure(figsize=(7.2, 7.0), layout="constrained")
        panels = figure.subplots(3, 2, sharex=True)
        for column, region in enumerate(REGION_NAMES.values()):
            volumes = sweep.assign(group=sweep["participant_id"].map(groups))
            _draw_volumes(panels[0, column], volumes, f"{region}_cm3", names)
            panels[0, column].set_title(region)
            rows = tested[tested["outcome"] == f"{region}_{ending}"]
            _draw_difference(panels[1, column], rows)
            _draw_p(panels[2, column], rows)
        for axes, words in zip(
            panels[:, 0],
            ("volume, cm³", f"difference of means, {UNITS[ending]}", "p of the t test"),
            strict=True,
        ):
            axes.set_ylabel(words)
        figure.supxlabel("border moved toward the toes, mm", fontsize=8)
        figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside upper center",
                      ncols=len(names), frameon=False)  # fmt: skip
        return picture(figure)


def _draw_volumes(axes: Axes, sweep: pd.DataFrame, column: str, names: list[str]) -> None:
    """Draw a thin line per participant and the mean of each group."""
    for k, name in enumerate(names):
        colour, part = COLOURS[k % len(COLOURS)], sweep[sweep["group"] == name]
        for _, one in part.groupby("participant_id"):
            axes.plot(one["offset_mm"], one[column], color=colour, linewidth=0.5, alpha=0.45)
        mean = part.groupby("offset_mm")[column].mean()
        axes.plot(
            mean.index, mean, color=colour, linewidth=2, marker=MARKERS[k % len(MARKERS)],
            markersize=4, label=f"mean of {name}".replace("_", " "),
        )  # fmt: skip
    _mark_border(axes)


def _draw_difference(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw the difference with its 95 % interval."""
    if rows.empty:
        note(axes, "not tested: needs two of each group")
        return
    for k, ((a, b), part) in enumerate(rows.groupby(["group_a", "group_b"])):
        colour = COLOURS[(k + 2) % len(COLOURS)]
        x, low, high = (part[n].astype(float) for n in ("offset_mm", "ci95_low", "ci95_high"))
        axes.fill_between(x, low, high, color=colour, alpha=0.25, linewidth=0)
        axes.plot(x, part["mean_difference"].astype(float), color=colour, marker="o",
                  markersize=3, label=f"{a} less {b}".replace("_", " "))  # fmt: skip
    axes.axhline(0, color=PALE, linewidth=0.8)
    axes.legend(frameon=False, fontsize=7, loc="lower right", bbox_to_anchor=(1, 1))
    _mark_border(axes)


def _draw_p(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw p on a logarithmic axis, with the level of significance."""
    if rows.empty:
        note(axes, "not tested")
        return
    for k, (_, part) in enumerate(rows.groupby(["group_a", "group_b"])):
        axes.plot(part["offset_mm"].astype(float), part["p"].astype(float),
                  color=COLOURS[(k + 2) % len(COLOURS)], marker="o", markersize=3)  # fmt: skip
    axes.axhline(ALPHA, color=PALE, linewidth=0.8, linestyle="--")
    axes.set_yscale("log")
    low = min(0.01, float(rows["p"].min())) / 2
    ticks = [p for p in (1e-5, 1e-4, 1e-3, 0.01, 0.05, 0.2, 1.0) if p > low]
    axes.set_yticks(ticks, [f"{p:g}" for p in ticks])
    axes.set_yticks([], minor=True)
    axes.set_ylim(low, 1.3)
    _mark_border(axes)


def _mark_border(axes: Axes) -> None:
    axes.axvline(0, color=PALE, linewidth=0.8, linestyle=":")
