"""The probability of muscle over the scan: where the segmenter was in doubt."""

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pipeline.domain.region_split import RegionSplit
from pipeline.domain.scan import Scan
from pipeline.stages.report import panels as draw
from pipeline.stages.report.encode import small_png
from pipeline.stages.report.reformats import Cut, View, sample

_WIDTH_INCH, _DPI = 10.0, 100
_BAR_INCH = 0.9
_SHOWN = 0.02  # lower probabilities leave the scan as it is


def draw_probability(scan: Scan, split: RegionSplit, probability: NDArray[np.float32]) -> bytes:
    """Draw the probability that a voxel is any muscle, as PNG.

    Parameters
    ----------
    probability
        0 to 1, on the grid of the labels.

    Returns
    -------
    bytes
        The foot along the second ray and parallel to the sole; the white line is 0.5.
    """
    view = View.of(split)
    cuts = {"second ray": view.second_ray(), "parallel to the sole": view.sole()}
    heights = [_WIDTH_INCH / 2 / view.width_over_height(cut) for cut in cuts.values()]
    total = max(heights) + _BAR_INCH
    with matplotlib.style.context(draw.STYLE):
        figure = Figure(figsize=(_WIDTH_INCH, total), dpi=_DPI, facecolor="white")
        for left, (name, cut), height in zip((0.0, 0.502), cuts.items(), heights, strict=True):
            panel = figure.add_axes((left, 1 - height / total, 0.498, height / total))
            _fill(panel, cut, view, scan, split, probability)
            draw.draw_border(panel, split.landmarks.border, (), name)
        bar = figure.add_axes((0.2, 0.5 / total, 0.6, 0.16 / total))
        mapped = figure.axes[0].images[-1]
        figure.colorbar(
            mapped, cax=bar, orientation="horizontal", label="probability of muscle"
        )
        return small_png(figure)


def _fill(
    panel: Axes,
    cut: Cut,
    view: View,
    scan: Scan,
    split: RegionSplit,
    probability: NDArray[np.float32],
) -> None:
    """Draw the scan, and the probability over it."""
    page, extent = view.world_mm(cut), view.extent(cut)
    image = sample(scan.intensity, scan.grid, page)
    draw.draw_image(panel, image, extent, float(np.percentile(image, 99)))
    values = sample(probability, split.muscles.grid, page)
    shown = np.ma.masked_less(values, _SHOWN)
    panel.imshow(shown, cmap="cividis", vmin=0, vmax=1, extent=extent, origin="lower")
    if values.max() > 0.5:
        panel.contour(*view.page_axes(cut), values, [0.5], colors=["white"], linewidths=0.7)
    draw.draw_directions(panel, cut, split.side)
