"""Writing of NIfTI files whose bytes depend on the image alone."""

import gzip
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from pipeline.store.files import written_whole
from pipeline.store.formats import to_nifti


def copy_image(source: Path, target: Path) -> None:
    """Copy an image's voxels, scaling and geometry, and nothing else.

    Free text of the header (description, file names, intent) is dropped, as it may name a
    person. 64-bit values become 32-bit floats.
    """
    raw = to_nifti(source)
    voxels = _unscaled(raw)
    image = in_space_of(raw, voxels.reshape(raw.shape[:3]))
    slope, inter = getattr(raw.dataobj, "slope", 1.0), getattr(raw.dataobj, "inter", 0.0)
    image.header.set_slope_inter(slope, inter)
    save_image(image, target)


def in_space_of(raw: nib.Nifti1Image, voxels: NDArray[Any]) -> nib.Nifti1Image:
    """Make an image with the geometry of `raw`, from voxels in its storage order."""
    header = nib.Nifti1Header()
    header.set_xyzt_units("mm")
    image = nib.Nifti1Image(np.ascontiguousarray(voxels), raw.affine, header)
    for form in ("qform", "sform"):
        matrix, code = getattr(raw.header, f"get_{form}")(coded=True)
        getattr(image, f"set_{form}")(matrix, int(code))
    image.set_data_dtype(voxels.dtype)
    image.header.set_slope_inter(1.0, 0.0)
    return image


def save_image(image: nib.Nifti1Image, path: Path, level: int = 6) -> None:
    """Write an image atomically; gzipped if the name ends in ``.gz``.

    Parameters
    ----------
    level
        Of compression, 1 to 9.
    """
    content = image.to_bytes()
    with written_whole(path) as scratch, scratch.open("wb") as file:
        if path.suffix != ".gz":
            file.write(content)
            return
        # No time and no name in the gzip header, so that equal images give equal bytes.
        with gzip.GzipFile("", "wb", compresslevel=level, fileobj=file, mtime=0) as packed:
            packed.write(content)


def _unscaled(raw: nib.Nifti1Image) -> NDArray[Any]:
    proxy = raw.dataobj
    voxels = proxy.get_unscaled() if hasattr(proxy, "get_unscaled") else np.asanyarray(proxy)
    native: NDArray[Any] = voxels.astype(voxels.dtype.newbyteorder("="))
    if native.dtype.itemsize > 4:
        return native.astype(np.float32)
    return native
