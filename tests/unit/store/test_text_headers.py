"""NRRD and MetaImage: what a header leaves out, and what it must not name."""

import gzip
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import ScanError
from pipeline.store.images import read_scan

VOXELS = np.random.default_rng(6).integers(0, 900, (7, 6, 5)).astype("<i2")
"""Slices, rows, columns; 420 bytes."""

SPACE = "space: LPS\nspace directions: (0.5,0,0) (0,0.7,0) (0,0,3)\n"
MATRIX = "TransformMatrix = 1 0 0 0 1 0 0 0 1\nElementSpacing = 0.5 0.7 3\n"


def write_nrrd(
    path: Path,
    said: str = SPACE,
    content: bytes = VOXELS.tobytes(),
    *,
    packing: str = "raw",
    endian: str = "little",
) -> Path:
    """Write an NRRD file of 5 x 6 x 7 voxels."""
    header = (
        f"NRRD0005\n# made\ntype: short\ndimension: 3\nsizes: 5 6 7\nencoding: {packing}\n"
        f"endian: {endian}\n{said}\n"
    )
    path.write_bytes(header.encode() + content)
    return path


def write_metaimage(
    path: Path, said: str = MATRIX, content: bytes = VOXELS.tobytes(), *, named: str = "LOCAL"
) -> Path:
    """Write a MetaImage file of 5 x 6 x 7 voxels."""
    header = (
        "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
        f"{said}DimSize = 5 6 7\nElementType = MET_SHORT\nElementDataFile = {named}\n"
    )
    path.write_bytes(header.encode() + content)
    return path


def in_zlib(content: bytes) -> str:
    """Say how long compressed voxels are."""
    return f"{MATRIX}CompressedData = True\nCompressedDataSize = {len(content)}\n"


