"""Volumes of every participant by group, a panel per region, absolute and per body mass."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy import stats

from pipeline.domain.anatomy import REGIONS
from pipeline.domain.comparison import Comparison
from pipeline.domain.outcomes import Outcome, Quantity
from pipeline.stages.plot_style import (
    COLOURS,
    INK,
    MARKERS,
    Picture,
    note,
    picture,
    plot_style,
)
from pipeline.stages.report.formatting import fixed, p_equals
from pipeline.stages.report.outcome_labels import UNITS

BOTH = (Quantity.VOLUME, Quantity.PER_BODY_MASS)
_OFFSETS = (0.0, -0.1, 0.1, -0.2, 0.2)


def groups_of(volumes: pd.DataFrame, column: str) -> "pd.Series[str]":
    """Give the group of each row as text; missing where a row has no group."""
    if column not in volumes:
        return pd.Series(pd.NA, index=volumes.index, dtype="string")
    # pandas reads whole numbers beside a missing cell as floats: "1.0" for the group "1"
    groups: pd.Series[str] = volumes[column].convert_dtypes().astype("string").str.strip()
    return groups.mask(groups == "", None)


def plot_groups(
    measured: pd.DataFrame,
    statistics: Sequence[Comparison],
    group_column: str,
    reference: str,
    quantities: Sequence[Quantity] = BOTH,
) -> Picture | None:
    """Plot all measured participants by group; None where no participant has a group.

    Parameters
    ----------
    measured
        Measured rows of ``volumes.tsv``, with the column of the groups.
    statistics
        Their d and p are the titles of the panels.
    reference
        The group on the left.
    quantities
        Forms of the volumes, a row of panels each.
    """
    groups = groups_of(measured, group_column)
    names = sorted(groups.dropna().unique(), key=lambda name: (name != reference, name))
    if not names:
        return None
    with plot_style():
        size = (7.2, 0.4 + 2.4 * len(quantities))
        figure = Figure(figsize=size, layout="constrained")
        panels = figure.subplots(len(quantities), len(REGIONS), squeeze=False)
        for row, quantity in zip(panels, quantities, strict=True):
            row[0].set_ylabel(UNITS[quantity])
            for axes, region in zip(row, REGIONS, strict=True):
                outcome = Outcome(region, quantity)
                values = pd.to_numeric(measured[outcome.column])
                samples = [values[(groups == name).fillna(value=False)] for name in names]
                axes.set_title(f"{region}\n{_result(statistics, outcome)}")
                _draw(axes, names, samples, measured["participant_id"])
        figure.supxlabel(
            "Each mark is one participant; the bar is the mean with its 95 % confidence "
            "interval. Axes do not start at 0.",
            fontsize=7,
        )
        return picture(figure)


def _result(statistics: Sequence[Comparison], outcome: Outcome) -> str:
    """Give d and p of two groups; empty where there are more, or where none is tested."""
    rows = [comparison for comparison in statistics if comparison.outcome == outcome]
    if len(rows) != 1 or rows[0].tests is None:
        return ""
    return f"d = {fixed(rows[0].tests.effect.cohens_d, 2)}, p {p_equals(rows[0].p)}"


def _draw(
    axes: Axes,
    names: Sequence[str],
    samples: Sequence["pd.Series[float]"],
    participants: "pd.Series[str]",
) -> None:
    """Draw one panel: marks and means; the lowest and the highest mark are labelled."""
    known = [values.dropna().sort_values(kind="stable") for values in samples]
    if not any(len(values) for values in known):
        note(axes, "not known")
        return
    for position, values in enumerate(known):
        across = position + np.resize(_OFFSETS, len(values))
        colour, marker = COLOURS[position % len(COLOURS)], MARKERS[position % len(MARKERS)]
        axes.plot(across, values, marker, color=colour, markersize=4.5, alpha=0.75)
        _draw_mean(axes, position, np.asarray(values, dtype=np.float64))
        for k in {0, len(values) - 1} if len(values) > 2 else ():
            label = str(participants[values.index[k]]).removeprefix("sub-")
            axes.annotate(
                label, (across[k], values.iloc[k]), (4, 0), textcoords="offset points",
                fontsize=5.5, va="center",
            )  # fmt: skip
    ticks = [f"{name}\nn = {len(values)}" for name, values in zip(names, known, strict=True)]
    axes.set_xticks(range(len(names)), [tick.replace("_", " ") for tick in ticks])
    axes.set_xlim(-0.6, len(names) - 0.4)


def _draw_mean(axes: Axes, position: int, values: NDArray[np.float64]) -> None:
    """Draw the mean, and its confidence interval from two values on."""
    if not values.size:
        return
    mean = float(values.mean())
    axes.hlines(mean, position - 0.3, position + 0.3, color=INK, linewidth=1.4)
    if values.size > 1:
        half = stats.t.ppf(0.975, values.size - 1) * values.std(ddof=1) / np.sqrt(values.size)
        axes.vlines(position + 0.3, mean - half, mean + half, color=INK, linewidth=1.0)
