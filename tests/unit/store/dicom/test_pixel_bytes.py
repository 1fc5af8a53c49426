"""Headers that contradict the pixels of their file: refused, with both sizes."""

import struct
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_makers import edit, opened, refuse, setting, write_series
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless, JPEGLosslessSV1, RLELossless

from pipeline.domain.scan import Scan, Side
from pipeline.simulate.dicom_enhanced import write_enhanced_dicom
from pipeline.store.images import read_scan

ONE = slice(2, 3)


@pytest.fixture
def series(scan: Scan, tmp_path: Path) -> Path:
    """Write the scan as seven slices of 6 rows and 5 columns, two bytes each."""
    write_series(scan, tmp_path / "series")
    return tmp_path / "series"


@pytest.mark.parametrize(
    ("elements", "words"),
    [
        ({"Rows": 4}, "40 bytes of pixels expected, 60 found"),
        ({"Rows": 8}, "80 bytes of pixels expected, 60 found"),
        ({"Columns": 4}, "48 bytes of pixels expected, 60 found"),
        ({"BitsAllocated": 8}, "30 bytes of pixels expected, 60 found"),
        ({"BitsAllocated": 32}, "120 bytes of pixels expected, 60 found"),
        ({"NumberOfFrames": 2}, "120 bytes of pixels expected, 60 found"),
        ({"SamplesPerPixel": 3}, "180 bytes of pixels expected, 60 found"),
        ({"PixelData": bytes(62)}, "60 bytes of pixels expected, 62 found"),
        ({"PixelData": None}, "60 bytes of pixels expected, 0 found"),
        ({"Columns": 0}, "6 rows of 0 pixels expected"),
        ({"Rows": 0}, "0 rows of 5 pixels expected"),
    ],
)
@pytest.mark.parametrize("only", [ONE, slice(None)])
def test_sizes_must_fit_the_pixels(
    elements: dict[str, object], words: str, only: slice, series: Path
) -> None:
    """One image or all, one size at a time, too small and too large."""
    edit(series, setting(**elements), only)

    refuse(series, f"must be whole and readable: got one that is damaged .{words}")


@pytest.mark.parametrize(
    ("tag", "value"),
    [("PixelRepresentation", b"\1\0"), ("RescaleSlope", b"2 "), ("Rows", b"\6\0")],
)
def test_a_repeated_element_is_refused(tag: str, value: bytes, series: Path) -> None:
    """Readers differ in which of the two they use."""
    edit(series, setting(RescaleSlope=1, RescaleIntercept=0))
    for file in series.iterdir():
        at = pydicom.dcmread(file, stop_before_pixels=True).get_item(tag)
        assert isinstance(at, RawDataElement)
        content, end = file.read_bytes(), at.value_tell + at.length
        again = content[at.value_tell - 8 : at.value_tell - 2] + struct.pack("<H", len(value))
        file.write_bytes(content[:end] + again + value + content[end:])

    refuse(series, rf"readable: got one that is damaged \({tag} twice\)")


def test_padding_to_even_length_is_no_pixel(series: Path) -> None:
    """An odd number of bytes is followed by one more."""

    def change(dataset: Dataset) -> None:
        dataset.Rows, dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 5, 8, 8, 7
        dataset.PixelData = bytes(range(25)) + b"\0"

    edit(series, change)

    with opened(series) as found:
        assert read_scan(found.image).intensity.max() == 24


def test_excess_bytes_of_a_screenshot_are_ignored(scan: Scan, series: Path) -> None:
    """Images of other modalities are not measured."""
    write_series(scan, series / "shot", number=9, Modality="US", PixelData=bytes(64))

    with opened(series) as found:
        np.testing.assert_array_equal(read_scan(found.image).intensity, scan.intensity)


