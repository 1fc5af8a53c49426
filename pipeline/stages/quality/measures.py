"""What the gates measure, one function each; None where it cannot be told."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.scan import Contrast
from pipeline.segmenters.downsampling import block_means
from pipeline.segmenters.network.foot_masks import filled
from pipeline.stages.quality.view import View

_CUT_CM2 = 4.0  # of bright tissue at the image's edge; a slice that grazes the heel has less
_NOISE_BLOCK = (8, 8, 2)  # voxels
_FULL_BLOCK = 0.8  # of a block must lie below the skin
_QUIET_PERCENTILE = 10  # of blocks: those that hold one tissue and no edge
_ENVELOPE = 0.5  # of bright tissue's brightness: ghosts are darker
_CLOSING = 3  # small voxels
_AIR_GAP = 3  # small voxels between the envelope and what counts as air
_AIR_BLUR = 2.0  # small voxels: evens the noise out, and keeps the shape of a foot
_LEAST_AIR = 300  # small voxels
_ENDS = (0.05, 0.15)  # of the length: what counts as an end
_MIDDLE = (0.25, 0.75)
_SKIPPED = 0.15  # of the length at either end, where anatomy changes from plane to plane
_LEAST_COMMON = 50  # small voxels that two planes share


def pixel_mm(view: View) -> float:
    """Give the larger of the two pixel sizes."""
    return max(view.spacing_mm[:2])


def slice_mm(view: View) -> float:
    """Give the distance from slice to slice."""
    return view.spacing_mm[2]


def length_mm(view: View) -> float:
    """Give how far tissue reaches along the image axis of farthest reach."""
    return max(view.reach_mm)


def cut_ends(view: View) -> float:
    """Count the ends of the long axis, 0 to 2, at which tissue meets the image's edge."""
    is_bright = view.inner & (view.small > _ENVELOPE * view.classes[1])
    planes = np.moveaxis(is_bright, view.long_axis, 0)
    across = [step for axis, step in enumerate(view.small_mm) if axis != view.long_axis]
    least = _CUT_CM2 * 100 / float(np.prod(across))
    return float(sum(planes[end].sum() > least for end in (0, -1)))


def snr(view: View) -> float | None:
    """Give muscle's brightness (on a fat image fat's) over the noise's standard deviation.

    Notes
    -----
    Noise from the mixed difference over two by two pixels, which even brightness and
    edges along the axes leave at zero; of its root mean square in blocks of 8 x 8 x 2
    voxels the tenth percentile, as most others hold edges. Where the scanner has
    interpolated, neighbours share their noise and the figure comes out too good.
    """
    image = view.intensity
    mixed = image[1:, 1:] - image[:-1, 1:] - image[1:, :-1] + image[:-1, :-1]
    block = tuple(min(n, b) for n, b in zip(mixed.shape, _NOISE_BLOCK, strict=True))
    power = block_means(np.square(mixed, out=mixed), block) / 4
    ratio = [b * s / m for b, s, m in zip(block, view.spacing_mm, view.small_mm, strict=True)]
    within = ndimage.affine_transform(
        view.inner.astype(np.float32), ratio, [(r - 1) / 2 for r in ratio], power.shape, order=1
    )
    quiet = power[(within > _FULL_BLOCK) & (power > 0)]
    if quiet.size == 0:
        return None
    dark, bright = view.classes
    signal = bright if view.contrast.is_dixon else dark
    return float(signal / np.sqrt(np.percentile(quiet, _QUIET_PERCENTILE)))


def contrast(view: View) -> float | None:
    """Give how much darker the darker half of the tissue is than the brighter, 0 to 1."""
    dark, bright = view.classes
    return 1 - dark / bright if bright > 0 else None


def clipped_percent(view: View) -> float | None:
    """Give the share of tissue that holds the image's highest value."""
    tissue = np.count_nonzero(view.limbs) * np.prod(view.small_mm) / np.prod(view.spacing_mm)
    at_top = np.count_nonzero(view.intensity == view.intensity.max())
    return float(100 * (at_top - 1) / tissue) if tissue else None  # one is always the highest


