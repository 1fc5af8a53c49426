"""Every participant as a dot, one plot per outcome."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from pipeline.stages.report.names import NAMES

WIDTH, HEIGHT = 320, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 310, 26, 162
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
_SPREAD = (0, -9, 9, -18, 18)


@dataclass(frozen=True, slots=True)
class Dot:
    """One participant; places in pixels of the drawing."""

    across: float
    down: float
    name: str


@dataclass(frozen=True, slots=True)
class Column:
    """One group: its dots, and its mean."""

    name: str
    colour: str
    middle: float
    mean_down: float
    dots: tuple[Dot, ...]


@dataclass(frozen=True, slots=True)
class StripPlot:
    """What the template draws; places in pixels."""

    title: str
    ticks: tuple[tuple[float, str], ...]
    columns: tuple[Column, ...]


def strip_plot(measured: pd.DataFrame, outcome: str, groups: Sequence[str]) -> StripPlot | None:
    """Lay out one outcome; None where no participant has it.

    Parameters
    ----------
    measured
        Rows of ``volumes.tsv`` that count.
    groups
        From left to right.
    """
    known = measured.assign(value=pd.to_numeric(measured[outcome])).dropna(subset="value")
    known = known[known["group"].isin(groups)]
    if known.empty:
        return None
    ticks = np.asarray(
        MaxNLocator(4).tick_values(known["value"].min(), known["value"].max()), dtype=float
    )
    low, high = float(ticks[0]), float(ticks[-1])

    def down(value: float) -> float:
        """Give the place of a value on the vertical axis."""
        return round(_BOTTOM - (value - low) / (high - low) * (_BOTTOM - _TOP), 1)

    middles = np.linspace(_LEFT, _RIGHT, 2 * len(groups) + 1)[1::2]
    columns = []
    for k, (group, middle) in enumerate(zip(groups, middles.tolist(), strict=True)):
        rows = known[known["group"] == group].sort_values(["value", "participant_id"])
        dots = tuple(
            Dot(round(middle + _SPREAD[i % len(_SPREAD)], 1), down(value), str(name))
            for i, (name, value) in enumerate(
                zip(rows["participant_id"], rows["value"], strict=True)
            )
        )
        if dots:
            mean = down(float(rows["value"].mean()))
            colour = _COLOURS[k % len(_COLOURS)]
            columns.append(Column(group, colour, round(middle, 1), mean, dots))
    name, unit, _ = NAMES[outcome]
    marks = tuple((down(tick), f"{tick:g}") for tick in ticks.tolist())
    return StripPlot(f"{name}, {unit}", marks, tuple(columns))