@pytest.mark.parametrize("frames", [6, 8])
def test_frames_must_be_as_many_as_the_header_states(
    frames: int, scan: Scan, tmp_path: Path
) -> None:
    """In a multi-frame file with one description per frame."""
    write_enhanced_dicom(scan, tmp_path / "1.dcm", label="01", side=Side.RIGHT)
    dataset = pydicom.dcmread(tmp_path / "1.dcm")
    groups = list(dataset.PerFrameFunctionalGroupsSequence)
    dataset.PerFrameFunctionalGroupsSequence = (groups * 2)[:frames]
    dataset.NumberOfFrames = frames
    dataset.save_as(tmp_path / "1.dcm")

    refuse(tmp_path, f"{60 * frames} bytes of pixels expected, 420 found")


@pytest.mark.parametrize(
    ("elements", "words"),
    [
        ({"Rows": 4}, "20 bytes of a compressed segment expected, 30 found"),
        ({"Rows": 8}, "40 bytes of a compressed segment expected, 30 found"),
        ({"BitsAllocated": 8}, "8 bits per pixel expected, 16 found"),
        ({"NumberOfFrames": 2}, "2 compressed images expected, 1 found"),
    ],
)
def test_run_lengths_must_fit(elements: dict[str, object], words: str, series: Path) -> None:
    """They decompress to the size in the header, and their number fits."""

    def change(dataset: Dataset) -> None:
        dataset.compress(RLELossless, generate_instance_uid=False)
        setting(**elements)(dataset)

    edit(series, change, ONE)

    refuse(series, words)


def jpeg(rows: int, columns: int, bits: int) -> bytes:
    """Start a lossless JPEG, after a segment to skip."""
    sizes = bytes([bits, 0, rows, 0, columns, 1, 1, 17, 0])
    return b"\xff\xd8\xff\xe0\0\x04ab\xff\xc3\0\x0b" + sizes + b"\xff\xd9"


def jpeg_2000(rows: int, columns: int, bits: int) -> bytes:
    """Start a JPEG 2000 codestream whose image begins at 3, 2."""
    edges = [columns + 3, rows + 2, 3, 2]
    sizes = b"".join(edge.to_bytes(4, "big") for edge in edges)
    return (
        b"\xff\x4f\xff\x51\0\x29\0\0" + sizes + bytes(16) + b"\0\x01" + bytes([bits - 1, 1, 1])
    )


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (jpeg(8, 5, 12), "6 x 5 pixels expected, 8 x 5 found"),
        (jpeg(6, 4, 12), "6 x 5 pixels expected, 6 x 4 found"),
        (jpeg_2000(9, 5, 12), "6 x 5 pixels expected, 9 x 5 found"),
        (jpeg_2000(6, 5, 20), "16 bits per pixel expected, 20 found"),
        (jpeg_2000(6, 5, 16), "dcm2niix"),
    ],
)
def test_codestreams_must_fit(code: bytes, words: str, series: Path) -> None:
    """JPEG and JPEG 2000 state their own size and depth."""

    def change(dataset: Dataset) -> None:
        syntax = JPEGLosslessSV1 if code.startswith(b"\xff\xd8") else JPEG2000Lossless
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.PixelData = encapsulate([code])
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True

    edit(series, change, ONE)

    refuse(series, words)


@pytest.mark.filterwarnings("ignore:Invalid value for VR DS")
@pytest.mark.parametrize(
    "elements",
    [
        {"EchoTime": "inf"},
        {"SpacingBetweenSlices": "nan"},
        {"RescaleSlope": "nan"},
        {"PixelSpacing": ["1e-200", "1"]},
        {"PixelSpacing": "0.5"},
        {"ImagePositionPatient": ["nan", "0", "0"]},
        {"ImagePositionPatient": ["1e300", "0", "0"]},
        {"ImageOrientationPatient": ["0", "0", "0", "0", "0", "0"]},
    ],
)
def test_invalid_values_of_any_kind_give_a_message(
    elements: dict[str, object], series: Path
) -> None:
    """Without words of Python's own errors."""
    edit(series, setting(**elements))

    refuse(series, r"^(?!.*(Error|None|Traceback)).*: got .*\. .*\.$")