def ghost_percent(view: View) -> float | None:
    """Give how bright the ghosts in the air are, relative to the foot.

    Notes
    -----
    Ninety-fifth less fifth percentile of the air, blurred so that noise evens out. None
    where the air was set to zero or there is too little of it, and on T2-weighted images,
    where suppressed fat leaves no closed outline to tell a foot from its ghost.
    """
    if view.contrast is Contrast.T2W or not view.inner.any():
        return None
    is_bright = np.pad(view.small > _ENVELOPE * view.classes[1], _CLOSING)
    envelope = filled(ndimage.binary_closing(is_bright, iterations=_CLOSING))
    own = (slice(_CLOSING, -_CLOSING),) * 3
    is_air = ~ndimage.binary_dilation(envelope, iterations=_AIR_GAP)[own]
    if np.count_nonzero(is_air) < _LEAST_AIR or np.median(view.small[is_air]) == 0:
        return None
    share = ndimage.gaussian_filter(is_air.astype(np.float32), _AIR_BLUR)
    summed = ndimage.gaussian_filter(np.where(is_air, view.small, np.float32(0)), _AIR_BLUR)
    low, high = np.percentile(summed[is_air] / share[is_air], (5, 95))
    return float(100 * (high - low) / np.median(view.small[view.inner]))


def dim_end(view: View) -> float | None:
    """Give the brightness of the dimmer end of the foot, relative to its middle.

    None on T2-weighted images, where fat suppression that fails changes the ends, too.
    """
    shown = _planes_shown(view, view.long_axis)
    if view.contrast is Contrast.T2W or shown.size * _ENDS[0] < 1:
        return None
    values = np.moveaxis(view.small, view.long_axis, 0)
    limbs = np.moveaxis(view.limbs, view.long_axis, 0)
    bright = np.array([np.percentile(values[k][limbs[k]], 90) for k in shown])
    part = (np.arange(shown.size) + 0.5) / shown.size
    middle = np.median(bright[(part > _MIDDLE[0]) & (part < _MIDDLE[1])])
    ends = [np.median(bright[(p > _ENDS[0]) & (p < _ENDS[1])]) for p in (part, 1 - part)]
    return float(min(ends) / middle) if middle > 0 else None


def agreement(view: View) -> float | None:
    """Give the lowest correlation of a plane of the foot with the next, -1 to 1.

    Notes
    -----
    Along the long axis and along the slices of a Dixon image, the ends of the foot left
    out. Where water and fat change places, bright becomes dark from one plane to the
    next. A swap of the whole image has no such place; it resembles no foot instead.
    """
    if not view.contrast.is_dixon:
        return None
    found = [r for axis in {view.long_axis, 2} for r in _correlations(view, axis)]
    return min(found, default=None)


def feet(view: View) -> float:
    """Count the pieces of tissue that are as large as a foot."""
    return float(view.feet)


def _correlations(view: View, axis: int) -> list[float]:
    values = np.moveaxis(view.small, axis, 0)
    inner = np.moveaxis(view.inner, axis, 0)
    shown = _planes_shown(view, axis)
    skipped = round(_SKIPPED * shown.size)
    found = []
    for first, second in zip(
        shown[skipped:], shown[skipped + 1 : -skipped or None], strict=False
    ):
        both = inner[first] & inner[second]
        pair = values[first][both], values[second][both]
        if both.sum() >= _LEAST_COMMON and min(np.ptp(values) for values in pair) > 0:
            found.append(float(np.corrcoef(*pair)[0, 1]))
    return found


def _planes_shown(view: View, axis: int) -> NDArray[np.intp]:
    return np.flatnonzero(np.moveaxis(view.limbs, axis, 0).any(axis=(1, 2)))
