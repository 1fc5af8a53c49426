"""Drawing into one panel of an overlay."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Transform
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import find_contours

from pipeline.domain.anatomy import MUSCLE_COLOURS, MUSCLES
from pipeline.domain.landmarks import Border
from pipeline.domain.scan import Side
from pipeline.stages.report.reformats import DORSAL, LONG, PITCH_MM, Cut

_SCALE_BAR_MM = 20.0
_MIN_LABELLED_MM2 = 12.0
_HALO = (withStroke(linewidth=2.2, foreground="black"),)
_LETTERS = "ABCDEFGHIJKL"

STYLE: Sequence[str | dict[str, Any]] = ("default", {"axes.titley": 1.0})
"""Style of overlays; panels without titles need no search for room above their axes."""

Array = NDArray[np.float64]
Extent = tuple[float, float, float, float]


def draw_image(panel: Axes, image: Array, extent: Extent, white: float) -> None:
    """Show a section in grey; `white` is the intensity that is shown as white."""
    panel.imshow(
        image,
        cmap="gray",
        vmin=0.06 * white,  # shows noise in air as black, which makes the file smaller
        vmax=white,
        extent=extent,
        origin="lower",
        interpolation="bilinear",
    )
    panel.set_axis_off()
    panel.set_autoscale_on(False)


def draw_muscle(panel: Axes, index: int, page: tuple[Array, Array], fraction: Array) -> None:
    """Outline a muscle where its fraction is one half, and label its thickest part."""
    columns, rows = page
    if fraction.max() <= 0.5:
        return
    # a contour of matplotlib's is the same line, but takes several times as long to set up
    first = columns[0], rows[0]
    step = columns[1] - columns[0], rows[1] - rows[0]
    outlines = [line[:, ::-1] * step + first for line in find_contours(fraction, 0.5)]
    panel.add_collection(LineCollection(outlines, colors=MUSCLE_COLOURS[index], linewidths=1.4))
    depth = ndimage.distance_transform_edt(np.pad(fraction > 0.5, 1))[1:-1, 1:-1]
    if np.count_nonzero(depth) * PITCH_MM**2 >= _MIN_LABELLED_MM2:
        row, column = np.unravel_index(depth.argmax(), depth.shape)
        name = MUSCLES[index - 1].abbreviation
        style = {"color": MUSCLE_COLOURS[index], "size": 8, "ha": "center", "va": "center"}
        _write(panel, columns[column], rows[row], name, where=panel.transData, **style)


def draw_scale_bar(panel: Axes, extent: Extent) -> None:
    """Draw a scale bar of 20 mm into the lower right corner."""
    _, right, bottom, top = extent
    up = np.sign(top - bottom)
    ends = np.array((right - 4 - _SCALE_BAR_MM, right - 4))
    panel.plot(ends, [bottom + 3.5 * up] * 2, color="white", linewidth=3)
    style = {"size": 9, "weight": "normal", "ha": "center"}
    text = f"{_SCALE_BAR_MM:.0f} mm"
    _write(panel, ends.mean(), bottom + 5 * up, text, where=panel.transData, **style)


def draw_directions(panel: Axes, cut: Cut, side: Side) -> None:
    """Label the edges: M medial, L lateral, or heel and toes."""
    first, second = ("M", "L") if side is Side.RIGHT else ("L", "M")
    if cut.across == LONG:
        _write(panel, 0.015, 0.5, first, va="center")
        _write(panel, 0.985, 0.5, second, va="center", ha="right")
        return
    _write(panel, 0.008, 0.5, "heel", va="center", size=10)
    _write(panel, 0.992, 0.5, "toes", va="center", ha="right", size=10)
    if cut.across == DORSAL:
        _write(panel, 0.78, 0.985, first, va="top")
        _write(panel, 0.78, 0.015, second)


def draw_level_labels(panels: Sequence[Axes], levels_mm: Sequence[float]) -> None:
    """Label the sections across the foot with letters and positions on the long axis."""
    for letter, level, panel in zip(_LETTERS, levels_mm, panels, strict=False):
        _write(panel, 0.015, 0.975, f"{letter}  {level:.0f} mm", va="top", size=13)
    _write(panels[0], 0.015, 0.025, "seen from the heel", size=9, weight="normal")


def draw_border(panel: Axes, border: Border, levels_mm: Sequence[float], name: str) -> None:
    """Draw the border, label its sides, and mark the sections across the foot."""
    along = panel.get_xaxis_transform()
    position_mm = border.position_mm
    panel.axvline(position_mm, color="white", linewidth=1.6, linestyle=(0, (6, 3)))
    _write(panel, position_mm, 0.03, "rearfoot  ", where=along, ha="right", size=11)
    _write(panel, position_mm, 0.03, "  forefoot", where=along, size=11)
    rule = f"border {border.definition} at {position_mm:.0f} mm"
    _write(panel, 0.008, 0.975, f"{name}\n{rule}", va="top", size=10)
    for letter, level in zip(_LETTERS, levels_mm, strict=False):
        panel.axvline(level, color="white", linewidth=0.6, linestyle=":", alpha=0.8)
        style = {"ha": "center", "va": "top", "size": 9, "weight": "normal"}
        _write(panel, level, 0.975, letter, where=along, **style)


def draw_legend(figure: Figure) -> None:
    """Explain the abbreviations below the panels."""
    handles = [Line2D([], [], color=m.colour, linewidth=5) for m in MUSCLES]
    names = [f"{m.abbreviation}  {m.name}" for m in MUSCLES]
    figure.legend(
        handles,
        names,
        loc="lower center",
        ncols=6,
        fontsize=9,
        handlelength=1.2,
        facecolor="#404040",
        edgecolor="none",
        framealpha=1,
        labelcolor="white",
    )


def _write(
    panel: Axes,
    across: float,
    up: float,
    text: str,
    where: Transform | None = None,
    **style: Any,
) -> None:
    """Write in white; coordinates are fractions of the panel unless `where` is given."""
    defaults: dict[str, Any] = {
        "color": "white",
        "weight": "bold",
        "size": 12,
        "ha": "left",
        "va": "bottom",
    }
    transform = where or panel.transAxes
    defaults |= style
    panel.text(across, up, text, transform=transform, path_effects=_HALO, **defaults)
