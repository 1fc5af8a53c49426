"""Figures as small PNG files with the same bytes each time."""

from collections.abc import Sequence
from io import BytesIO

from matplotlib.figure import Figure
from PIL import Image
from PIL.Image import Dither


def small_png(figure: Figure, dpi: int, palette: Sequence[int] | None = None) -> bytes:
    """Encode a figure in 256 colours, without the time and the version that drew it.

    Parameters
    ----------
    palette
        Red, green and blue of each colour, 0 to 255; by default those that occur most.
    """
    drawn, small = BytesIO(), BytesIO()
    figure.savefig(drawn, format="png", dpi=dpi, pil_kwargs={"compress_level": 0})
    image = Image.open(drawn).convert("RGB")
    if palette is None:
        picture = image.quantize(256, dither=Dither.NONE)
    else:
        known = Image.new("P", (1, 1))
        known.putpalette(list(palette))
        picture = image.quantize(palette=known, dither=Dither.NONE)
    picture.info.clear()
    picture.save(small, "png", optimize=True)
    return small.getvalue()
