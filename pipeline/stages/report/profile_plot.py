"""Cross-sections of the muscles along the foot."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.domain.anatomy import MUSCLES, PLANTAR_LABELS, Muscle
from pipeline.domain.landmarks import Border
from pipeline.stages.plot_style import INK, PALE, plot_style, svg

_FAT = "#3a3a3a"
_SCALE_CM2 = 2.0
_ROW_GAP_CM2 = 0.9


def plot_profile(profile: pd.DataFrame, border: Border) -> bytes:
    """Plot the cross-section of every muscle along the foot, as SVG.

    Parameters
    ----------
    profile
        Rows of ``*_desc-profile_dseg.tsv``.

    Notes
    -----
    All muscles are drawn to one scale; the dark part of each is its fat, where it is known.
    """
    with plot_style():
        figure = Figure(figsize=(7.2, 6.4), layout="constrained")
        total, single = figure.subplots(2, 1, sharex=True, height_ratios=(1, 3.4))
        plantar = profile[profile["index"].isin(PLANTAR_LABELS)]
        areas_cm2 = plantar.groupby("position_mm")["acsa_mm2"].sum() / 100
        total.fill_between(areas_cm2.index, areas_cm2, color=PALE, alpha=0.5, linewidth=0)
        total.plot(areas_cm2.index, areas_cm2, color=INK, linewidth=0.9)
        total.set_ylim(0, 1.25 * float(areas_cm2.max() if len(areas_cm2) else 1))
        total.set_title("all plantar muscles, cm²")
        _draw_muscles(single, profile)
        for axes in (total, single):
            axes.axvline(border.position_mm, color=INK, linewidth=1.0, linestyle=(0, (6, 3)))
        along = total.get_xaxis_transform()
        for text, side in (("rearfoot  ", "right"), ("  forefoot", "left")):
            total.text(border.position_mm, 0.93, text, transform=along, ha=side, va="top")
        figure.supxlabel("distance from the heel along the long axis, mm", fontsize=8)
        return svg(figure)


def _draw_muscles(axes: Axes, profile: pd.DataFrame) -> None:
    """Draw the muscles below each other, each in a row as high as its largest section."""
    bottom_cm2, ticks = 0.0, []
    for muscle in MUSCLES:
        rows = profile[profile["index"] == muscle.index]
        if len(rows):
            bottom_cm2 -= rows["acsa_mm2"].max() / 100 + _ROW_GAP_CM2
            _draw_row(axes, rows, muscle, bottom_cm2)
            ticks.append((bottom_cm2, f"{muscle.name} ({muscle.abbreviation})"))
    axes.set_yticks([height for height, _ in ticks], [name for _, name in ticks])
    axes.tick_params(left=False)
    axes.spines["left"].set_visible(False)
    axes.set_ylim(min(bottom_cm2, -_SCALE_CM2) - 0.6, 0.3)
    end = 1.0
    axes.plot([end, end], [-_SCALE_CM2 - 0.5, -0.5], color=INK, linewidth=2,
              transform=axes.get_yaxis_transform(), clip_on=False)  # fmt: skip
    axes.text(end - 0.01, -0.5 - _SCALE_CM2 / 2, f"{_SCALE_CM2:g} cm²", ha="right", va="center",
              transform=axes.get_yaxis_transform())  # fmt: skip


def _draw_row(axes: Axes, rows: pd.DataFrame, muscle: Muscle, bottom_cm2: float) -> None:
    """Draw one muscle, its fat below, on a line at `bottom_cm2`."""
    position_mm = rows["position_mm"].to_numpy()
    area_cm2 = rows["acsa_mm2"].to_numpy() / 100
    fat_cm2 = area_cm2 * np.nan_to_num(rows["fat_fraction"].to_numpy(dtype=float))
    top = bottom_cm2 + area_cm2
    axes.fill_between(position_mm, bottom_cm2, top, color=muscle.colour, linewidth=0)
    axes.fill_between(position_mm, bottom_cm2, bottom_cm2 + fat_cm2, color=_FAT, linewidth=0)
    axes.plot(position_mm, top, color=INK, linewidth=0.6)
    axes.axhline(bottom_cm2, color=PALE, linewidth=0.4, zorder=0)
