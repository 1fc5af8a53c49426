"""NRRD headers: what is missing from them, and what they must not name."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from text_image_makers import (
    SPACE,
    VOXELS,
    canonical_voxels,
    damaged,
    write_nrrd,
)

from pipeline.errors import ScanError
from pipeline.store.images import read_scan

GZIPPED = gzip.compress(VOXELS.tobytes())


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            "space: LPS\n",
            "the voxel spacing: got no 'spacings' and no 'space directions'",
        ),
        (
            "axis mins: 0 0 0\naxis maxs: 2.5 4.2 21\n",
            "state the voxel spacing: got no 'spacings'",
        ),
        ("spacings: 0.5 0.7 nan\n", r"for every axis, .*: got \[0\.5, 0\.7\] for 3 axes"),
        ("spacings: 0.5 -0.7 3\n", r"below 1000: got \[0\.5, -0\.7, 3\.0\]"),
        (
            "space: LPS\nspace directions: (0.5,0,0) (0,0.7,0) none\n",
            r"for every axis, .*: got \[0\.5, 0\.7\] for 3 axes",
        ),
        (f'{SPACE}space units: "cm" "cm" "cm"\n', r"must be in mm: got \['cm'\]"),
        (f'{SPACE}units: "m" "m" "m"\n', r"must be in mm: got \['m'\]"),
        (f"{SPACE}byte skip: 4\n", "plain numbers, raw or gzip: got a header with 'byteskip'"),
        (f"{SPACE}sizes: 5 6 8\n", "a header with 'sizes' twice"),
        (f"{SPACE}data file: /etc/passwd\n", "own folder: got '/etc/passwd', which leads out"),
        (f"{SPACE}DataFile: ../a.raw\n", r"own folder: got '\.\./a\.raw', which leads out"),
        (f"{SPACE}data file: LIST\nb.raw\n/etc/passwd\n", "beside it: got no file 'b.raw'"),
        (f"{SPACE}data file: ../%02d.raw 1 7 1\n", r"own folder: got '\.\./01\.raw'"),
    ],
)
def test_an_incomplete_nrrd_header_is_refused(fields: str, words: str, tmp_path: Path) -> None:
    """One field at a time."""
    with pytest.raises(ScanError, match=words):
        read_scan(write_nrrd(tmp_path / "a.nrrd", fields))


def test_an_nrrd_file_may_have_its_voxels_beside_it(tmp_path: Path) -> None:
    """In a compressed file of their own."""
    (tmp_path / "a.raw.gz").write_bytes(gzip.compress(VOXELS.tobytes()))
    fields = f"{SPACE}data file: a.raw.gz\n"

    scan = read_scan(write_nrrd(tmp_path / "a.nhdr", fields, b"", packing="gzip"))

    np.testing.assert_array_equal(scan.intensity, canonical_voxels())


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
def test_a_compressed_nrrd_file_is_checked_for_checksum_and_size(
    content: bytes, words: str, tmp_path: Path
) -> None:
    """Up to the last byte."""
    with pytest.raises(ScanError, match=words):
        read_scan(write_nrrd(tmp_path / "a.nrrd", content=content, packing="gzip"))


def test_other_encodings_are_refused(tmp_path: Path) -> None:
    """Text and bzip2 are not read."""
    with pytest.raises(ScanError, match="raw or gzip: got a header with the encoding 'ascii'"):
        read_scan(write_nrrd(tmp_path / "a.nrrd", packing="ascii"))


def test_a_header_without_end_is_refused(tmp_path: Path) -> None:
    """No more than a megabyte of text is read."""
    with pytest.raises(ScanError, match="more than 1048576 bytes of text"):
        read_scan(write_nrrd(tmp_path / "a.nrrd", "# " + "a" * 2**20 + "\n"))


def test_sheared_axes_are_refused(tmp_path: Path) -> None:
    """A qform cannot represent them."""
    fields = "space: LPS\nspace directions: (0.5,0,0) (0.4,0.7,0) (0,0,3)\n"

    with pytest.raises(ScanError, match="qform and sform must place the image alike"):
        read_scan(write_nrrd(tmp_path / "a.nrrd", fields))
