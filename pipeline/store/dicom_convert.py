"""One proved volume through dcm2niix, and proof that its voxels lie where they should."""

import math
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dcm2niix
import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from pydicom.pixels.utils import pixel_array

from pipeline.domain.grid import Grid
from pipeline.errors import ScanError
from pipeline.store.dicom_volumes import Volume
from pipeline.store.headers import to_nifti
from pipeline.store.names import sidecar_of

# dcm2niix marks volumes that it resampled to even steps or sheared by these.
_MENDED = ("_Eq", "_Tilt")
_TIME_LIMIT_S = 20.0
_BYTES_PER_S = 20e6
_MEMORY_LIMIT_BYTES = 2 * 2**30
# Headers hold decimals, NIfTI 32-bit floats.
_SAME_PLACE_MM = 0.02


def convert(volume: Volume, scratch: Path) -> Path:
    """Convert one volume to NIfTI in an empty folder.

    Returns
    -------
    Path
        The image, with dcm2niix's sidecar beside it.

    Raises
    ------
    ScanError
        If dcm2niix cannot read the files, resamples, or puts voxels elsewhere.
    """
    files = sorted({item.file for item in volume.slices})
    images = _run_dcm2niix(files, scratch)
    if any(mark in image.name for image in images for mark in _MENDED):
        msg = (
            "All slices must be equally far apart and square to their plane: got a stack that "
            "dcm2niix had to resample. Export the whole series again."
        )
        raise ScanError(msg)
    expected = _stored_values(volume)
    image = images[0]
    if len(images) > 1 or len(to_nifti(image).shape) > 3:
        image = _picked(images, volume, expected, scratch)
    _check_place(image, volume)
    if expected is not None and not _holds(to_nifti(image), None, volume, expected):
        msg = (
            "Every pixel must be where its image's header puts it: got other values there from "
            "dcm2niix. Export the series again, as single-frame images (classic MR)."
        )
        raise ScanError(msg)
    return image


def _run_dcm2niix(files: Sequence[Path], scratch: Path) -> list[Path]:
    """Run it on neutral names; what it prints is dropped, as it quotes headers."""
    slices, out = scratch / "slices", scratch / "out"
    slices.mkdir(parents=True)
    out.mkdir()
    for number, file in enumerate(files):
        (slices / f"{number:06d}.dcm").symlink_to(file.resolve())
    options = ["-ba", "y", "-z", "n", "-b", "y", "-f", "volume", "-o", str(out)]
    seconds = _TIME_LIMIT_S + sum(file.stat().st_size for file in files) / _BYTES_PER_S
    try:
        ended = f"ended with code {_call([dcm2niix.bin, *options, str(slices)], seconds)}"
    except subprocess.TimeoutExpired:
        ended = f"was not done after {seconds:.0f} s"
    images = sorted(out.glob("*.nii"))
    if ended != "ended with code 0" or not images:
        msg = (
            f"A series must be whole and in a known encoding: dcm2niix {ended}, with "
            f"{len(images)} volumes. Export the whole series again, uncompressed (Explicit VR "
            "Little Endian)."
        )
        raise ScanError(msg)
    return images


def _call(command: Sequence[str], seconds: float) -> int:
    """Run a command within limits of time and memory: damaged files may ask for anything."""
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        if sys.platform == "linux":
            import resource  # noqa: PLC0415 - there is none on Windows

            limits = (_MEMORY_LIMIT_BYTES, _MEMORY_LIMIT_BYTES)
            resource.prlimit(process.pid, resource.RLIMIT_AS, limits)
            # So that it comes to its end, too, where this process is killed meanwhile.
            soon = math.ceil(seconds) + 1
            resource.prlimit(process.pid, resource.RLIMIT_CPU, (soon, soon))
        try:
            return process.wait(seconds)
        except BaseException:
            process.kill()
            raise


def _stored_values(volume: Volume) -> NDArray[Any] | None:
    """Stack the stored values as the positions say: columns, rows, slices.

    None for a mosaic, and where pydicom alone cannot unpack the encoding.
    """
    if volume.first.is_mosaic:
        return None
    files: dict[Path, NDArray[Any]] = {}
    try:
        for item in volume.slices:
            if item.file not in files:
                files[item.file] = pixel_array(item.file, raw=True)
        planes = [
            files[item.file] if files[item.file].ndim == 2 else files[item.file][item.frame]
            for item in volume.slices
        ]
    except Exception:
        return None
    return np.stack(planes).transpose(2, 1, 0)


