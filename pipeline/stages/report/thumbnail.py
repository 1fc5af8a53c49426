"""The small picture of a foot in the grid of the study's report."""

from io import BytesIO

import numpy as np
from matplotlib.colors import to_rgb
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from pipeline.domain.anatomy import MUSCLES
from pipeline.domain.region_split import RegionSplit
from pipeline.domain.scan import Scan
from pipeline.stages.report.reformats import Cut, View, sample

_PITCH_MM = 0.6
_TINT = 0.3
_GAP_PIXELS = 4
_DASH_PIXELS = 6
_JPEG_QUALITY = 82

Pixels = NDArray[np.float64]


def thumbnail(scan: Scan, split: RegionSplit) -> bytes:
    """Draw the foot along the second ray and parallel to the sole, small, as a JPEG.

    Muscles are tinted and outlined in the colours of the overlay, and the border is dashed.
    """
    view = View.of(split)
    upper, lower = (_page(view, cut, scan, split) for cut in (view.second_ray(), view.sole()))
    gap = np.ones((_GAP_PIXELS, upper.shape[1], 3))
    pixels = np.rint(255 * np.concatenate((upper, gap, lower))).astype(np.uint8)
    small = BytesIO()
    # full resolution of colour, as an outline is one pixel wide
    Image.fromarray(pixels).save(small, "jpeg", quality=_JPEG_QUALITY, subsampling=0)
    return small.getvalue()


def _page(view: View, cut: Cut, scan: Scan, split: RegionSplit) -> Pixels:
    """Give one section as pixels, RGB 0 to 1, the first row at the top."""
    world_mm = view.world_mm(cut, _PITCH_MM)
    image = sample(scan.intensity, scan.grid, world_mm)
    white = max(float(np.percentile(image, 99)), np.finfo(float).tiny)
    pixels = np.repeat(np.clip(image / white, 0, 1)[..., np.newaxis], 3, axis=-1)
    labels = sample(split.muscles.voxels, split.muscles.grid, world_mm, order=0).astype(int)
    colours = np.array([(0, 0, 0), *(to_rgb(m.colour) for m in MUSCLES)])[labels]
    inside = labels > 0
    outline = inside & (
        ndimage.grey_erosion(labels, (3, 3)) != ndimage.grey_dilation(labels, (3, 3))
    )
    pixels[inside] += _TINT * (colours - pixels)[inside]
    pixels[outline] = colours[outline]
    columns, rows = view.page_axes(cut, _PITCH_MM)
    border = int(np.abs(columns - split.landmarks.border.position_mm).argmin())
    pixels[np.arange(rows.size) % (2 * _DASH_PIXELS) < _DASH_PIXELS, border] = 1
    return pixels[::-1]
