"""The headers and the geometry of original images, as DICOM objects refer to them."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from highdicom import VolumeGeometry
from pydicom import Dataset, dcmread

from pipeline.domain.grid import Grid
from pipeline.errors import ScanError
from pipeline.store.dicom.slice_header import SliceHeader

RAS_TO_LPS = np.diag((-1.0, -1.0, 1.0, 1.0))
# Required in every object that refers to the images, but may be missing in the images.
_MAY_BE_EMPTY = (
    *("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber"),
    *("StudyID", "StudyDate", "StudyTime", "ReferringPhysicianName"),
)
_SEXES = ("M", "F", "O")
_SHARED = "SharedFunctionalGroupsSequence"
_IDENTIFIERS = ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")


@dataclass(frozen=True, slots=True, eq=False)
class SourceImages:
    """The images of a measured scan.

    Parameters
    ----------
    headers
        Of each file, without its pixels. That of a multi-frame file has only the frames of
        the scan, in the order of their positions.
    geometry
        Where the voxels lie: slices, rows, columns.
    frames
        Number in its file, from 1, of each of these frames; empty for single-frame files.
    """

    headers: tuple[Dataset, ...]
    geometry: VolumeGeometry
    frames: tuple[int, ...] = ()


def read_source_images(slices: Sequence[SliceHeader], grid: Grid) -> SourceImages:
    """Read the headers of a volume's files.

    Parameters
    ----------
    slices
        In the order of their positions.
    grid
        Columns, rows and slices of the volume.

    Raises
    ------
    ScanError
        If DICOM objects cannot refer to the images.
    """
    files = list(dict.fromkeys(item.file for item in slices))
    frames = tuple(item.frame + 1 for item in slices if item.frame is not None)
    if frames and len(files) > 1:
        msg = (
            f"A multi-frame scan must be one file: got {len(files)}. Export the series as "
            "single-frame images (classic MR)."
        )
        raise ScanError(msg)
    with warnings.catch_warnings():
        # Warnings of pydicom quote values, which may name a person.
        warnings.simplefilter("ignore")
        headers = tuple(_completed(dcmread(file, stop_before_pixels=True)) for file in files)
    _check_identity(headers)
    first = headers[0]
    if frames:
        _keep_frames(first, frames)
    else:  # the checks of intake allow for other rounding in other slices; highdicom does not
        for header in headers:
            header.ImageOrientationPatient = first.ImageOrientationPatient
            header.PixelSpacing = first.PixelSpacing
    geometry = VolumeGeometry(
        affine=(RAS_TO_LPS @ grid.matrix)[:, [2, 1, 0, 3]],
        spatial_shape=grid.shape[::-1],
        coordinate_system="PATIENT",
        frame_of_reference_uid=first.FrameOfReferenceUID,
    )
    return SourceImages(headers, geometry, frames)


def _completed(header: Dataset) -> Dataset:
    """Add empty elements for missing ones, and drop a sex that DICOM does not define."""
    for keyword in _MAY_BE_EMPTY:
        if header.get(keyword) is None:
            setattr(header, keyword, "")
    if header.PatientSex not in _SEXES:
        header.PatientSex = ""
    return header


def _check_identity(headers: Sequence[Dataset]) -> None:
    for keyword in _IDENTIFIERS:
        values = {header.get(keyword) for header in headers}
        if len(values) != 1 or not values.pop():
            msg = (
                f"The images of a scan must have one {keyword}: got none or several. Export "
                "the series again, with its own UIDs."
            )
            raise ScanError(msg)


def _keep_frames(header: Dataset, frames: Sequence[int]) -> None:
    """Reduce the functional groups to these frames; orientation and spacing become shared."""
    header.SharedFunctionalGroupsSequence = [*header.get(_SHARED, ())] or [Dataset()]
    shared = header.SharedFunctionalGroupsSequence[0]
    kept = [header.PerFrameFunctionalGroupsSequence[number - 1] for number in frames]
    for keyword in ("PlaneOrientationSequence", "PixelMeasuresSequence"):
        if keyword not in shared:
            setattr(shared, keyword, kept[0][keyword].value)
    header.PerFrameFunctionalGroupsSequence = kept
    header.NumberOfFrames = len(kept)