def _holds(
    image: nib.Nifti1Image, repetition: int | None, volume: Volume, expected: NDArray[Any]
) -> bool:
    """Whether an image stores the expected values, at the expected places."""
    grid = volume.grid
    stored = np.asanyarray(image.dataobj.get_unscaled())
    stored = stored if repetition is None else stored[..., repetition]
    if grid is None or stored.ndim != 3:
        return False
    turn = nib.orientations.ornt_transform(
        nib.io_orientation(grid.matrix), nib.io_orientation(image.affine)
    )
    return np.array_equal(nib.apply_orientation(expected, turn), stored)


def _picked(
    images: Sequence[Path], volume: Volume, expected: NDArray[Any] | None, scratch: Path
) -> Path:
    """Pick one of several volumes of a multi-frame file by its voxels."""
    fitting: list[tuple[Path, int | None]] = []
    for path in images if expected is not None else ():
        image = to_nifti(path)
        several = len(image.shape) > 3
        for k in range(image.shape[3]) if several else (None,):
            if expected is not None and _holds(image, k, volume, expected):
                fitting.append((path, k))
    if len(fitting) != 1:
        msg = (
            f"A multi-frame file must part into its volumes: got {len(fitting)} that may be "
            "the one chosen. Export the series as single-frame images (classic MR), "
            "uncompressed."
        )
        raise ScanError(msg)
    ((path, repetition),) = fitting
    return path if repetition is None else _extracted(path, repetition, scratch)


def _extracted(path: Path, repetition: int, scratch: Path) -> Path:
    raw = to_nifti(path)
    header = raw.header.copy()
    one = nib.Nifti1Image(raw.dataobj.get_unscaled()[..., repetition], raw.affine, header)
    one.header.set_slope_inter(raw.dataobj.slope, raw.dataobj.inter)
    target = scratch / "volume.nii"
    nib.save(one, target)
    sidecar_of(path).rename(sidecar_of(target))
    return target


def _check_place(path: Path, volume: Volume) -> None:
    """Hold dcm2niix's grid to the one that the positions in the headers prove."""
    image = to_nifti(path)
    if len(image.shape) != 3:
        msg = f"A scan must be one 3-D volume: got {image.shape}. Choose another series."
        raise ScanError(msg)
    theirs, ours = Grid.from_arrays(image.shape, image.affine), volume.grid
    if ours is None:
        _check_mosaic(theirs, volume)
        return
    corners, expected = _voxel_corners(theirs), _voxel_corners(ours)
    apart_mm = np.linalg.norm(corners[:, None] - expected[None], axis=2).min(axis=0).max()
    if sorted(theirs.shape) != sorted(ours.shape) or apart_mm > _SAME_PLACE_MM:
        msg = (
            f"Every image must become a slice in its own place: got {theirs.shape} voxels with "
            f"corners up to {apart_mm:.2f} mm from where {len(volume.slices)} headers put "
            f"{ours.shape}. Export the whole series again."
        )
        raise ScanError(msg)


def _voxel_corners(grid: Grid) -> NDArray[np.float64]:
    ends = [(0, n - 1) for n in grid.shape]
    return grid.to_world(np.array(np.meshgrid(*ends)).reshape(3, -1).T)


def _check_mosaic(grid: Grid, volume: Volume) -> None:
    """Hold the spacing of an unpacked mosaic to its header; there is one position in it."""
    known_mm = sorted(volume.spacing_mm)
    if not known_mm or not np.allclose(sorted(grid.spacing_mm), known_mm, rtol=1e-3):
        msg = (
            "A mosaic must say how far apart its slices are: got "
            f"{' x '.join(f'{s:.3f}' for s in grid.spacing_mm)} mm but "
            f"{' x '.join(f'{s:.3f}' for s in known_mm) or 'nothing'} in the header. Export "
            "the series without mosaic."
        )
        raise ScanError(msg)
