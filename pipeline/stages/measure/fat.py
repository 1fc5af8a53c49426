"""How much of each muscle voxel is fat: from a Dixon pair, or from one calibrated image."""

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
_LEAN_PERCENTILE = 2.0  # of muscle's signal: its leanest parts
# What lean signal may truly be, relative to that: a foot with fat in every part of every
# muscle shows no lean one, and noise widens the percentile downward (docs/accuracy.md).
_LEAN_LIMITS = (0.75, 1.1)
_LEAST_VOXELS = 50
_SLOPE_LIMITS = (0.2, 2.0)  # of lean water's to pure fat's signal, at any echo and flip
_LEAST_CORRELATION = 0.5
_SAME_SPACING = 1.01  # ratio up to which two axes are equally fine
_AROUND_MM = 15.0  # coils vary over more, muscles and their borders over less
# Relative, of a slope that is the scan's own, and of one that it does not tell
_SLOPE_DOUBT, _NO_SLOPE_DOUBT = 0.25, 0.6


@dataclass(frozen=True, slots=True, eq=False)
class DixonPair:
    """Raw water and fat images of one acquisition, on one grid, uncorrected for the coil."""

    water: Scan
    fat: Scan


def find_fat(muscles: LabelMap, scan: Scan, pair: DixonPair | None = None) -> FatMap | None:
    """Give the fat fraction of every voxel; None where the images do not tell it.

    Parameters
    ----------
    scan
        Preprocessed, so that fat is 1 on T1w and PDw images.
    pair
        Goes before the single image, where there is one.

    Notes
    -----
    *Pair.* ``k F / (k F + W)``: the coil's profile cancels. ``k`` makes up for the signal
    that relaxation takes from water and fat differently: it is the scan's own slope of
    water against fat over muscle voxels, which lie on a line from lean muscle to fat; where
    they span no line, k is 1, the plain signal fraction. Magnitude noise lifts low signals
    (Gudbjartsson and Patz 1995, MRM 34:910); its mean is taken off by the signal
    around each voxel.

    *One image.* Two points: fat is 1, lean is the 2nd percentile of muscle's smoothed
    signal. Where all muscles hold fat everywhere, that is above lean muscle and the
    fraction is too small; the limits allow for it.
    """
    if pair is not None:
        return _from_pair(muscles, pair)
    if scan.contrast in _CALIBRATED:
        return _from_one(muscles, scan)
    return None


def _from_one(muscles: LabelMap, scan: Scan) -> FatMap | None:
    inside = muscles.voxels != BACKGROUND
    if np.count_nonzero(inside) < _LEAST_VOXELS:
        return None
    window = _in_plane(scan)
    signal = ndimage.uniform_filter(np.where(inside, scan.intensity, 0), window)
    weight = ndimage.uniform_filter(inside.astype(np.float32), window)
    deep = inside & (weight > 0.99) if (weight > 0.99).any() else inside
    lean = float(np.percentile(signal[deep] / weight[deep], _LEAN_PERCENTILE))
    if not 0 < lean < 1:
        return None
    low, high = (_two_point(scan.intensity, lean * part) for part in reversed(_LEAN_LIMITS))
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
    slope, is_own = _slope(*(_detail(v, inside, pair.water.grid) for v in (water, fat)))
    cautions: tuple[Caution, ...] = ()
    if not is_own:
        message = (
            "Water and fat of the muscles lie on no line, so the fat fraction is that of the "
            "signals, which relaxation shifts."
        )
        cautions = (Caution("fat-uncalibrated", message, STAGE),)
    doubt = _SLOPE_DOUBT if is_own else _NO_SLOPE_DOUBT
    fraction, low, high = (
        _share(slope * factor * fat, water) for factor in (1, 1 - doubt, 1 + doubt)
    )
    return FatMap(fraction, low, high, pair.water.grid, "dixon", cautions)


def _share(fat: NDArray[np.float32], water: NDArray[np.float32]) -> NDArray[np.float32]:
    whole = fat + water
    share = np.divide(fat, whole, out=np.zeros_like(whole), where=whole > 0)
    clipped: NDArray[np.float32] = np.clip(share, -1, 2).astype(np.float32)
    return clipped


def _detail(
    image: NDArray[np.float32], inside: NDArray[np.bool_], grid: Grid
) -> NDArray[np.float32]:
    """Muscle's signal less its mean round about, which the coil's profile goes with."""
    window = [max(3, round(_AROUND_MM / s)) for s in grid.spacing_mm]
    around = ndimage.uniform_filter(np.where(inside, image, 0), window)
    weight = ndimage.uniform_filter(inside.astype(np.float32), window)
    detail = image[inside] - around[inside] / weight[inside]
    return detail.astype(np.float32)


def _slope(water: NDArray[np.float32], fat: NDArray[np.float32]) -> tuple[float, bool]:
    """Signal of lean water relative to that of pure fat; whether the scan tells it."""
    if len(water) >= _LEAST_VOXELS and min(np.ptp(water), np.ptp(fat)) > 0:
        (water_var, covariance), (_, fat_var) = np.cov(water, fat)
        slope = -covariance / fat_var
        is_line = -covariance / np.sqrt(water_var * fat_var) > _LEAST_CORRELATION
        if is_line and _SLOPE_LIMITS[0] < slope < _SLOPE_LIMITS[1]:
            return float(slope), True
    return 1.0, False


def _in_plane(scan: Scan) -> tuple[int, ...]:
    """Give 3 voxels along the axes of finer spacing, 1 along slices."""
    return tuple(3 if is_fine else 1 for is_fine in scan.grid.fine_axes)


def _noise(scan: Scan, inside: NDArray[np.bool_]) -> float:
    """Noise SD by second differences along the finest axis, which even tissue cancels."""
    spacing_mm = np.array(scan.grid.spacing_mm)
    # the first of equally fine ones, which rounding in a header must not decide
    axis = int(np.argmax(spacing_mm < _SAME_SPACING * spacing_mm.min()))
    moved = np.moveaxis(scan.intensity, axis, 0)
    kept = np.moveaxis(ndimage.binary_erosion(inside, iterations=1), axis, 0)[1:-1]
    differences = (moved[2:] - 2 * moved[1:-1] + moved[:-2])[kept] / np.sqrt(6)
    return 1.4826 * float(np.median(np.abs(differences))) if differences.size else 0.0


def _without_noise_floor(
    image: NDArray[np.float32], noise: float, window: tuple[int, ...]
) -> NDArray[np.float32]:
    """Take off what magnitude noise adds on average, by the signal around each voxel."""
    if noise <= 0:
        return image
    power = ndimage.uniform_filter((image / noise) ** 2, window) - 2
    around = np.sqrt(np.maximum(power, 0))
    quarter = around**2 / 4
    mean = np.sqrt(np.pi / 2) * (
        (1 + 2 * quarter) * special.ive(0, quarter) + 2 * quarter * special.ive(1, quarter)
    )
    corrected: NDArray[np.float32] = (image - noise * (mean - around)).astype(np.float32)
    return corrected
