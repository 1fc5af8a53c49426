"""Writing of a volume as plain single-frame files, which converters read best."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset, FileDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, MRImageStorage
from pydicom.valuerep import format_number_as_ds

from pipeline.domain.grid import Grid
from pipeline.store.dicom.pixel_bytes import compressed_frames
from pipeline.store.dicom.slice_header import SliceHeader

# Elements that describe a multi-frame file, not a single slice.
_OF_MANY = (
    "NumberOfFrames",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "DimensionOrganizationSequence",
    "DimensionIndexSequence",
    "ConcatenationUID",
    "InConcatenationNumber",
    "InConcatenationTotalNumber",
    "ConcatenationFrameOffsetNumber",
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
    "SliceLocation",
)
# Elements of functional groups, and the equivalent classic elements.
_CLASSIC = {"EffectiveEchoTime": "EchoTime", "FrameType": "ImageType"}
# Other elements that scale values: RealWorldValueMapping (PS3.3 C.7.6.16.2.11), and private
# rescale and scale slopes.
_SCALES = (0x00409096, 0x00409224, 0x00409225, 0x20051409, 0x2005140A, 0x2005100D, 0x2005100E)
_LPS = np.array((-1.0, -1.0, 1.0))


def write_single_frames(
    slices: Sequence[SliceHeader], grid: Grid, folder: Path, *, is_scaled: bool
) -> None:
    """Write each slice to its own file, on an even grid, with the header of the first.

    Parameters
    ----------
    slices
        Slices in the order of `grid`, whose steps and directions replace the headers'.
    is_scaled
        Whether stored values are written unscaled, because the scaling differs by slice.

    Raises
    ------
    Exception
        Any exception of pydicom, if a file cannot be read.
    """
    head = _head_of(slices[0])
    directions = (grid.matrix[:3, :3] / grid.spacing_mm * _LPS[:, None]).T
    head.ImageOrientationPatient = _decimals(directions[:2].ravel())
    head.PixelSpacing = _decimals(grid.spacing_mm[1::-1])
    head.SpacingBetweenSlices = _decimals([grid.spacing_mm[2]])[0]
    if is_scaled:
        for tag in _SCALES:
            head.pop(tag, None)
        head.RescaleSlope, head.RescaleIntercept = 1, 0
    pixels: dict[Path, tuple[UID, list[bytes]]] = {}
    for number, item in enumerate(slices):
        if item.file not in pixels:
            pixels[item.file] = _pixels_of(item.file)
        syntax, frames = pixels[item.file]
        head.file_meta.TransferSyntaxUID = syntax
        is_packed = syntax.is_compressed
        frame = frames[item.frame or 0]
        head.PixelData = encapsulate([frame]) if is_packed else frame + bytes(len(frame) % 2)
        head["PixelData"].VR = "OB" if is_packed or head.BitsAllocated <= 8 else "OW"
        head["PixelData"].is_undefined_length = is_packed
        head.ImagePositionPatient = _decimals(grid.to_world((0, 0, number)) * _LPS)
        head.InstanceNumber = number + 1
        head.SOPInstanceUID = f"2.25.{number + 1}"
        head.file_meta.MediaStorageSOPInstanceUID = head.SOPInstanceUID
        head.save_as(folder / f"{number:06d}.dcm")


def _head_of(item: SliceHeader) -> FileDataset:
    """Return a file's header, with the functional groups of one frame as classic elements."""
    head = dcmread(item.file, stop_before_pixels=True)
    if item.frame is None:
        return head
    groups = [*(head.get("SharedFunctionalGroupsSequence") or ())[:1]]
    groups += [*(head.get("PerFrameFunctionalGroupsSequence") or ())[item.frame :][:1]]
    for keyword in _OF_MANY:
        if keyword in head:
            delattr(head, keyword)
    for group in groups:
        for element in group:
            if element.VR == "SQ" and element.value:
                _take_over(element.value[0], head)
    head.SOPClassUID = head.file_meta.MediaStorageSOPClassUID = MRImageStorage
    return head


def _take_over(item: Dataset, head: FileDataset) -> None:
    head.update(item)
    for keyword, classic in _CLASSIC.items():
        if keyword in item:
            setattr(head, classic, item[keyword].value)


def _pixels_of(file: Path) -> tuple[UID, list[bytes]]:
    """Return the transfer syntax of a file, and the pixels of each of its frames."""
    with file.open("rb") as opened:
        head = dcmread(opened, stop_before_pixels=True)
        syntax = head.file_meta.TransferSyntaxUID
        if syntax.is_compressed:
            return syntax, list(compressed_frames(head, opened))
    pixels = dcmread(file, specific_tags=["PixelData"]).PixelData
    samples = int(head.get("SamplesPerPixel", 1))
    size = int(head.Rows * head.Columns * samples * head.BitsAllocated // 8)
    return syntax, [pixels[k : k + size] for k in range(0, len(pixels) - size + 1, size)]


def _decimals(values: Sequence[float] | NDArray[np.float64]) -> list[str]:
    return [format_number_as_ds(float(value)) for value in values]
