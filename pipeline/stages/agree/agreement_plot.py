"""Bland-Altman plot, one panel per structure."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.stages.plot_style import COLOURS, INK, PALE, Picture, picture, plot_style

_PER_ROW = 3
_PANEL_INCH = (2.5, 1.9)


def plot_agreement(overlaps: pd.DataFrame, reliability: pd.DataFrame) -> Picture | None:
    """Plot differences against means; None where no structure is in two feet.

    Parameters
    ----------
    overlaps
        Rows of `overlap` of all feet.
    reliability
        Result of `reliability`; its last row, the sum, is plotted first.
    """
    shown = reliability[reliability["bias_cm3"].notna()].iloc[::-1]
    shown = pd.concat([shown.iloc[:1], shown.iloc[1:].iloc[::-1]])
    if shown.empty:
        return None
    rows = -(-len(shown) // _PER_ROW)
    with plot_style():
        size = (_PANEL_INCH[0] * min(len(shown), _PER_ROW), _PANEL_INCH[1] * rows + 0.3)
        figure = Figure(figsize=size, layout="constrained")
        panels = figure.subplots(rows, min(len(shown), _PER_ROW), squeeze=False).ravel()
        for axes, (_, row) in zip(panels, shown.iterrows(), strict=False):
            _draw(axes, overlaps[overlaps["label"] == row["label"]], row)
        for axes in panels[len(shown) :]:
            axes.set_axis_off()
        figure.supxlabel("mean of segmentation and reference, cm³", fontsize=8)
        figure.supylabel("segmentation minus reference, cm³", fontsize=8)
        return picture(figure)


def _draw(axes: Axes, rows: pd.DataFrame, row: "pd.Series[float]") -> None:
    """Draw points, bias and limits of agreement, the latter with confidence bands."""
    rows = rows[(rows["reference_cm3"] > 0) & (rows["segmentation_cm3"] > 0)]
    means = (rows["reference_cm3"] + rows["segmentation_cm3"]) / 2
    for name, value, line in (
        ("bias", "bias_cm3", "-"),
        ("limit_low", "limit_low_cm3", "--"),
        ("limit_high", "limit_high_cm3", "--"),
    ):
        low, high = row[f"{name}_ci95_low"], row[f"{name}_ci95_high"]
        axes.axhspan(low, high, color=PALE, alpha=0.18, linewidth=0)
        axes.axhline(row[value], color=INK, linestyle=line, linewidth=0.9)
    axes.axhline(0, color=PALE, linewidth=0.6, linestyle=":")
    axes.plot(means, rows["difference_cm3"], "o", color=COLOURS[0], markersize=4, alpha=0.8)
    axes.set_title(f"{row['label']} (n = {row['n']})")
    axes.margins(x=0.1)
