"""NRRD and MetaImage files are read as stored, or refused for an invalid value."""

import gzip
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK
from numpy.typing import NDArray

from pipeline.errors import ScanError
from pipeline.store.images import read_scan
from pipeline.store.text_images import read_text_header, read_voxels

VOXELS = np.random.default_rng(6).integers(0, 120, (7, 6, 5))
"""Slices, rows, columns."""

NRRD = {
    "type": "short",
    "dimension": "3",
    "space": "LPS",
    "sizes": "5 6 7",
    "space directions": "(0.5,0,0) (0,0.7,0) (0,0,3)",
    "endian": "little",
    "encoding": "raw",
    "space origin": "(1,2,3)",
}
METAIMAGE = {
    "ObjectType": "Image",
    "NDims": "3",
    "BinaryData": "True",
    "BinaryDataByteOrderMSB": "False",
    "TransformMatrix": "1 0 0 0 1 0 0 0 1",
    "Offset": "1 2 3",
    "ElementSpacing": "0.5 0.7 3",
    "DimSize": "5 6 7",
    "ElementType": "MET_SHORT",
}
Fields = Mapping[str, str | None]


def write_text_image(
    path: Path, other: Fields, content: bytes = VOXELS.astype("<i2").tobytes()
) -> Path:
    """Write a file with some fields replaced; None omits one."""
    is_nrrd = path.suffix == ".nrrd"
    fields: Fields = {**(NRRD if is_nrrd else METAIMAGE), **other}
    mark = ": " if is_nrrd else " = "
    lines = [f"{name}{mark}{text}" for name, text in fields.items() if text is not None]
    if is_nrrd:
        lines = ["NRRD0005", *lines, "", ""]
    else:
        lines += ["ElementDataFile = LOCAL", ""]
    path.write_bytes("\n".join(lines).encode() + content)
    return path


