"""MetaImage headers: what is missing from them, and what they must not name."""

import zlib
from pathlib import Path

import numpy as np
import pytest
from text_image_makers import (
    MATRIX,
    VOXELS,
    canonical_voxels,
    compressed_fields,
    damaged,
    write_metaimage,
)

from pipeline.errors import ScanError
from pipeline.store.images import read_scan

ZLIBBED = zlib.compress(VOXELS.tobytes())


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ("", "the voxel spacing: got no 'ElementSpacing'"),
        ("ElementSize = 0.5 0.7 3\n", "the voxel spacing: got no 'ElementSpacing'"),
        (
            "Comment = ElementSpacing = 1 1 1\n",
            "the voxel spacing: got no 'ElementSpacing'",
        ),
        ("ElementSpacing = 0.5 0.7\n", r"for every axis, .*: got \[0\.5, 0\.7\] for 3 axes"),
        ("ElementSpacing = 0 0.7 3\n", r"below 1000: got \[0\.0, 0\.7, 3\.0\]"),
        ("ElementSpacing = 1e9 0.7 3\n", r"below 1000: got \[1000000000\.0, 0\.7, 3\.0\]"),
        (f"{MATRIX}Offset = 0 1e300 0\n", r"got the origin \[0\.0, -1e\+300, 0\.0\] mm"),
        (f"{MATRIX}DistanceUnits = um\n", r"must be in mm: got \['um'\]"),
        (
            f"{MATRIX}HeaderSize = 4\n",
            "plain numbers, raw or gzip: got a header with the HeaderSize '4'",
        ),
        (f"{MATRIX}ElementSpacing = 1 1 1\n", "a header with 'ElementSpacing' twice"),
    ],
)
def test_an_incomplete_metaimage_header_is_refused(
    fields: str, words: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """One field at a time; libraries print nothing."""
    with pytest.raises(ScanError, match=words):
        read_scan(write_metaimage(tmp_path / "a.mha", fields))
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
def test_a_metaimage_has_no_voxels_outside_its_folder(
    named: str, words: str, tmp_path: Path
) -> None:
    """Absolute paths, parent folders, links, lists and patterns."""
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

    np.testing.assert_array_equal(scan.intensity, canonical_voxels())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (damaged(ZLIBBED, 100), "does not fit its checksum"),
        (damaged(ZLIBBED, len(ZLIBBED) - 1), "does not fit its checksum"),
        (ZLIBBED[:-9], "is cut off"),
        (ZLIBBED + b"ab", "got more bytes, where its header implies 420"),
    ],
)
def test_a_compressed_metaimage_is_checked_for_checksum_and_size(
    content: bytes, words: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """SimpleITK would return some voxels for each of them."""
    with pytest.raises(ScanError, match=words):
        read_scan(write_metaimage(tmp_path / "a.mha", compressed_fields(content), content))
    assert capfd.readouterr() == ("", "")


def test_a_fourth_axis_of_one_keeps_the_spacing(tmp_path: Path) -> None:
    """SimpleITK would read voxels of 1 mm."""
    fields = "ElementSpacing = 0.5 0.7 3 1\n"
    path = write_metaimage(tmp_path / "a.mha", fields)
    header = path.read_bytes().replace(b"NDims = 3", b"NDims = 4")
    path.write_bytes(header.replace(b"DimSize = 5 6 7", b"DimSize = 5 6 7 1"))

    assert read_scan(path).grid.spacing_mm == pytest.approx((0.5, 0.7, 3.0))
