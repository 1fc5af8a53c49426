"""Opening of images in any accepted format, and strict checks of their headers."""

import logging
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.imageglobals import logger as nibabel_log
from nibabel.spatialimages import HeaderDataError
from numpy.typing import NDArray

from pipeline.domain.cautions import Caution
from pipeline.domain.grid import Grid
from pipeline.errors import ScanError
from pipeline.store.content import check_content
from pipeline.store.header_fields import FARTHEST_MM, check_fields, in_mm
from pipeline.store.streams import StoredVoxels, check_voxel_count, file_beside, opened
from pipeline.store.text_images import is_text_image, read_text_header, read_voxels

# nibabel only logs faults of a header; here they are refused.
nibabel_log.setLevel(logging.CRITICAL)

ENDINGS = (".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd", ".hdr")
ORIENTATION_UNKNOWN = Caution(
    "orientation-unknown",
    "The file does not state the orientation of its axes, so left and right may be mirrored; "
    "volumes are correct either way, and the side is the one that the user states.",
    "intake",
)
# A foot at 7 T with isotropic voxels of 0.3 mm has half as many.
MOST_VOXELS = 2**28
_TOLERANCE = 0.01
_SINGLES = (nib.Nifti1Image, nib.Nifti2Image)
_PAIRS = (
    nib.Nifti1Pair,
    nib.Nifti2Pair,
    nib.Spm2AnalyzeImage,
    nib.Spm99AnalyzeImage,
    nib.AnalyzeImage,
)


def to_nifti(path: Path) -> nib.Nifti1Image:
    """Open an image of any accepted format, positions in RAS+ mm.

    A NIfTI file is recognised as gzip by its content, not by its name. NRRD and MetaImage
    (LPS) become a NIfTI image in memory; so does Analyze, whose axes are assumed to run as
    in nibabel (to the left, forward, up): see `cautions_of`.

    Raises
    ------
    ScanError
        If the path is missing, of another format, or does not fit its extension.
    """
    check_content(path)
    if not path.is_file():
        msg = f"An image must exist: got {str(path)!r}, where no file is. Check the path."
        raise ScanError(msg)
    if not path.name.lower().endswith(ENDINGS):
        msg = (
            f"An image must end in one of {', '.join(ENDINGS)}: got {path.name!r}. "
            "Convert it, or give a DICOM folder to 'footvol intake'."
        )
        raise ScanError(msg)
    if is_text_image(path):
        return _from_text(path)
    kind, header = _stored_header(path)
    if not issubclass(kind, nib.Nifti1Pair):
        return _from_analyze(StoredVoxels(_image_of(path), header), header, path)
    _check_forms(header, path)
    return kind(StoredVoxels(_image_of(path), header), header.get_best_affine(), header)


def check_header(image: nib.Nifti1Image, path: Path) -> None:
    """Check that an image is one 3-D volume with unambiguous positions and spacing.

    Raises
    ------
    ScanError
        If it is not 3-D, has no orientation, a zero or infinite spacing or a singular
        affine, or if pixdim, qform and sform differ by more than 1 %.
    """
    _check_shape(image, path)
    pixdim_mm = np.asarray(image.header["pixdim"][1:4], dtype=float)
    forms = _check_forms(image.header, path)
    for name, matrix in forms.items():
        _check_spacing(name, matrix, pixdim_mm, path)
    if len(forms) == 2:
        _check_same_place(image.shape, forms, path)


def _check_shape(image: nib.Nifti1Image, path: Path) -> None:
    shape = tuple(int(n) for n in image.shape)
    if len(shape) > 3 and max(shape[3:]) > 1:
        msg = (
            f"{path.name}: A scan must be one 3-D volume: got {len(shape)}-D {shape}. Pick one "
            "volume, for example with nibabel's 'nib-roi' or 'fslroi', and give that."
        )
        raise ScanError(msg)
    if len(shape) < 3 or min(shape[:3]) < 2:
        msg = (
            f"{path.name}: A scan must be a 3-D volume of several slices: got {shape}. "
            "Give the whole stack."
        )
        raise ScanError(msg)
    check_voxel_count(shape, path, MOST_VOXELS)


def _check_forms(header: Any, path: Path) -> dict[str, NDArray[np.float64]]:
    try:
        pairs = {
            "qform": header.get_qform(coded=True)[0],
            "sform": header.get_sform(coded=True)[0],
        }
    except (HeaderDataError, ValueError) as error:
        quaternion = [float(header[f"quatern_{k}"]) for k in "bcd"]
        msg = (
            f"{path.name}: The qform must be a rotation: got the quaternion {quaternion}, "
            "which is not one. Convert the scanner's original again."
        )
        raise ScanError(msg) from error
    forms = {name: np.asarray(m, dtype=float) for name, m in pairs.items() if m is not None}
    if not forms:
        msg = (
            f"{path.name}: A header must state the image's orientation: got qform and sform "
            "code 0. Convert the scanner's original again."
        )
        raise ScanError(msg)
    for name, matrix in forms.items():
        if (
            not (np.abs(matrix) < FARTHEST_MM).all()
            or np.linalg.matrix_rank(matrix[:3, :3]) < 3
        ):
            msg = (
                f"{path.name}: The {name} must be an invertible matrix: got "
                f"{matrix[:3].round(4).tolist()}. Convert the scanner's original again."
            )
            raise ScanError(msg)
    return forms


