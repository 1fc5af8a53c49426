"""What an image's header must say for certain before anything is measured."""

import logging
import math
from pathlib import Path
from typing import TYPE_CHECKING

import nibabel as nib
import numpy as np
from nibabel.filebasedimages import ImageFileError
from nibabel.imageglobals import logger as nibabel_log
from nibabel.openers import ImageOpener
from nibabel.spatialimages import HeaderDataError
from numpy.typing import NDArray

from pipeline.domain.cautions import Caution
from pipeline.domain.grid import Grid
from pipeline.errors import ScanError
from pipeline.store.content import check_content

if TYPE_CHECKING:
    import SimpleITK

# What nibabel would log about a header, `check_header` refuses in a sentence of our own.
nibabel_log.setLevel(logging.CRITICAL)

ENDINGS = (".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd", ".hdr")
ORIENTATION_UNKNOWN = Caution(
    "orientation-unknown",
    "An Analyze file does not say which way its axes run, so left and right may be mirrored; "
    "volumes are right either way, the side is what the user says.",
    "intake",
)
# The finest 7 T foot, 0.3 mm in all directions, has half as many.
MOST_VOXELS = 2**28
_TOLERANCE = 0.01
_LPS_TO_RAS = np.diag((-1.0, -1.0, 1.0, 1.0))


def to_nifti(path: Path) -> nib.Nifti1Image:
    """Open an image of any accepted format, positions in RAS+ mm.

    NRRD and MetaImage (LPS) become a NIfTI image in memory; so does Analyze, whose axes are
    taken to run as nibabel takes them (x to the left, y forward, z up): see `cautions_of`.

    Raises
    ------
    ScanError
        If the path is missing, of another format, or not what its ending says.
    """
    check_content(path)
    if not path.is_file():
        msg = f"An image must exist: got {str(path)!r}, where there is no file. Check the path."
        raise ScanError(msg)
    if not path.name.lower().endswith(ENDINGS):
        msg = (
            f"An image must end in one of {', '.join(ENDINGS)}: got {path.name!r}. "
            "Convert it, or give a DICOM folder to 'footvol intake'."
        )
        raise ScanError(msg)
    try:
        if path.name.lower().endswith((".nii", ".nii.gz")):
            return nib.load(path)
        if path.name.lower().endswith(".hdr"):
            return _from_pair(path)
        return _from_simpleitk(path)
    except (
        ImageFileError,
        HeaderDataError,
        RuntimeError,
        ValueError,
        OSError,
        EOFError,
    ) as error:
        msg = (
            f"{path.name}: An image must be what its ending says: got one that cannot be read "
            f"so ({type(error).__name__}). Copy or convert it again."
        )
        raise ScanError(msg) from error


def check_header(image: nib.Nifti1Image, path: Path) -> None:
    """Refuse what is not one volume whose voxels have a certain place and size.

    Raises
    ------
    ScanError
        If it is not 3-D, has no orientation, a zero or infinite spacing or a
        singular affine, or if pixdim, qform and sform differ by more than 1 %.
    """
    _check_shape(image, path)
    pixdim_mm = _check_pixdim(image, path)
    forms = _check_forms(image, path)
    for name, matrix in forms.items():
        _check_spacing(name, matrix, pixdim_mm, path)
    if len(forms) == 2:
        _check_same_place(image.shape, forms, path)


