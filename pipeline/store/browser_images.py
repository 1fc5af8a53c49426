"""Images as a browser gets them: in RAS order, without names or free text."""

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from pipeline.domain.grid import Grid
from pipeline.domain.scan import Scan
from pipeline.errors import ArtefactError, listed

_STEPS = 8192


def scan_bytes(scan: Scan) -> bytes:
    """Give a scan as an uncompressed NIfTI file of 16-bit integers, 0 to 8192 steps.

    The window is set to the range of the image but its brightest 0.2 %.
    """
    step = float(np.abs(scan.intensity).max()) / _STEPS or 1.0
    image = nib.Nifti1Image(np.rint(scan.intensity / step).astype(np.int16), scan.grid.matrix)
    image.header.set_xyzt_units("mm")
    image.header.set_slope_inter(step, 0.0)
    image.header["cal_min"] = 0.0
    image.header["cal_max"] = float(np.quantile(scan.intensity[::2, ::2, ::2], 0.998))
    return bytes(image.to_bytes())


def label_bytes(voxels: NDArray[np.integer]) -> bytes:
    """Give labels as one byte per voxel, the first axis fastest, as in a NIfTI file."""
    return voxels.astype(np.uint8).tobytes(order="F")


def labels_of(content: bytes, grid: Grid) -> NDArray[np.uint8]:
    """Read what `label_bytes` gives.

    Raises
    ------
    ArtefactError
        If there is not one byte per voxel.
    """
    expected = int(np.prod(grid.shape))
    if len(content) != expected:
        msg = (
            f"Labels must have one byte per voxel of the scan, {expected} for "
            f"{listed(grid.shape)}: got {len(content)}. Load the page again."
        )
        raise ArtefactError(msg)
    return np.frombuffer(content, dtype=np.uint8).reshape(grid.shape, order="F")
