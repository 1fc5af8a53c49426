"""Reading and writing of images: RAS order in memory, the raw file's order on disk."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap, Segmentation
from pipeline.domain.scan import Contrast, Scan
from pipeline.errors import ArtefactError, ScanError
from pipeline.store.contrast import contrast_of
from pipeline.store.deidentify import acquisition_fields
from pipeline.store.files import read_json
from pipeline.store.formats import cautions_of, check_header, to_nifti
from pipeline.store.names import sidecar_of
from pipeline.store.nifti import in_space_of, save_image
from pipeline.store.sidecars import cautions_in, read_sidecar, side_of

_RAS = nib.orientations.axcodes2ornt("RAS")
_INT16 = np.iinfo(np.int16)
_QUANTISATION_STEPS = 8192
_PROBABILITY_STEP = 1 / 128


def read_scan(path: Path, contrast: Contrast | None = None) -> Scan:
    """Read one volume, with contrast and acquisition fields from sidecar and name.

    Axes are reordered and flipped to the closest canonical (RAS+) orientation, so that the
    order of the voxels on disk does not matter.

    Parameters
    ----------
    contrast
        Contrast that the user states.

    Raises
    ------
    ScanError
        If the file is missing, damaged or not one 3-D volume, its header does not state
        the position of each voxel unambiguously, or sidecar, name and user contradict
        each other about the contrast.
    """
    image = to_nifti(path)
    check_header(image, path)
    fields = read_sidecar(path)
    try:
        cautions = (*cautions_of(path), *cautions_in(fields, sidecar_of(path)))
    except ArtefactError as error:
        raise ScanError(str(error)) from error
    shown = contrast_of(path, fields, contrast)
    voxels, affine = to_canonical(_voxels(image, path), image.affine)
    try:
        return Scan(
            voxels,
            Grid.from_arrays(voxels.shape, affine),
            contrast=shown,
            side=side_of(fields),
            acquisition=acquisition_fields(fields),
            cautions=cautions,
        )
    except ScanError as error:
        msg = f"{path.name}: {error}"
        raise ScanError(msg) from error


def write_scan(scan: Scan, path: Path, *, like: Path | None) -> None:
    """Write a scan as 16-bit integers, in the storage order and space of `like`.

    Integers that fit are kept. Other values are rounded to multiples of the power of two
    that gives 4096 to 8192 steps up to the largest magnitude: finer than the 12 bits that
    scanners deliver, and noise still compresses.

    Parameters
    ----------
    like
        The raw file of the scan; None stores it in canonical (RAS+) order.
    """
    voxels = scan.intensity
    largest = float(np.abs(voxels).max())
    step = 1.0
    if largest > _INT16.max or not np.array_equal(voxels, np.rint(voxels)):
        step = float(2.0 ** np.ceil(np.log2(largest / _QUANTISATION_STEPS)))
    _write(np.rint(voxels / step).astype(np.int16), scan.grid, path, like=like, step=step)


def read_labels(
    path: Path, names: Mapping[int, str], *, advice: str = "Run the stage that writes it again."
) -> LabelMap:
    """Read a label map, in canonical (RAS+) order.

    Parameters
    ----------
    advice
        What to do about unknown labels.

    Raises
    ------
    ArtefactError
        If the file is missing or damaged, or has a label that is not an integer or not
        in `names`.
    """
    try:
        image = to_nifti(path)
        check_header(image, path)
        voxels, affine = to_canonical(_voxels(image, path), image.affine)
    except ScanError as error:
        msg = f"A label map must be readable: {error}"
        raise ArtefactError(msg) from error
    labels = np.rint(np.nan_to_num(voxels, nan=0.5))
    unknown = sorted(set(np.unique(voxels).tolist()) - {0, *names})
    if unknown or not np.array_equal(labels, voxels):
        msg = (
            f"The label map {path.name!r} must have labels 0 to {max(names)} only: got "
            f"{unknown[:5]}. {advice}"
        )
        raise ArtefactError(msg)
    return LabelMap(labels.astype(np.uint8), Grid.from_arrays(voxels.shape, affine), names)


def write_labels(labels: LabelMap, path: Path, *, like: Path | None) -> None:
    """Write labels as 8-bit integers, in the storage order and space of `like`."""
    _write(labels.voxels.astype(np.uint8), labels.grid, path, like=like)


def write_probability(
    probability: NDArray[np.float32], grid: Grid, path: Path, *, like: Path | None
) -> None:
    """Write a probability in steps of 1/128, in the storage order and space of `like`."""
    steps = np.rint(probability / _PROBABILITY_STEP).astype(np.uint8)
    _write(steps, grid, path, like=like, step=_PROBABILITY_STEP)


def read_probability(path: Path) -> NDArray[np.float32]:
    """Read an image of `write_probability`, in canonical (RAS+) order.

    Raises
    ------
    ArtefactError
        If the file is missing or damaged.
    """
    try:
        image = to_nifti(path)
        check_header(image, path)
        return to_canonical(_voxels(image, path), image.affine)[0]
    except ScanError as error:
        msg = f"A map of probabilities must be readable: {error}"
        raise ArtefactError(msg) from error


def read_segmentation(muscles_path: Path, bones_path: Path) -> Segmentation:
    """Read muscles and bones, with side, segmenter and cautions from the sidecar.

    Raises
    ------
    ArtefactError
        If a map or the sidecar is missing or altered.
    """
    fields = read_json(sidecar_of(muscles_path))
    side = side_of(fields)
    if side is None or "Segmenter" not in fields:
        msg = (
            f"The sidecar {sidecar_of(muscles_path).name!r} must state 'Laterality' and "
            f"'Segmenter': got {sorted(fields)}. Run the segment stage again."
        )
        raise ArtefactError(msg)
    return Segmentation(
        read_labels(muscles_path, MUSCLE_NAMES),
        read_labels(bones_path, BONE_NAMES),
        side=side,
        segmenter=str(fields["Segmenter"]),
        cautions=cautions_in(fields, sidecar_of(muscles_path)),
    )


def _voxels(image: nib.Nifti1Image, path: Path) -> NDArray[np.float32]:
    try:
        voxels = np.asanyarray(image.dataobj)
    except MemoryError as error:
        msg = (
            f"{path.name}: A scan must fit into memory: got {image.shape} voxels. Use a "
            "machine with more memory."
        )
        raise ScanError(msg) from error
    if voxels.dtype.fields or np.iscomplexobj(voxels):
        msg = (
            f"{path.name}: A scan must have one value per voxel: got {voxels.dtype}. "
            "Export the magnitude image."
        )
        raise ScanError(msg)
    with np.errstate(over="ignore"):  # infinite values are refused later
        values: NDArray[np.float32] = voxels.astype(np.float32)
    return values.reshape(image.shape[:3])


def to_canonical(
    voxels: NDArray[np.float32], affine: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Reorder an array and its affine to the closest canonical (RAS+) orientation."""
    orientation = nib.io_orientation(affine)
    turned = nib.apply_orientation(voxels, orientation)
    canonical: NDArray[np.float64] = affine @ nib.orientations.inv_ornt_aff(
        orientation, voxels.shape
    )
    return turned, canonical


def _write(
    voxels: NDArray[Any], grid: Grid, path: Path, *, like: Path | None, step: float = 1.0
) -> None:
    if like is None:
        raw = nib.Nifti1Image(voxels, grid.matrix)
        raw.set_qform(grid.matrix, 1)
        raw.set_sform(grid.matrix, 1)
    else:
        raw = to_nifti(like)
    transform = nib.orientations.ornt_transform(_RAS, nib.io_orientation(raw.affine))
    stored = nib.apply_orientation(voxels, transform) if like else voxels
    if stored.shape != raw.shape[:3]:
        msg = f"An image must have the shape of {like}: got {stored.shape}, not {raw.shape}"
        raise ValueError(msg)
    image = in_space_of(raw, stored)
    image.header.set_slope_inter(step, 0.0)
    save_image(image, path)
