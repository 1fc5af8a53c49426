"""How every plot looks, and its bytes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito's palette, told apart by colour-blind readers; shapes tell the same in grey.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00")
MARKERS = ("o", "s", "^", "D", "v")
INK, PALE = "#1b1b1b", "#8a8a8a"
_DPI = 200
_STYLE: dict[str, Any] = {
    "svg.hashsalt": "footvol",  # else the identifiers in an SVG are drawn by lot
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "text.parse_math": False,  # a group may have a dollar in its name
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
    """One plot, for the page and for the print."""

    svg: bytes
    png: bytes


@contextmanager
def plot_style() -> Iterator[None]:
    """Draw in one style, whatever the user's own settings of matplotlib are."""
    with matplotlib.style.context(["default", _STYLE]):
        yield


def picture(figure: Figure) -> Picture:
    """Give a figure's bytes, which say nothing of when or by what version it was drawn."""
    svg, png = BytesIO(), BytesIO()
    figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    figure.savefig(png, format="png", dpi=_DPI, metadata={"Software": None})
    return Picture(svg.getvalue(), png.getvalue())


def note(axes: Axes, words: str) -> None:
    """Say in the middle of an empty plot why it is empty."""
    axes.text(0.5, 0.5, words, ha="center", va="center", transform=axes.transAxes)
    axes.set_axis_off()
