"""The properties that the gates measure, one function each; None where undefined."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.scan import Contrast
from pipeline.segmenters.downsampling import block_means
from pipeline.segmenters.network.foot_masks import filled
from pipeline.stages.quality.view import View

_CUT_CM2 = 4.0  # of bright tissue at the edge of the image; a slice through the skin has less
_NOISE_BLOCK = (8, 8, 2)  # voxels
_FULL_BLOCK = 0.8  # minimum fraction of a block below the skin
_QUIET_PERCENTILE = 10  # of the blocks: those of one tissue, without edges
_ENVELOPE = 0.5  # relative to bright tissue; ghosts are darker
_CLOSING = 3  # small voxels
_AIR_GAP = 3  # small voxels between the envelope and what counts as air
_AIR_BLUR = 2.0  # small voxels: averages noise, but preserves ghosts of a foot
_MIN_AIR = 300  # small voxels
_ENDS = (0.05, 0.15)  # of the length: range of an end
_MIDDLE = (0.25, 0.75)
_SKIPPED = 0.15  # of the length at either end, where neighbouring planes differ in anatomy
_MIN_COMMON = 50  # small voxels that two planes have in common


def pixel_mm(view: View) -> float:
    """Give the larger of the two pixel sizes."""
    return max(view.spacing_mm[:2])


def slice_mm(view: View) -> float:
    """Give the distance from slice to slice."""
    return view.spacing_mm[2]


def length_mm(view: View) -> float:
    """Give the largest extent of tissue along an image axis."""
    return max(view.extent_mm)


def cut_ends(view: View) -> float:
    """Count the ends of the long axis, 0 to 2, where tissue touches the edge of the image."""
    is_bright = view.inner & (view.small > _ENVELOPE * view.classes[1])
    planes = np.moveaxis(is_bright, view.long_axis, 0)
    across = [step for axis, step in enumerate(view.small_mm) if axis != view.long_axis]
    least = _CUT_CM2 * 100 / float(np.prod(across))
    return float(sum(planes[end].sum() > least for end in (0, -1)))


def snr(view: View) -> float | None:
    """Give the muscle signal (on fat images the fat signal) over the SD of the noise.

    Notes
    -----
    The noise is estimated from the mixed second difference over two by two pixels, which is
    zero for uniform intensity and for edges along the axes: the tenth percentile of its root
    mean square in blocks of 8 x 8 x 2 voxels, as most blocks contain edges. Where the scanner
    interpolated the image, the noise of neighbours is correlated and SNR is overestimated.
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
    """Give 1 minus the ratio of dark to bright tissue, 0 to 1."""
    dark, bright = view.classes
    return 1 - dark / bright if bright > 0 else None


def clipped_percent(view: View) -> float | None:
    """Give the percentage of tissue that has the highest value of the image."""
    tissue = np.count_nonzero(view.limbs) * np.prod(view.small_mm) / np.prod(view.spacing_mm)
    at_top = np.count_nonzero(view.intensity == view.intensity.max())
    return (
        float(100 * (at_top - 1) / tissue) if tissue else None
    )  # one voxel always is the highest


def ghost_percent(view: View) -> float | None:
    """Give the intensity of ghosts in the air, in per cent of that of the foot.

    Notes
    -----
    Difference of the 95th and 5th percentile of the air, blurred to average the noise. None
    where the air is set to zero or there is too little of it, and on T2-weighted images,
    where with fat suppression the foot has no closed outline that separates it from its
    ghosts.
    """
    if view.contrast is Contrast.T2W or not view.inner.any():
        return None
    is_bright = np.pad(view.small > _ENVELOPE * view.classes[1], _CLOSING)
    envelope = filled(ndimage.binary_closing(is_bright, iterations=_CLOSING))
    own = (slice(_CLOSING, -_CLOSING),) * 3
    is_air = ~ndimage.binary_dilation(envelope, iterations=_AIR_GAP)[own]
    if np.count_nonzero(is_air) < _MIN_AIR or np.median(view.small[is_air]) == 0:
        return None
    weight = ndimage.gaussian_filter(is_air.astype(np.float32), _AIR_BLUR)
    summed = ndimage.gaussian_filter(np.where(is_air, view.small, np.float32(0)), _AIR_BLUR)
    low, high = np.percentile(summed[is_air] / weight[is_air], (5, 95))
    return float(100 * (high - low) / np.median(view.small[view.inner]))


def dim_end(view: View) -> float | None:
    """Give the intensity of the dimmer end of the foot, relative to the midfoot.

    None on T2-weighted images, where failed fat suppression also changes the ends.
    """
    shown = _planes_shown(view, view.long_axis)
    if view.contrast is Contrast.T2W or shown.size * _ENDS[0] < 1:
        return None
    values = np.moveaxis(view.small, view.long_axis, 0)
    limbs = np.moveaxis(view.limbs, view.long_axis, 0)
    bright = np.array([np.percentile(values[k][limbs[k]], 90) for k in shown])
    along = (np.arange(shown.size) + 0.5) / shown.size
    midfoot = np.median(bright[(along > _MIDDLE[0]) & (along < _MIDDLE[1])])
    ends = [np.median(bright[(p > _ENDS[0]) & (p < _ENDS[1])]) for p in (along, 1 - along)]
    return float(min(ends) / midfoot) if midfoot > 0 else None


def agreement(view: View) -> float | None:
    """Give the lowest correlation of neighbouring planes of the foot, -1 to 1.

    Notes
    -----
    For Dixon images: along the long axis and across the slices, without the ends of the
    foot. Where a swap of water and fat begins, bright turns dark from one plane to the next.
    A swap of the whole image is not detected here; its segmentation fails instead.
    """
    if not view.contrast.is_dixon:
        return None
    correlations = (r for axis in {view.long_axis, 2} for r in _correlations(view, axis))
    return min(correlations, default=None)


def feet(view: View) -> float:
    """Count the connected components of tissue that have the size of a foot."""
    return float(view.feet)


def _correlations(view: View, axis: int) -> list[float]:
    values = np.moveaxis(view.small, axis, 0)
    inner = np.moveaxis(view.inner, axis, 0)
    shown = _planes_shown(view, axis)
    skipped = round(_SKIPPED * shown.size)
    correlations = []
    for first, second in zip(
        shown[skipped:], shown[skipped + 1 : -skipped or None], strict=False
    ):
        both = inner[first] & inner[second]
        pair = values[first][both], values[second][both]
        if both.sum() >= _MIN_COMMON and min(np.ptp(values) for values in pair) > 0:
            correlations.append(float(np.corrcoef(*pair)[0, 1]))
    return correlations


def _planes_shown(view: View, axis: int) -> NDArray[np.intp]:
    return np.flatnonzero(np.moveaxis(view.limbs, axis, 0).any(axis=(1, 2)))
