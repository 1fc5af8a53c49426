"""Every participant as a dot, a panel per region, absolute and per body mass."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy import stats

from pipeline.domain.anatomy import REGIONS
from pipeline.stages.plot_style import (
    COLOURS,
    INK,
    MARKERS,
    Picture,
    note,
    picture,
    plot_style,
)
from pipeline.stages.report.sentences import chance, fixed, is_missing

UNITS = {"cm3": "cm³", "mm3_per_kg": "mm³/kg"}
_OFFSETS = (0.0, -0.1, 0.1, -0.2, 0.2)


def groups_of(volumes: pd.DataFrame, column: str) -> "pd.Series[str]":
    """Give the group of each row as text; missing where there is none."""
    if column not in volumes:
        return pd.Series(pd.NA, index=volumes.index, dtype="string")
    # whole numbers beside a missing cell are floats to pandas: "1.0" is no group's name
    groups: pd.Series[str] = volumes[column].convert_dtypes().astype("string").str.strip()
    return groups.mask(groups == "", None)


def plot_groups(
    measured: pd.DataFrame, statistics: pd.DataFrame, group_column: str, reference: str
) -> Picture | None:
    """Plot all participants that count, by group; None where nobody has a group.

    Parameters
    ----------
    measured
        Rows of ``volumes.tsv`` that count, with the column of the groups.
    statistics
        Rows of ``statistics.tsv``; their d and p stand in the panels.
    reference
        The group on the left.
    """
    groups = groups_of(measured, group_column)
    names = sorted(groups.dropna().unique(), key=lambda name: (name != reference, name))
    if not names:
        return None
    with plot_style():
        figure = Figure(figsize=(7.2, 5.2), layout="constrained")
        panels = figure.subplots(len(UNITS), len(REGIONS))
        for row, ending in zip(panels, UNITS, strict=True):
            for axes, region in zip(row, REGIONS, strict=True):
                outcome = f"{region}_{ending}"
                values = pd.to_numeric(measured[outcome])
                found = [values[(groups == name).fillna(value=False)] for name in names]
                told = statistics[statistics["outcome"] == outcome]
                axes.set_title(f"{region}\n{_told(told)}")
                _draw(axes, names, found, measured["participant_id"])
                if axes is row[0]:
                    axes.set_ylabel(UNITS[ending])
        figure.supxlabel(
            "Each mark is one participant; the bar is the mean with its 95 % confidence "
            "interval. Axes do not start at 0.",
            fontsize=7,
        )
        return picture(figure)


def _told(rows: pd.DataFrame) -> str:
    """Say d and p of two groups; nothing where there are none or more."""
    if len(rows) != 1 or is_missing(rows["p"].iloc[0]):
        return ""
    row = rows.iloc[0]
    return f"d = {fixed(row['cohens_d'], 2)}, p {chance(row['p'])}"


def _draw(
    axes: Axes,
    names: Sequence[str],
    found: Sequence["pd.Series[float]"],
    who: "pd.Series[str]",
) -> None:
    """Draw one panel: marks, means, and who is lowest and highest."""
    known = [values.dropna().sort_values(kind="stable") for values in found]
    if not any(len(values) for values in known):
        note(axes, "not known")
        return
    for place, values in enumerate(known):
        across = place + np.resize(_OFFSETS, len(values))
        colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
        axes.plot(across, values, marker, color=colour, markersize=4.5, alpha=0.75)
        _draw_mean(axes, place, np.asarray(values, dtype=np.float64))
        for k in {0, len(values) - 1} if len(values) > 2 else ():
            label = str(who[values.index[k]]).removeprefix("sub-")
            axes.annotate(
                label, (across[k], values.iloc[k]), (4, 0), textcoords="offset points",
                fontsize=5.5, va="center",
            )  # fmt: skip
    ticks = [f"{name}\nn = {len(values)}" for name, values in zip(names, known, strict=True)]
    axes.set_xticks(range(len(names)), [tick.replace("_", " ") for tick in ticks])
    axes.set_xlim(-0.6, len(names) - 0.4)


def _draw_mean(axes: Axes, place: int, values: NDArray[np.float64]) -> None:
    """Draw the mean, with its interval where there is one."""
    if not values.size:
        return
    mean = float(values.mean())
    axes.hlines(mean, place - 0.3, place + 0.3, color=INK, linewidth=1.4)
    if values.size > 1:
        half = stats.t.ppf(0.975, values.size - 1) * values.std(ddof=1) / np.sqrt(values.size)
        axes.vlines(place + 0.3, mean - half, mean + half, color=INK, linewidth=1.0)