def _check_spacing(
    name: str, matrix: NDArray[np.float64], pixdim_mm: NDArray[np.float64], path: Path
) -> None:
    spacing_mm = np.linalg.norm(matrix[:3, :3], axis=0)
    if not np.allclose(spacing_mm, pixdim_mm, rtol=_TOLERANCE, atol=0):
        msg = (
            f"{path.name}: pixdim and {name} must agree within 1 %: got {in_mm(pixdim_mm)} and "
            f"{in_mm(spacing_mm)}. Convert the scanner's original again."
        )
        raise ScanError(msg)


def _check_same_place(
    shape: tuple[int, ...], forms: dict[str, NDArray[np.float64]], path: Path
) -> None:
    grids = [Grid.from_arrays(shape[:3], matrix) for matrix in forms.values()]
    first, second = (grid.corners_mm() for grid in grids)
    apart_mm = float(np.linalg.norm(first - second, axis=1).max())
    diagonal_mm = float(np.linalg.norm(first[-1] - first[0]))
    if apart_mm > _TOLERANCE * diagonal_mm:
        msg = (
            f"{path.name}: qform and sform must place the image alike: got corners up to "
            f"{apart_mm:.1f} mm apart. Convert the scanner's original again."
        )
        raise ScanError(msg)


def cautions_of(path: Path) -> tuple[Caution, ...]:
    """Return a caution if a file states no orientation, as Analyze and some others."""
    if is_text_image(path):
        is_known = read_text_header(path).says_orientation
    else:
        is_known = issubclass(_stored_header(path)[0], nib.Nifti1Pair)
    return () if is_known else (ORIENTATION_UNKNOWN,)


def _stored_header(path: Path) -> tuple[type[Any], Any]:
    """Return the kind of NIfTI or Analyze image that a file is, and its checked header."""
    is_pair = path.name.lower().endswith(".hdr")
    with opened(path) as stream:
        start = stream.read(nib.Nifti2Header.sizeof_hdr)
    for kind in _PAIRS if is_pair else _SINGLES:
        reader = kind.header_class
        block = start[: reader.sizeof_hdr]
        if not reader.may_contain_header(block):
            continue
        stored = reader(block, check=False)
        if issubclass(kind, nib.Nifti1Pair):
            magic = reader.pair_magic if is_pair else reader.single_magic
            if stored["magic"] != magic:
                continue
        check_fields(stored, path)
        try:
            header = reader(block)
            header.get_slope_inter()
        except HeaderDataError as error:
            msg = (
                f"{path.name}: A header must have valid numbers where NIfTI asks for them: got "
                "others. Convert the scanner's original again."
            )
            raise ScanError(msg) from error
        return kind, header
    msg = (
        f"{path.name}: An image must be of the format that its extension names: got no "
        f"{'NIfTI or Analyze' if is_pair else 'NIfTI'} header. Copy or convert it again."
    )
    raise ScanError(msg)


def _image_of(path: Path) -> Path:
    """Return the file that contains the voxels of a header."""
    if not path.name.lower().endswith(".hdr"):
        return path
    beside = nib.Nifti1Pair.filespec_to_file_map(str(path))["image"].filename
    return file_beside(path, Path(beside).name)


def _from_analyze(voxels: StoredVoxels, header: Any, path: Path) -> nib.Nifti1Image:
    check_voxel_count(voxels.shape, path, MOST_VOXELS)
    affine = header.get_best_affine()
    nifti = nib.Nifti1Image(np.asanyarray(voxels), affine)
    nifti.header.set_zooms(np.abs(header.get_zooms()[: len(voxels.shape)]))
    nifti.set_qform(affine, 1, strip_shears=False)
    nifti.set_sform(affine, 1)
    return nifti


def _from_text(path: Path) -> nib.Nifti1Image:
    header = read_text_header(path)
    voxels = read_voxels(header, MOST_VOXELS)
    if voxels.shape[3] > 1:
        msg = (
            f"{path.name}: A scan must have one value per voxel: got {voxels.shape[3]}. "
            "Export one component or volume."
        )
        raise ScanError(msg)
    voxels = voxels[..., 0]
    if voxels.dtype.itemsize > 2:
        with np.errstate(over="ignore"):  # infinite values are refused later
            voxels = voxels.astype(np.float32)
    elif voxels.dtype == np.int8:
        voxels = voxels.astype(np.int16)
    nifti = nib.Nifti1Image(voxels, header.affine)
    nifti.set_qform(header.affine, 1)
    nifti.set_sform(header.affine, 1)
    return nifti
