"""Conversion of one volume by dcm2niix, and checks of its geometry and values."""

import math
import subprocess
import sys
import warnings
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
from pipeline.store.dicom.series_sorting import Volume
from pipeline.store.dicom.single_frames import write_single_frames
from pipeline.store.dicom.stack_geometry import corners_apart_mm, off_grid_mm
from pipeline.store.formats import to_nifti

# Suffixes of volumes that dcm2niix resampled to even steps or sheared.
_RESAMPLED = ("_Eq", "_Tilt")
_TIME_LIMIT_S = 20.0
_BYTES_PER_S = 20e6
_MEMORY_LIMIT_BYTES = 2 * 2**30
# Headers have decimal strings, NIfTI 32-bit floats.
_SAME_PLACE_MM = 0.02
# dcm2niix takes step and directions from the first slices, so their rounding errors add up.
_EXACT_MM = 1e-4


def convert(volume: Volume, scratch: Path) -> Path:
    """Convert one volume to NIfTI in an empty folder.

    Returns
    -------
    Path
        The image, with dcm2niix's sidecar beside it.

    Raises
    ------
    ScanError
        If dcm2niix cannot read the files, resamples, or changes positions or values.
    """
    grid = volume.grid
    images: list[Path] = []
    if grid is None or _is_plain(volume, grid):
        images = _run_dcm2niix(_linked(volume, scratch), scratch)
    if grid is not None and len(images) != 1:
        images = _run_dcm2niix(_rewritten(volume, grid, scratch), scratch)
    if any(mark in image.name for image in images for mark in _RESAMPLED):
        msg = (
            "Slices must be evenly spaced and stacked perpendicular to their plane: got a "
            "stack that dcm2niix had to resample. Export the whole series again."
        )
        raise ScanError(msg)
    if len(images) != 1:
        msg = (
            f"The slices of a volume must become one image: got {len(images)} from dcm2niix. "
            "Export the series as single-frame images (classic MR), uncompressed."
        )
        raise ScanError(msg)
    _check_place(images[0], volume)
    if grid is not None:
        _check_values(images[0], volume, grid)
        if _is_scaled_by_slice(volume):
            _scale(images[0], volume, grid)
    return images[0]


def _is_plain(volume: Volume, grid: Grid) -> bool:
    """Whether dcm2niix, which groups by UIDs, can make one image of the files as they are."""
    slices = volume.slices
    return (
        all(item.frame is None for item in slices)
        and not _is_scaled_by_slice(volume)
        and off_grid_mm(slices, grid) <= _EXACT_MM
    )


def _is_scaled_by_slice(volume: Volume) -> bool:
    return len({item.scale for item in volume.slices}) > 1


def _linked(volume: Volume, scratch: Path) -> Path:
    """Link the files under neutral names."""
    folder = scratch / "slices"
    folder.mkdir(parents=True)
    for number, file in enumerate(sorted({item.file for item in volume.slices})):
        (folder / f"{number:06d}.dcm").symlink_to(file.resolve())
    return folder


def _rewritten(volume: Volume, grid: Grid, scratch: Path) -> Path:
    """Write plain single-frame files of originals that are not."""
    folder = scratch / "single"
    folder.mkdir(parents=True)
    with warnings.catch_warnings():
        # pydicom's warnings and errors quote values, which may name a person.
        warnings.simplefilter("ignore")
        try:
            is_scaled = _is_scaled_by_slice(volume)
            write_single_frames(volume.slices, grid, folder, is_scaled=is_scaled)
        except Exception:
            msg = (
                "Every slice must be readable by itself: got a series that cannot be split "
                "into its slices. Export it again as single-frame images (classic MR), "
                "uncompressed."
            )
            raise ScanError(msg) from None
    return folder


def _run_dcm2niix(folder: Path, scratch: Path) -> list[Path]:
    """Run dcm2niix on a folder; its output is dropped, as it quotes headers."""
    out = scratch / f"out-{folder.name}"
    out.mkdir()
    options = ["-ba", "y", "-z", "n", "-b", "y", "-f", "volume", "-o", str(out)]
    size = sum(file.stat().st_size for file in folder.iterdir())
    seconds = _TIME_LIMIT_S + size / _BYTES_PER_S
    try:
        ended = f"ended with code {_call([dcm2niix.bin, *options, str(folder)], seconds)}"
    except subprocess.TimeoutExpired:
        ended = f"did not end within {seconds:.0f} s"
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
    """Run a command with limits of time and memory, as damaged files may ask for anything."""
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        if sys.platform == "linux":
            import resource  # noqa: PLC0415 - there is none on Windows

            limits = (_MEMORY_LIMIT_BYTES, _MEMORY_LIMIT_BYTES)
            resource.prlimit(process.pid, resource.RLIMIT_AS, limits)
            # It must end, too, if this process is killed.
            soon = math.ceil(seconds) + 1
            resource.prlimit(process.pid, resource.RLIMIT_CPU, (soon, soon))
        try:
            return process.wait(seconds)
        except BaseException:
            process.kill()
            raise


