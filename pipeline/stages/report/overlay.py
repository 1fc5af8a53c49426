"""The overlay of muscles on the scan, for visual inspection."""

from collections.abc import Sequence

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pipeline.domain.anatomy import MUSCLE_COLOURS
from pipeline.domain.region_split import RegionSplit
from pipeline.domain.scan import Scan
from pipeline.settings.report import ReportParams
from pipeline.stages.report import panels as draw
from pipeline.stages.report.encode import small_png
from pipeline.stages.report.reformats import (
    DORSAL,
    LONG,
    RIGHTWARD,
    Cut,
    View,
    indices_at,
    sample,
    structures,
)

_WIDTH_INCH, _DPI = 16.0, 100
_GAP_INCH = 0.08
_LEGEND_INCH = 0.5
_PANELS_PER_ROW = 3

Array = NDArray[np.float64]


def overlay(scan: Scan, split: RegionSplit, params: ReportParams) -> bytes:
    """Draw the outlines of the muscles and the border over the scan.

    Parameters
    ----------
    scan
        The segmented image, on any grid.

    Returns
    -------
    bytes
        A PNG 1600 pixels wide: sections perpendicular to the long axis from heel to toes,
        one along the second ray and one parallel to the sole. Nothing is mirrored.

    Notes
    -----
    Image and labels are interpolated linearly between voxels, for display only.
    """
    view = View.of(split)
    levels_mm = view.levels_mm(params.short_axis_levels)
    short = [Cut(LONG, level, RIGHTWARD, DORSAL) for level in levels_mm]
    ray, sole = view.second_ray(), view.sole()
    with matplotlib.style.context(draw.STYLE):
        figure, panels = _layout(view, [*_rows(short), [ray, sole]])
        _fill(panels, [*short, ray, sole], view, scan, split)
        draw.draw_level_labels(panels, levels_mm)
        for panel, name in zip(
            panels[-2:], ("second ray", "parallel to the sole"), strict=True
        ):
            draw.draw_border(panel, split.landmarks.border, levels_mm, name)
        draw.draw_legend(figure)
        return small_png(figure, _palette())


def _fill(
    panels: Sequence[Axes], cuts: Sequence[Cut], view: View, scan: Scan, split: RegionSplit
) -> None:
    """Draw image, outlines, direction labels and scale bar into each panel."""
    pages = [view.world_mm(cut) for cut in cuts]
    images = [sample(scan.intensity, scan.grid, page) for page in pages]
    muscles = structures(split.muscles)
    white = float(np.percentile(np.concatenate([image.ravel() for image in images]), 99))
    for panel, cut, page, image in zip(panels, cuts, pages, images, strict=True):
        draw.draw_image(panel, image, view.extent(cut), white)
        columns, rows = view.page_axes(cut)
        index = indices_at(split.muscles.grid, page)
        for label, muscle in muscles.items():
            if window := view.window(cut, label):
                fraction = muscle.fraction_at(index[:, *window])
                across = columns[window[1]], rows[window[0]]
                draw.draw_muscle(panel, label, across, fraction)
        draw.draw_scale_bar(panel, view.extent(cut))
        draw.draw_directions(panel, cut, split.side)


def _rows(short: Sequence[Cut]) -> list[list[Cut]]:
    """Distribute the sections evenly over rows of three or fewer."""
    count = -(-len(short) // _PANELS_PER_ROW)
    return [[short[i] for i in row] for row in np.array_split(range(len(short)), count)]


def _layout(view: View, rows: Sequence[Sequence[Cut]]) -> tuple[Figure, list[Axes]]:
    """Fill the width with rows of panels; all sections across the foot have one scale."""
    shapes = [[view.width_over_height(cut) for cut in row] for row in rows]
    full = [(_WIDTH_INCH - _GAP_INCH * (len(row) - 1)) / sum(row) for row in shapes]
    heights = [*[min(full[:-1])] * (len(full) - 1), full[-1]]
    total = sum(heights) + _GAP_INCH * len(rows) + _LEGEND_INCH
    figure = Figure(figsize=(_WIDTH_INCH, total), dpi=_DPI, facecolor="white")
    panels, bottom = [], total
    for height, row in zip(heights, shapes, strict=True):
        left, bottom = 0.0, bottom - height
        for shape in row:
            width = shape * height
            box = (left / _WIDTH_INCH, bottom / total, width / _WIDTH_INCH, height / total)
            panels.append(figure.add_axes(box))
            left += width + _GAP_INCH
        bottom -= _GAP_INCH
    return figure, panels


def _palette() -> list[int]:
    """Give 128 greys and the colours, also blended with black, grey and white for edges."""
    greys = np.repeat(np.linspace(0, 255, 128), 3).reshape(-1, 3)
    colours = 255 * np.array([to_rgb(colour) for colour in MUSCLE_COLOURS.values()])
    mixed = [
        alpha * colours + (1 - alpha) * background
        for background in (0, 70, 255)
        for alpha in (0.25, 0.5, 0.75)
    ]
    palette = np.vstack([greys, colours, *mixed]).round().astype(int)
    return [int(value) for value in palette.ravel()]
