"""Text headers of NRRD and MetaImage files: complete ones are read, ambiguous ones not."""

import gzip
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from text_image_makers import (
    SPACE,
    VOXELS,
    canonical_voxels,
    compressed_fields,
    write_metaimage,
    write_nrrd,
)

from pipeline.errors import ScanError
from pipeline.store.images import read_scan

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
        d / "a.mha",
        compressed_fields(zlib.compress(VOXELS.tobytes())),
        zlib.compress(VOXELS.tobytes()),
    ),
]


@pytest.mark.parametrize("write", WRITERS)
def test_a_complete_header_is_read(write: Callable[[Path], Path], tmp_path: Path) -> None:
    """Raw or compressed, in either byte order, without a caution."""
    scan = read_scan(write(tmp_path))

    np.testing.assert_array_equal(scan.intensity, canonical_voxels())
    assert scan.grid.spacing_mm == pytest.approx((0.5, 0.7, 3.0))
    assert scan.cautions == ()


@pytest.mark.parametrize(
    ("write", "fields"),
    [
        (write_nrrd, "spacings: 0.5 0.7 3\n"),
        (write_nrrd, SPACE.replace("space: LPS", "space dimension: 3")),
        (write_nrrd, SPACE.replace("LPS", "scanner-xyz")),
        (write_metaimage, "ElementSpacing = 0.5 0.7 3\n"),
        (write_metaimage, "ElementSpacing = 0.5 0.7 3\nAnatomicalOrientation = RAI\n"),
    ],
)
def test_a_missing_orientation_gives_a_caution(
    write: Callable[[Path, str], Path], fields: str, tmp_path: Path
) -> None:
    """As for Analyze: volumes are certain, left and right are not."""
    path = tmp_path / ("a.nrrd" if write is write_nrrd else "a.mha")

    scan = read_scan(write(path, fields))

    assert [caution.code for caution in scan.cautions] == ["orientation-unknown"]
    assert scan.grid.spacing_mm == pytest.approx((0.5, 0.7, 3.0))


@pytest.mark.parametrize("content", [VOXELS.tobytes()[:-2], VOXELS.tobytes() + b"ab"])
@pytest.mark.parametrize("write", [write_nrrd, write_metaimage])
def test_plain_voxels_are_checked_for_their_size(
    write: Callable[..., Path], content: bytes, tmp_path: Path
) -> None:
    """Neither fewer nor more than the header implies."""
    path = tmp_path / ("a.nrrd" if write is write_nrrd else "a.mha")

    with pytest.raises(ScanError, match=r"got (418|more) bytes, where its header implies 420"):
        read_scan(write(path, content=content))
