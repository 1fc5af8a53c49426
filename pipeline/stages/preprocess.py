"""Bias field correction and intensity normalisation, on the scan's own grid."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_multiotsu, threshold_otsu

from pipeline.domain.cautions import Caution
from pipeline.domain.scan import Contrast, Scan
from pipeline.errors import ScanError
from pipeline.itk import sitk
from pipeline.segmenters.components import component_sizes
from pipeline.segmenters.downsampling import block_factors, block_means
from pipeline.settings.preprocess import PreprocessParams

STAGE = "preprocess"
_BRIGHT_FAT = (Contrast.T1W, Contrast.PDW, Contrast.T2W, Contrast.FAT)
_SUBCUTIS_MM = (3.0, 12.0)  # depth below the skin that is mostly fat
_MIN_FAT_FRACTION = 0.25  # of the voxels at that depth; below, fat is suppressed
_LARGE_BIAS = 3.0


def preprocess(scan: Scan, params: PreprocessParams) -> Scan:
    """Correct the bias field and normalise the intensity; the grid does not change.

    Returns
    -------
    Scan
        Where fat is bright (T1w, PDw, T2w, fat image), subcutaneous fat is 1; on water
        images and with fat suppression, the 95th percentile of the foot is 1.

    Raises
    ------
    ScanError
        If no foot stands out from the background, or it has no bright tissue.

    Notes
    -----
    Runs in one thread, as the result of N4 depends on the number of threads.
    """
    factors = block_factors(scan.grid.spacing_mm, params.bias_spacing_mm).tolist()
    small = block_means(scan.intensity, factors)
    spacing_mm = [f * s for f, s in zip(factors, scan.grid.spacing_mm, strict=True)]
    foot = _foot_mask(small)
    cautions = scan.cautions
    intensity = scan.intensity
    if params.bias_correction:
        field = _bias_field(small, foot, spacing_mm, params)
        intensity = intensity / _enlarge(field, scan.grid.shape, factors)
        low, high = np.percentile(field[foot], (2, 98))
        if high / low > _LARGE_BIAS:
            message = (
                f"The coil profile varies {high / low:.1f}-fold, so dark regions are noisier."
            )
            cautions += (Caution("strong-bias-field", message, STAGE),)
    depth = ndimage.distance_transform_edt(np.pad(foot, 1), sampling=spacing_mm)[
        1:-1, 1:-1, 1:-1
    ]
    intensity = intensity / _reference_signal(intensity, depth, factors, scan.contrast)
    return replace(scan, intensity=intensity, cautions=cautions)


def _foot_mask(small: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Give the largest connected component above the darkest of three intensity classes."""
    smooth = ndimage.gaussian_filter(small, 1.0)
    try:
        low, _ = threshold_multiotsu(smooth, classes=3)
    except ValueError as error:
        msg = (
            "A foot must stand out from the background: got an image of fewer than three grey "
            "levels. Export the image again from the scanner's original."
        )
        raise ScanError(msg) from error
    labels, sizes = component_sizes(ndimage.binary_opening(smooth > low), connectivity=1)
    if not sizes.any():
        msg = (
            "A foot must stand out from the background: got no bright connected component. "
            "Export the image again from the scanner's original."
        )
        raise ScanError(msg)
    mask: NDArray[np.bool_] = ndimage.binary_fill_holes(labels == sizes.argmax())
    return mask


def _bias_field(
    small: NDArray[np.float32],
    foot: NDArray[np.bool_],
    spacing_mm: list[float],
    params: PreprocessParams,
) -> NDArray[np.float32]:
    image = sitk.GetImageFromArray(np.maximum(small, small[foot].mean() * 1e-3).T)
    image.SetSpacing(spacing_mm)
    mask = sitk.GetImageFromArray(foot.T.astype(np.uint8))
    mask.SetSpacing(spacing_mm)
    n4 = sitk.N4BiasFieldCorrectionImageFilter()
    n4.SetMaximumNumberOfIterations([params.bias_iterations] * 2)
    extents_mm = [n * s for n, s in zip(small.shape, spacing_mm, strict=True)]
    spans = [max(1, round(e / params.bias_knot_mm)) for e in extents_mm]
    n4.SetNumberOfControlPoints([n + n4.GetSplineOrder() for n in spans])
    n4.Execute(image, mask)
    log_field = sitk.GetArrayFromImage(n4.GetLogBiasFieldAsImage(image)).T
    field: NDArray[np.float32] = np.exp(log_field - log_field[foot].mean())
    return field


def _enlarge(
    field: NDArray[np.float32], shape: tuple[int, int, int], factors: list[int]
) -> NDArray[np.float32]:
    """Interpolate a field of block means at every voxel."""
    offset = [(1 - f) / (2 * f) for f in factors]
    scale = [1 / f for f in factors]
    large: NDArray[np.float32] = ndimage.affine_transform(
        field, scale, offset, shape, order=1, mode="nearest"
    )
    return large


def _reference_signal(
    intensity: NDArray[np.float32],
    depth_mm: NDArray[np.float64],
    factors: list[int],
    contrast: Contrast,
) -> float:
    depth = _enlarge(depth_mm.astype(np.float32), intensity.shape, factors)
    inside = intensity[depth > 0]
    shell = intensity[(depth > _SUBCUTIS_MM[0]) & (depth < _SUBCUTIS_MM[1])]
    fat = shell[shell > threshold_otsu(inside)] if contrast in _BRIGHT_FAT else inside
    if fat.size == 0 or np.percentile(fat, 95) <= 0:
        msg = (
            f"A {contrast} image must show bright tissue for normalisation: got none in the "
            "largest bright component. Look at the image, and check its contrast in the file "
            "name."
        )
        raise ScanError(msg)
    if contrast not in _BRIGHT_FAT or fat.size < _MIN_FAT_FRACTION * shell.size:
        return float(np.percentile(inside, 95))
    counts, edges = np.histogram(
        fat, bins=100, range=(float(fat.min()), float(np.percentile(fat, 99.5)))
    )
    peak = int(ndimage.gaussian_filter1d(counts.astype(float), 3.0).argmax())
    return float(edges[peak : peak + 2].mean())
