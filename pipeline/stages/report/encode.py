"""Figures as small PNG files with the same bytes each time."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from PIL.Image import Dither


def small_png(figure: Figure, palette: Sequence[int] | None = None) -> bytes:
    """Encode a figure in 256 colours, in its own resolution.

    Parameters
    ----------
    palette
        Red, green and blue of each colour, 0 to 255; by default those that occur most.
    """
    small = BytesIO()
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    if palette is None:
        picture = image.quantize(256, dither=Dither.NONE)
    else:
        known = Image.new("P", (1, 1))
        known.putpalette(list(palette))
        picture = image.quantize(palette=known, dither=Dither.NONE)
    picture.save(small, "png")
    return small.getvalue()