def expected() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Give the voxels in canonical order, as LPS axes run."""
    return VOXELS.T[::-1, ::-1].astype(np.float32)


WRITERS: list[Callable[[Path], Path]] = [
    lambda d: write_nrrd(d / "a.nrrd"),
    lambda d: write_nrrd(d / "a.nrrd", content=gzip.compress(VOXELS.tobytes()), packing="gzip"),
    lambda d: write_nrrd(
        d / "a.nrrd",
        content=gzip.compress(VOXELS.tobytes()[:99])
        + gzip.compress(VOXELS.tobytes()[99:])
        + bytes(40),
        packing="gz",
    ),
    lambda d: write_nrrd(d / "a.nrrd", content=VOXELS.astype(">i2").tobytes(), endian="big"),
    lambda d: write_nrrd(d / "a.nrrd", f'{SPACE}space units: "mm" "mm" "mm"\n'),
    lambda d: write_metaimage(d / "a.mha"),
    lambda d: write_metaimage(
        d / "a.mha", in_zlib(zlib.compress(VOXELS.tobytes())), zlib.compress(VOXELS.tobytes())
    ),
]


@pytest.mark.parametrize("write", WRITERS)
def test_a_header_that_says_all_is_read(write: Callable[[Path], Path], tmp_path: Path) -> None:
    """Raw or packed, in either order of bytes; nothing is doubted."""
    scan = read_scan(write(tmp_path))

    np.testing.assert_array_equal(scan.intensity, expected())
    assert scan.grid.spacing_mm == pytest.approx((0.5, 0.7, 3.0))
    assert scan.cautions == ()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("space: LPS\n", "far apart voxels are: got no 'spacings' and no 'space directions'"),
        (
            "axis mins: 0 0 0\naxis maxs: 2.5 4.2 21\n",
            "far apart voxels are: got no 'spacings'",
        ),
        ("spacings: 0.5 0.7 nan\n", r"for every axis, .*: got \[0\.5, 0\.7\] for 3 axes"),
        ("spacings: 0.5 -0.7 3\n", r"below 1000: got \[0\.5, -0\.7, 3\.0\]"),
        (
            "space: LPS\nspace directions: (0.5,0,0) (0,0.7,0) none\n",
            r"for every axis, .*: got \[0\.5, 0\.7\] for 3 axes",
        ),
        (f'{SPACE}space units: "cm" "cm" "cm"\n', r"must be in mm: got \['cm'\]"),
        (f'{SPACE}units: "m" "m" "m"\n', r"must be in mm: got \['m'\]"),
        (f"{SPACE}byte skip: 4\n", "numbers alone, raw or gzip: got a header with 'byteskip'"),
        (f"{SPACE}sizes: 5 6 8\n", "a header with 'sizes' twice"),
        (f"{SPACE}data file: /etc/passwd\n", "own folder: got '/etc/passwd', which leads out"),
        (f"{SPACE}DataFile: ../a.raw\n", r"own folder: got '\.\./a\.raw', which leads out"),
        (f"{SPACE}data file: LIST\nb.raw\n/etc/passwd\n", "beside it: got no file 'b.raw'"),
        (f"{SPACE}data file: ../%02d.raw 1 7 1\n", r"own folder: got '\.\./01\.raw'"),
    ],
)
def test_an_nrrd_header_that_leaves_out_or_leads_out_is_refused(
    said: str, words: str, tmp_path: Path
) -> None:
    """One field at a time."""
    with pytest.raises(ScanError, match=words):
        read_scan(write_nrrd(tmp_path / "a.nrrd", said))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("", "far apart voxels are: got no 'ElementSpacing'"),
        ("ElementSize = 0.5 0.7 3\n", "far apart voxels are: got no 'ElementSpacing'"),
        ("Comment = ElementSpacing = 1 1 1\n", "far apart voxels are: got no 'ElementSpacing'"),
        ("ElementSpacing = 0.5 0.7\n", r"for every axis, .*: got \[0\.5, 0\.7\] for 3 axes"),
        ("ElementSpacing = 0 0.7 3\n", r"below 1000: got \[0\.0, 0\.7, 3\.0\]"),
        ("ElementSpacing = 1e9 0.7 3\n", r"below 1000: got \[1000000000\.0, 0\.7, 3\.0\]"),
        (f"{MATRIX}Offset = 0 1e300 0\n", r"got the origin \[0\.0, -1e\+300, 0\.0\] mm"),
        (f"{MATRIX}DistanceUnits = um\n", r"must be in mm: got \['um'\]"),
        (
            f"{MATRIX}HeaderSize = 4\n",
            "numbers alone, raw or gzip: got a header with the HeaderSize '4'",
        ),
        (f"{MATRIX}ElementSpacing = 1 1 1\n", "a header with 'ElementSpacing' twice"),
    ],
)
def test_a_metaimage_header_that_leaves_out_is_refused(
    said: str, words: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """One field at a time; no library speaks up on its own."""
    with pytest.raises(ScanError, match=words):
        read_scan(write_metaimage(tmp_path / "a.mha", said))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ("/etc/passwd", "own folder: got '/etc/passwd', which leads out"),
        ("../a.raw", r"own folder: got '\.\./a\.raw'"),
        ("link.raw", r"own folder: got 'link\.raw'"),
        ("LIST\n/etc/passwd", "own folder: got '/etc/passwd'"),
        ("../%d.raw 1 7 1", r"own folder: got '\.\./1\.raw'"),
        ("none.raw", r"beside it: got no file 'none\.raw'"),
        ("folder", "beside it: got no file 'folder'"),
        ("a\0.raw", r"own folder: got 'a\\x00\.raw'"),
    ],
)
def test_a_metaimage_takes_no_voxels_from_elsewhere(
    named: str, words: str, tmp_path: Path
) -> None:
    """Absolute paths, folders above, links, lists and patterns."""
    (tmp_path / "sent" / "folder").mkdir(parents=True)
    (tmp_path / "a.raw").write_bytes(VOXELS.tobytes())
    (tmp_path / "sent" / "link.raw").symlink_to(tmp_path / "a.raw")

    with pytest.raises(ScanError, match=words):
        read_scan(write_metaimage(tmp_path / "sent" / "a.mhd", content=b"", named=named))


@pytest.mark.parametrize(
    ("named", "files"),
    [
        ("a.raw", {"a.raw": VOXELS}),
        ("LIST\none.raw\ntwo.raw", None),
        ("%02d.raw 1 7 1", {f"{k + 1:02d}.raw": VOXELS[k] for k in range(7)}),
    ],
)
def test_voxels_in_files_beside_the_header_are_read(
    named: str,
    files: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.int16]]] | None,
    tmp_path: Path,
) -> None:
    """One file, or one for each slice."""
    if files is None:
        named = "LIST\n" + "\n".join(f"s{k}" for k in range(7))
        files = {f"s{k}": VOXELS[k] for k in range(7)}
    for name, voxels in files.items():
        (tmp_path / name).write_bytes(voxels.tobytes())

    scan = read_scan(write_metaimage(tmp_path / "a.mhd", content=b"", named=named))

    np.testing.assert_array_equal(scan.intensity, expected())


def test_an_nrrd_file_may_have_its_voxels_beside_it(tmp_path: Path) -> None:
    """Packed or not, each in its own file."""
    (tmp_path / "a.raw.gz").write_bytes(gzip.compress(VOXELS.tobytes()))
    said = f"{SPACE}data file: a.raw.gz\n"

    scan = read_scan(write_nrrd(tmp_path / "a.nhdr", said, b"", packing="gzip"))

    np.testing.assert_array_equal(scan.intensity, expected())


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (write_nrrd, "spacings: 0.5 0.7 3\n"),
        (write_nrrd, SPACE.replace("space: LPS", "space dimension: 3")),
        (write_nrrd, SPACE.replace("LPS", "scanner-xyz")),
        (write_metaimage, "ElementSpacing = 0.5 0.7 3\n"),
        (write_metaimage, "ElementSpacing = 0.5 0.7 3\nAnatomicalOrientation = RAI\n"),
    ],
)
def test_unsaid_orientation_is_a_caution(
    write: Callable[[Path, str], Path], said: str, tmp_path: Path
) -> None:
    """As of Analyze: volumes are sure, left and right are not."""
    path = tmp_path / ("a.nrrd" if write is write_nrrd else "a.mha")

    scan = read_scan(write(path, said))

    assert [caution.code for caution in scan.cautions] == ["orientation-unknown"]
    assert scan.grid.spacing_mm == pytest.approx((0.5, 0.7, 3.0))


def damaged(content: bytes, place: int) -> bytes:
    """Turn one bit over."""
    copy = bytearray(content)
    copy[place] ^= 1
    return bytes(copy)


GZIPPED, ZLIBBED = gzip.compress(VOXELS.tobytes()), zlib.compress(VOXELS.tobytes())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (damaged(GZIPPED, 100), "does not fit its checksum"),
        (damaged(GZIPPED, len(GZIPPED) - 6), "does not fit its checksum"),
        (GZIPPED[:-9], "is cut off"),
        (
            gzip.compress(VOXELS.tobytes() + b"ab"),
            "got more bytes, where its header implies 420",
        ),
        (gzip.compress(VOXELS.tobytes()[:-2]), "got 418 bytes, where its header implies 420"),
    ],
)
def test_a_packed_nrrd_file_is_held_to_check_sum_and_size(
    content: bytes, words: str, tmp_path: Path
) -> None:
    """To the last byte, which no voxel needs."""
    with pytest.raises(ScanError, match=words):
        read_scan(write_nrrd(tmp_path / "a.nrrd", content=content, packing="gzip"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (damaged(ZLIBBED, 100), "does not fit its checksum"),
        (damaged(ZLIBBED, len(ZLIBBED) - 1), "does not fit its checksum"),
        (ZLIBBED[:-9], "is cut off"),
        (ZLIBBED + b"ab", "got more bytes, where its header implies 420"),
    ],
)
def test_a_packed_metaimage_is_held_to_check_sum_and_size(
    content: bytes, words: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """SimpleITK gives some voxels or other for each of them."""
    with pytest.raises(ScanError, match=words):
        read_scan(write_metaimage(tmp_path / "a.mha", in_zlib(content), content))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("content", [VOXELS.tobytes()[:-2], VOXELS.tobytes() + b"ab"])
@pytest.mark.parametrize("write", [write_nrrd, write_metaimage])
def test_plain_voxels_are_held_to_their_size(
    write: Callable[..., Path], content: bytes, tmp_path: Path
) -> None:
    """Neither fewer nor more than the header implies."""
    path = tmp_path / ("a.nrrd" if write is write_nrrd else "a.mha")

    with pytest.raises(ScanError, match=r"got (418|more) bytes, where its header implies 420"):
        read_scan(write(path, content=content))


def test_a_fourth_axis_of_one_keeps_the_spacing(tmp_path: Path) -> None:
    """It was once read as voxels of 1 mm."""
    said = "ElementSpacing = 0.5 0.7 3 1\n"
    path = write_metaimage(tmp_path / "a.mha", said)
    header = path.read_bytes().replace(b"NDims = 3", b"NDims = 4")
    path.write_bytes(header.replace(b"DimSize = 5 6 7", b"DimSize = 5 6 7 1"))

    assert read_scan(path).grid.spacing_mm == pytest.approx((0.5, 0.7, 3.0))


def test_other_encodings_are_refused(tmp_path: Path) -> None:
    """Text and bzip2 are not read."""
    with pytest.raises(ScanError, match="raw or gzip: got a header with the encoding 'ascii'"):
        read_scan(write_nrrd(tmp_path / "a.nrrd", packing="ascii"))


def test_a_header_without_end_is_refused(tmp_path: Path) -> None:
    """No more than a megabyte of text is read."""
    with pytest.raises(ScanError, match="more than 1048576 bytes of text"):
        read_scan(write_nrrd(tmp_path / "a.nrrd", "# " + "a" * 2**20 + "\n"))


def test_sheared_axes_are_refused(tmp_path: Path) -> None:
    """The qform cannot hold them."""
    said = "space: LPS\nspace directions: (0.5,0,0) (0.4,0.7,0) (0,0,3)\n"

    with pytest.raises(ScanError, match="qform and sform must put the image in one place"):
        read_scan(write_nrrd(tmp_path / "a.nrrd", said))
