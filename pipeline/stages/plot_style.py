"""Style and encoding of all plots."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito's palette for colour-blind readers; the markers differ for print in grey.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00")
MARKERS = ("o", "s", "^", "D", "v")
INK, PALE = "#1b1b1b", "#8a8a8a"
_DPI = 200
_STYLE: dict[str, Any] = {
    "svg.hashsalt": "footvol",  # otherwise the identifiers in an SVG are random
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "text.parse_math": False,  # the name of a group may contain a dollar sign
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": PALE,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "axes.unicode_minus": True,
    "figure.facecolor": "white",
}


@dataclass(frozen=True, slots=True)
class Picture:
    """One plot, as SVG for the page and as PNG for print."""

    svg: bytes
    png: bytes


@contextmanager
def plot_style() -> Iterator[None]:
    """Draw in one style, independent of the user's settings of matplotlib."""
    with matplotlib.style.context(["default", _STYLE]):
        yield


def picture(figure: Figure) -> Picture:
    """Encode a figure, without the time and the version that drew it."""
    png = BytesIO()
    figure.savefig(png, format="png", dpi=_DPI, metadata={"Software": None})
    return Picture(svg(figure), png.getvalue())


def svg(figure: Figure) -> bytes:
    """Encode a figure as SVG, without the time and the version that drew it."""
    drawn = BytesIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    return drawn.getvalue()


def note(axes: Axes, text: str) -> None:
    """Write into an empty plot why it is empty."""
    axes.text(0.5, 0.5, text, ha="center", va="center", transform=axes.transAxes)
    axes.set_axis_off()