def ras_affine(image: "SimpleITK.Image") -> NDArray[np.float64]:
    """Give the affine (RAS+, mm) of a 3-D SimpleITK image, which says it in LPS."""
    affine = np.eye(4)
    direction = np.reshape(image.GetDirection(), (3, 3))
    affine[:3, :3] = direction * np.array(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    turned: NDArray[np.float64] = _LPS_TO_RAS @ affine
    return turned


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
    _check_size(shape, path)


def _check_size(shape: tuple[int, ...], path: Path) -> None:
    """Refuse what no scanner takes: a small file may unpack to any size."""
    if math.prod(shape) > MOST_VOXELS:
        msg = (
            f"{path.name}: A scan must have at most {MOST_VOXELS} voxels: got {shape}. "
            "Convert the scanner's original again."
        )
        raise ScanError(msg)


def _check_pixdim(image: nib.Nifti1Image, path: Path) -> NDArray[np.float64]:
    header = _header_as_stored(image)
    unit = header.get_xyzt_units()[0]
    if unit not in ("mm", "unknown"):
        msg = (
            f"{path.name}: Positions must be in mm: got {unit!r} in the header's xyzt_units. "
            "Convert the scanner's original again."
        )
        raise ScanError(msg)
    pixdim_mm: NDArray[np.float64] = np.asarray(header["pixdim"][1:4], dtype=float)
    if not (np.isfinite(pixdim_mm).all() and (pixdim_mm > 0).all()):
        msg = (
            f"{path.name}: Voxel spacing must be above zero: got pixdim {_mm(pixdim_mm)}. "
            "Correct the header, or convert the scanner's original again."
        )
        raise ScanError(msg)
    return pixdim_mm


def _header_as_stored(image: nib.Nifti1Image) -> nib.Nifti1Header:
    """Read the header anew, as nibabel sets a zero spacing to 1 without a word."""
    holder = image.file_map.get("header", image.file_map["image"])
    if holder.filename is None:
        return image.header
    with ImageOpener(holder.filename) as file:
        return type(image.header).from_fileobj(file, check=False)


def _check_forms(image: nib.Nifti1Image, path: Path) -> dict[str, NDArray[np.float64]]:
    try:
        pairs = {
            "qform": image.header.get_qform(coded=True)[0],
            "sform": image.header.get_sform(coded=True)[0],
        }
    except (HeaderDataError, ValueError) as error:
        msg = (
            f"{path.name}: The qform must be a rotation: got one that is none ({error}). "
            "Convert the scanner's original again."
        )
        raise ScanError(msg) from error
    forms = {name: np.asarray(m, dtype=float) for name, m in pairs.items() if m is not None}
    if not forms:
        msg = (
            f"{path.name}: A header must say how the image lies in the body: got qform and "
            "sform code 0. Convert the scanner's original again."
        )
        raise ScanError(msg)
    for name, matrix in forms.items():
        if not np.isfinite(matrix).all() or np.linalg.matrix_rank(matrix[:3, :3]) < 3:
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
            f"{path.name}: pixdim and {name} must agree within 1 %: got {_mm(pixdim_mm)} and "
            f"{_mm(spacing_mm)}. Convert the scanner's original again."
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
            f"{path.name}: qform and sform must put the image in one place: got corners up to "
            f"{apart_mm:.1f} mm apart. Convert the scanner's original again."
        )
        raise ScanError(msg)


def _mm(sizes_mm: NDArray[np.float64]) -> str:
    return " x ".join(f"{s:g}" for s in sizes_mm) + " mm"


def cautions_of(path: Path) -> tuple[Caution, ...]:
    """Give the doubts that come with a file's format: Analyze tells no orientation."""
    is_pair = path.name.lower().endswith(".hdr")
    is_analyze = is_pair and not isinstance(nib.load(path), nib.Nifti1Pair)
    return (ORIENTATION_UNKNOWN,) if is_analyze else ()


def _from_pair(path: Path) -> nib.Nifti1Image:
    """Open a header beside its ``.img``: NIfTI, or Analyze without its orientation."""
    image = nib.load(path)
    if isinstance(image, nib.Nifti1Pair):
        return image
    _check_size(image.shape, path)
    nifti = nib.Nifti1Image(np.asanyarray(image.dataobj), image.affine)
    nifti.header.set_zooms(np.abs(image.header.get_zooms()[: len(image.shape)]))
    nifti.set_qform(image.affine, 1, strip_shears=False)
    nifti.set_sform(image.affine, 1)
    return nifti


def _from_simpleitk(path: Path) -> nib.Nifti1Image:
    import SimpleITK  # noqa: PLC0415 - slow to load, and most scans are NIfTI

    reader = SimpleITK.ImageFileReader()
    reader.SetFileName(str(path))
    reader.ReadImageInformation()
    _check_size(reader.GetSize(), path)
    image = reader.Execute()
    if image.GetNumberOfComponentsPerPixel() > 1:
        msg = (
            f"{path.name}: A scan must hold one number per voxel: got "
            f"{image.GetNumberOfComponentsPerPixel()}. Export one component."
        )
        raise ScanError(msg)
    voxels = SimpleITK.GetArrayFromImage(image).T
    if voxels.dtype.itemsize > 2:
        voxels = voxels.astype(np.float32)
    elif voxels.dtype == np.int8:
        voxels = voxels.astype(np.int16)
    if image.GetDimension() != 3:
        return nib.Nifti1Image(voxels, np.eye(4))
    affine = ras_affine(image)
    nifti = nib.Nifti1Image(voxels, affine)
    nifti.set_qform(affine, 1)
    nifti.set_sform(affine, 1)
    return nifti