def _stored_values(volume: Volume) -> NDArray[Any] | None:
    """Stack the stored values in the order of the positions: columns, rows, slices.

    None if pydicom alone cannot decompress the encoding.

    Raises
    ------
    ScanError
        If it can, but the pixels are not those that the header implies.
    """
    files: dict[Path, NDArray[Any]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for item in volume.slices:
                if item.file not in files:
                    files[item.file] = pixel_array(item.file, raw=True)
            planes = [
                files[item.file] if files[item.file].ndim == 2 else files[item.file][item.frame]
                for item in volume.slices
            ]
        except (NotImplementedError, RuntimeError):
            return None
        except Exception:
            msg = (
                "Every image must have the pixels that its header implies: got pixels that "
                "cannot be read. Export the series again."
            )
            raise ScanError(msg) from None
    return np.stack(planes).transpose(2, 1, 0)


def _check_values(path: Path, volume: Volume, grid: Grid) -> None:
    """Compare the stored values of an image with those of the files, voxel by voxel."""
    expected = _stored_values(volume)
    image = to_nifti(path)
    if expected is not None and not np.array_equal(
        nib.apply_orientation(expected, _transform(grid, image)),
        np.asanyarray(image.dataobj.get_unscaled()),
    ):
        msg = (
            "Every pixel must lie where its header positions it: got other values there from "
            "dcm2niix. Export the series again, as single-frame images (classic MR)."
        )
        raise ScanError(msg)


def _transform(grid: Grid, image: nib.Nifti1Image) -> NDArray[np.float64]:
    """Return the orientation transform from a grid to an image in the same place."""
    transform: NDArray[np.float64] = nib.orientations.ornt_transform(
        nib.io_orientation(grid.matrix), nib.io_orientation(image.affine)
    )
    return transform


def _scale(path: Path, volume: Volume, grid: Grid) -> None:
    """Scale each slice by its own slope and intercept (PS3.3 C.11.1), in 32-bit floats."""
    raw = to_nifti(path)
    slopes, intercepts = (
        nib.apply_orientation(np.broadcast_to(column, grid.shape), _transform(grid, raw))
        for column in np.transpose([item.scale for item in volume.slices])
    )
    scaled = np.asanyarray(raw.dataobj.get_unscaled()) * slopes + intercepts
    header = raw.header.copy()
    header.set_data_dtype(np.float32)
    image = nib.Nifti1Image(scaled.astype(np.float32), raw.affine, header)
    image.header.set_slope_inter(1, 0)
    nib.save(image, path)


def _check_place(path: Path, volume: Volume) -> None:
    """Compare the grid of dcm2niix with the one from the positions in the headers."""
    image = to_nifti(path)
    if len(image.shape) != 3:
        msg = f"A scan must be one 3-D volume: got {image.shape}. Choose another series."
        raise ScanError(msg)
    theirs, ours = Grid.from_arrays(image.shape, image.affine), volume.grid
    if ours is None:
        _check_mosaic(theirs, volume)
        return
    apart_mm = corners_apart_mm(theirs, ours)
    if sorted(theirs.shape) != sorted(ours.shape) or apart_mm > _SAME_PLACE_MM:
        msg = (
            f"Every image must become a slice in its own place: got {theirs.shape} voxels with "
            f"corners up to {apart_mm:.2f} mm from where {len(volume.slices)} headers place "
            f"{ours.shape}. Export the whole series again."
        )
        raise ScanError(msg)


def _check_mosaic(grid: Grid, volume: Volume) -> None:
    """Compare the spacing of an unpacked mosaic with its header, which has one position."""
    known_mm = sorted(volume.spacing_mm)
    if not known_mm or not np.allclose(sorted(grid.spacing_mm), known_mm, rtol=1e-3):
        msg = (
            "A mosaic must state its slice spacing: got "
            f"{' x '.join(f'{s:.3f}' for s in grid.spacing_mm)} mm but "
            f"{' x '.join(f'{s:.3f}' for s in known_mm) or 'nothing'} in the header. Export "
            "the series without mosaic."
        )
        raise ScanError(msg)