@pytest.mark.parametrize("kind", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"])
@pytest.mark.parametrize("name", ["a.nrrd", "a.nhdr", "a.mha", "a.mhd"])
@pytest.mark.parametrize("is_packed", [False, True])
def test_all_types_are_read_as_another_library_writes_them(
    kind: str, name: str, is_packed: bool, tmp_path: Path
) -> None:
    """In the file or beside it, compressed or not, along oblique axes."""
    image = SimpleITK.GetImageFromArray(VOXELS.astype(kind))
    image.SetSpacing((0.5, 0.7, 3.0))
    image.SetOrigin((1.0, -2.0, 30.0))
    image.SetDirection((0.6, 0.0, -0.8, 0.0, -1.0, 0.0, -0.8, 0.0, -0.6))
    SimpleITK.WriteImage(image, str(tmp_path / name), useCompression=is_packed)

    header = read_text_header(tmp_path / name)
    voxels = read_voxels(header, VOXELS.size)

    np.testing.assert_array_equal(voxels[..., 0], VOXELS.T)
    assert voxels.dtype == np.dtype(kind)
    corner = np.array(image.TransformIndexToPhysicalPoint((4, 5, 6)))
    np.testing.assert_allclose((header.affine @ (4, 5, 6, 1))[:3], corner * (-1, -1, 1))


ODD = [
    ("a.nrrd", {"dimension": "4" * 5000}, "3 sizes for dimension '4{12}"),
    ("a.nrrd", {"dimension": "4"}, "3 sizes for dimension '4'"),
    ("a.nrrd", {"sizes": "5 6 7.5"}, "the sizes '5 6 7.5'"),
    ("a.nrrd", {"sizes": "5 6 99999999999"}, "the sizes '5 6 99999999999'"),
    ("a.nrrd", {"type": "block"}, "the type 'block'"),
    ("a.nrrd", {"type": None}, "no 'type'"),
    ("a.nrrd", {"endian": None}, "no 'endian'"),
    ("a.nrrd", {"endian": "middle"}, "the endian 'middle'"),
    ("a.nrrd", {"space": "%s%s%n"}, "the space '%s%s%n'"),
    ("a.nrrd", {"space directions": "(0.5,0) (0,0.7,0) (0,0,3)"}, "the space directions '"),
    ("a.nrrd", {"space directions": "(0.5,0,0) (0,inf,0) (0,0,3)"}, r"got \[0\.5, 0\.0, 3\.0"),
    ("a.nrrd", {"space directions": "(1,0,0) (0,1,0) (1,1,0)"}, "in three directions"),
    ("a.nrrd", {"spacings": "0.5 0.7 3"}, "the space directions '"),
    ("a.nrrd", {"space origin": "(1,2,nan)"}, "the space origin '"),
    ("a.nrrd", {"space origin": "(1,2,1e30)"}, r"the origin \[-1\.0, -2\.0, 1e\+30\] mm"),
    ("a.nrrd", {"space units": '"mm" 5 "mm"'}, r"in mm: got \['5'\]"),
    ("a.nrrd", {"wishes": "none"}, "the line 'wishes: none'"),
    ("a.mha", {"NDims": "9" * 5000}, "3 sizes for '9{12}"),
    ("a.mha", {"DimSize": "5 -6 7"}, "the DimSize '5 -6 7'"),
    ("a.mha", {"DimSize": "5 6 1_0"}, "the DimSize '5 6 1_0'"),
    ("a.mha", {"ElementType": "MET_OTHER"}, "the ElementType 'MET_OTHER'"),
    ("a.mha", {"ElementNumberOfChannels": "0"}, "the ElementNumberOfChannels '0'"),
    ("a.mha", {"BinaryDataByteOrderMSB": None}, "no 'BinaryDataByteOrderMSB'"),
    ("a.mha", {"BinaryDataByteOrderMSB": ""}, "the BinaryDataByteOrderMSB ''"),
    ("a.mha", {"ElementByteOrderMSB": "True"}, "two values of 'BinaryDataByteOrderMSB'"),
    ("a.mha", {"BinaryData": "False"}, "voxels that are not binary"),
    ("a.mha", {"TransformMatrix": "1 0 0 0 1 0"}, "the TransformMatrix '1 0 0 0 1 0'"),
    ("a.mha", {"TransformMatrix": "2 0 0 0 1 0 0 0 1"}, r"lengths \[2\.0, 1\.0, 1\.0\]"),
    ("a.mha", {"Offset": "1 2 1e400"}, "the Offset '1 2 1e400'"),
    ("a.mha", {"ElementToIntensityFunctionSlope": "2"}, "IntensityFunctionSlope '2'"),
    ("a.mha", {"CompressedData": "maybe"}, "the CompressedData 'maybe'"),
    ("a.mha", {"Comment\nwishes": "none"}, "the line 'Comment'"),
]


@pytest.mark.parametrize(("name", "other", "words"), ODD)
def test_a_value_that_no_header_has_is_refused(
    name: str, other: Fields, words: str, tmp_path: Path
) -> None:
    """With a message of bounded length; libraries crash at some, and guess the others."""
    with pytest.raises(ScanError, match=words) as raised:
        read_scan(write_text_image(tmp_path / name, other))
    assert len(str(raised.value)) < 400


@pytest.mark.parametrize("pack", [zlib.compress, gzip.compress])
def test_a_compressed_metaimage_need_not_state_its_length(
    pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    """Both kinds of stream mark their end."""
    content = pack(VOXELS.astype("<i2").tobytes())
    path = write_text_image(tmp_path / "a.mha", {"CompressedData": "True"}, content)

    np.testing.assert_array_equal(read_scan(path).intensity[::-1, ::-1], VOXELS.T)


def test_a_compressed_metaimage_of_another_length_is_refused(tmp_path: Path) -> None:
    """It contradicts its header."""
    content = zlib.compress(VOXELS.astype("<i2").tobytes())
    other = {"CompressedData": "True", "CompressedDataSize": "99"}

    with pytest.raises(ScanError, match=rf"CompressedDataSize '99' for {len(content)} bytes"):
        read_scan(write_text_image(tmp_path / "a.mha", other, content))


def test_a_big_endian_metaimage_is_read(tmp_path: Path) -> None:
    """Under either name of the field."""
    other = {"BinaryDataByteOrderMSB": None, "ElementByteOrderMSB": "True"}
    path = write_text_image(tmp_path / "a.mha", other, VOXELS.astype(">i2").tobytes())

    np.testing.assert_array_equal(read_scan(path).intensity[::-1, ::-1], VOXELS.T)


@pytest.mark.parametrize(
    ("sizes", "steps", "order"),
    [
        ("2 5 6 7", "none (0.5,0,0) (0,0.7,0) (0,0,3)", (0, 1, 2, 3)),
        ("5 6 7 2", "(0.5,0,0) (0,0.7,0) (0,0,3) none", (3, 0, 1, 2)),
    ],
)
def test_a_non_spatial_axis_counts_values(
    sizes: str, steps: str, order: tuple[int, ...], tmp_path: Path
) -> None:
    """First as 3D Slicer writes layers, or last."""
    stored: NDArray[Any] = np.stack((VOXELS.T, VOXELS.T + 9)).astype("<i2")
    other = {"dimension": "4", "sizes": sizes, "space directions": steps}
    content = stored.transpose(np.argsort(order)).tobytes(order="F")

    header = read_text_header(write_text_image(tmp_path / "a.nrrd", other, content))

    np.testing.assert_array_equal(read_voxels(header, stored.size), np.moveaxis(stored, 0, -1))


def test_the_spacing_of_a_non_spatial_axis_is_ignored(tmp_path: Path) -> None:
    """NRRD marks it with 'nan'."""
    other = {
        "dimension": "4",
        "sizes": "1 5 6 7",
        "space directions": None,
        "space": None,
        "spacings": "nan 0.5 0.7 3",
    }

    scan = read_scan(write_text_image(tmp_path / "a.nrrd", other))

    assert scan.grid.spacing_mm == pytest.approx((0.5, 0.7, 3.0))
    np.testing.assert_array_equal(scan.intensity[::-1, ::-1], VOXELS.T)
