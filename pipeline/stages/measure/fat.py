"""Fat fraction of each voxel, from a Dixon pair or from one calibrated image."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, special

from pipeline.domain.cautions import Caution
from pipeline.domain.fat_map import FatMap
from pipeline.domain.grid import Grid
from pipeline.domain.labels import BACKGROUND, LabelMap
from pipeline.domain.scan import Contrast, Scan

STAGE = "measure"
_CALIBRATED = (Contrast.T1W, Contrast.PDW)  # contrasts where fat is bright and set to 1
_LEAN_PERCENTILE = 2.0  # of the muscle signal: its leanest voxels
# Range of the true signal of lean muscle, relative to that: if all muscles contain fat, no
# voxel is lean, and noise lowers the percentile (docs/accuracy.md).
_LEAN_LIMITS = (0.75, 1.1)
_MIN_VOXELS = 50
_SLOPE_LIMITS = (0.2, 2.0)  # lean water signal over pure fat signal, at any echo and flip
_MIN_CORRELATION = 0.5
_SAME_SPACING = 1.01  # ratio up to which two axes are equally fine
_SURROUNDINGS_MM = 15.0  # coil profiles vary over more, muscles and boundaries over less
# Relative uncertainty of a slope estimated from the scan, and of the default slope
_SLOPE_UNCERTAINTY, _DEFAULT_UNCERTAINTY = 0.25, 0.6


@dataclass(frozen=True, slots=True, eq=False)
class DixonPair:
    """Raw water and fat images of one acquisition, on one grid, without bias correction."""

    water: Scan
    fat: Scan


def find_fat(muscles: LabelMap, scan: Scan, pair: DixonPair | None = None) -> FatMap | None:
    """Estimate the fat fraction of every voxel; None where the images do not allow it.

    Parameters
    ----------
    scan
        Preprocessed, so that fat is 1 on T1w and PDw images.
    pair
        Used instead of the single image, where there is one.

    Notes
    -----
    *Pair.* ``k F / (k F + W)``, in which the coil profile cancels. ``k`` corrects for the
    different relaxation of water and fat. It is the slope of water against fat over the
    muscle voxels, which lie on a line from lean muscle to fat; where they do not, k is 1,
    which gives the signal fraction. Magnitude noise raises low signals (Gudbjartsson and
    Patz 1995, MRM 34:910); its mean is subtracted, as estimated from the signal around each
    voxel.

    *One image.* Two-point calibration: fat is 1, lean muscle is the 2nd percentile of the
    smoothed muscle signal. Where all muscles contain fat everywhere, that is above the signal
    of lean muscle and the fraction is too small; the limits allow for it.
    """
    if pair is not None:
        return _from_pair(muscles, pair)
    if scan.contrast in _CALIBRATED:
        return _from_one(muscles, scan)
    return None


def _from_one(muscles: LabelMap, scan: Scan) -> FatMap | None:
    inside = muscles.voxels != BACKGROUND
    if np.count_nonzero(inside) < _MIN_VOXELS:
        return None
    size = _in_plane(scan)
    signal = ndimage.uniform_filter(np.where(inside, scan.intensity, 0), size)
    weight = ndimage.uniform_filter(inside.astype(np.float32), size)
    deep = inside & (weight > 0.99) if (weight > 0.99).any() else inside
    lean = float(np.percentile(signal[deep] / weight[deep], _LEAN_PERCENTILE))
    if not 0 < lean < 1:
        return None
    low, high = (_two_point(scan.intensity, lean * limit) for limit in reversed(_LEAN_LIMITS))
    return FatMap(_two_point(scan.intensity, lean), low, high, scan.grid, "two-point")


def _two_point(signal: NDArray[np.float32], lean: float) -> NDArray[np.float32]:
    fraction: NDArray[np.float32] = (signal - np.float32(lean)) / np.float32(1 - lean)
    return fraction


def _from_pair(muscles: LabelMap, pair: DixonPair) -> FatMap:
    inside = muscles.voxels != BACKGROUND
    noise = _noise(pair.water, inside)
    water, fat = (
        _without_noise_floor(image.intensity, noise, _in_plane(image))
        for image in (pair.water, pair.fat)
    )
    slope, is_estimated = _slope(*(_detail(v, inside, pair.water.grid) for v in (water, fat)))
    cautions: tuple[Caution, ...] = ()
    if not is_estimated:
        message = (
            "Water and fat signals of the muscles do not lie on a line, so the fat fraction is "
            "not corrected for relaxation."
        )
        cautions = (Caution("fat-uncalibrated", message, STAGE),)
    uncertainty = _SLOPE_UNCERTAINTY if is_estimated else _DEFAULT_UNCERTAINTY
    fraction, low, high = (
        _fat_fraction(slope * factor * fat, water)
        for factor in (1, 1 - uncertainty, 1 + uncertainty)
    )
    return FatMap(fraction, low, high, pair.water.grid, "dixon", cautions)


def _fat_fraction(fat: NDArray[np.float32], water: NDArray[np.float32]) -> NDArray[np.float32]:
    total = fat + water
    fraction = np.divide(fat, total, out=np.zeros_like(total), where=total > 0)
    clipped: NDArray[np.float32] = np.clip(fraction, -1, 2).astype(np.float32)
    return clipped


def _detail(
    image: NDArray[np.float32], inside: NDArray[np.bool_], grid: Grid
) -> NDArray[np.float32]:
    """Subtract the local mean of the muscle signal, which follows the coil profile."""
    size = [max(3, round(_SURROUNDINGS_MM / s)) for s in grid.spacing_mm]
    around = ndimage.uniform_filter(np.where(inside, image, 0), size)
    weight = ndimage.uniform_filter(inside.astype(np.float32), size)
    detail = image[inside] - around[inside] / weight[inside]
    return detail.astype(np.float32)


def _slope(water: NDArray[np.float32], fat: NDArray[np.float32]) -> tuple[float, bool]:
    """Give the signal of lean water over that of pure fat, and whether it was estimated."""
    if len(water) >= _MIN_VOXELS and min(np.ptp(water), np.ptp(fat)) > 0:
        (water_var, covariance), (_, fat_var) = np.cov(water, fat)
        slope = -covariance / fat_var
        is_line = -covariance / np.sqrt(water_var * fat_var) > _MIN_CORRELATION
        if is_line and _SLOPE_LIMITS[0] < slope < _SLOPE_LIMITS[1]:
            return float(slope), True
    return 1.0, False


def _in_plane(scan: Scan) -> tuple[int, ...]:
    """Give a filter size of 3 voxels in the plane of the slices and 1 across them."""
    return tuple(3 if is_fine else 1 for is_fine in scan.grid.fine_axes)


def _noise(scan: Scan, inside: NDArray[np.bool_]) -> float:
    """Estimate the noise SD from second differences along the finest axis.

    Homogeneous tissue has second differences of zero.
    """
    spacing_mm = np.array(scan.grid.spacing_mm)
    # the first of equally fine axes, whatever the rounding in the header
    axis = int(np.argmax(spacing_mm < _SAME_SPACING * spacing_mm.min()))
    moved = np.moveaxis(scan.intensity, axis, 0)
    kept = np.moveaxis(ndimage.binary_erosion(inside, iterations=1), axis, 0)[1:-1]
    differences = (moved[2:] - 2 * moved[1:-1] + moved[:-2])[kept] / np.sqrt(6)
    return 1.4826 * float(np.median(np.abs(differences))) if differences.size else 0.0


def _without_noise_floor(
    image: NDArray[np.float32], noise: float, size: tuple[int, ...]
) -> NDArray[np.float32]:
    """Subtract the mean of magnitude noise, estimated from the signal around each voxel."""
    if noise <= 0:
        return image
    power = ndimage.uniform_filter((image / noise) ** 2, size) - 2
    around = np.sqrt(np.maximum(power, 0))
    quarter = around**2 / 4
    mean = np.sqrt(np.pi / 2) * (
        (1 + 2 * quarter) * special.ive(0, quarter) + 2 * quarter * special.ive(1, quarter)
    )
    corrected: NDArray[np.float32] = (image - noise * (mean - around)).astype(np.float32)
    return corrected
