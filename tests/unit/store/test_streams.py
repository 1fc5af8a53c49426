"""Files are read to their end: checksums, sizes, and voxels beside a header."""

import gzip
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.domain.scan import Scan
from pipeline.errors import ArtefactError, ScanError
from pipeline.store.images import read_labels, read_scan
from pipeline.store.nifti import copy_image


def packed(scan_file: Path) -> bytes:
    """Return the scan as one gzip stream of uncompressed blocks."""
    return gzip.compress(gzip.decompress(scan_file.read_bytes()), 1, mtime=0)


def flipped(content: bytes, place: int) -> bytes:
    """Flip one bit."""
    damaged = bytearray(content)
    damaged[place] ^= 16
    return bytes(damaged)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda c: flipped(c, len(c) // 2), "does not fit its checksum"),
        (lambda c: flipped(c, len(c) - 6), "does not fit its checksum"),
        (lambda c: flipped(c, len(c) - 3), "does not fit its checksum"),
        (lambda c: c[:-4], "is cut off"),
        (lambda c: c[:-40], "is cut off"),
        (lambda c: c + b"garbage", "does not fit its checksum"),
    ],
)
def test_a_damaged_gzip_stream_is_refused(
    damage: Callable[[bytes], bytes], words: str, scan_file: Path
) -> None:
    """In the voxels, the checksum or the length, or cut off in any of them."""
    scan_file.write_bytes(damage(packed(scan_file)))

    with pytest.raises(ScanError, match=rf"T1w\.nii\.gz: A scan must be whole: .* {words}\."):
        read_scan(scan_file)


def test_a_damaged_label_map_is_refused(scan_file: Path) -> None:
    """The flipped bit changes one muscle into another."""
    voxels = np.random.default_rng(1).integers(0, 3, (5, 6, 7)).astype(np.uint8)
    nib.save(nib.Nifti1Image(voxels, np.eye(4)), scan_file)
    content = gzip.compress(gzip.decompress(scan_file.read_bytes()), 0)
    scan_file.write_bytes(flipped(content, len(content) - 30))

    with pytest.raises(ArtefactError, match=r"must be readable: .*does not fit its checksum"):
        read_labels(scan_file, MUSCLE_NAMES)


def test_a_damaged_scan_is_not_copied(scan_file: Path, tmp_path: Path) -> None:
    """Import writes nothing of it."""
    scan_file.write_bytes(flipped(packed(scan_file), 300))

    with pytest.raises(ScanError, match="A scan must be whole"):
        copy_image(scan_file, tmp_path / "copy.nii.gz")
    assert not (tmp_path / "copy.nii.gz").exists()


@pytest.mark.parametrize(
    "store",
    [
        lambda raw: gzip.compress(raw) + bytes(512),
        lambda raw: gzip.compress(raw[:400]) + gzip.compress(raw[400:]),
        lambda raw: raw,
    ],
)
def test_what_gzip_reads_is_read(
    store: Callable[[bytes], bytes], scan: Scan, scan_file: Path
) -> None:
    """Trailing zeros, several streams in a row, or a plain file named ``.gz``."""
    scan_file.write_bytes(store(gzip.decompress(scan_file.read_bytes())))

    np.testing.assert_array_equal(read_scan(scan_file).intensity, scan.intensity)


def test_a_compressed_file_with_a_plain_name_is_read(scan: Scan, scan_file: Path) -> None:
    """The content decides, not the name."""
    plain = scan_file.rename(scan_file.with_name("foot.nii"))

    np.testing.assert_array_equal(read_scan(plain).intensity, scan.intensity)


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
@pytest.mark.parametrize(
    ("axis", "size", "words"),
    [(1, 4, "got (772|more) bytes.*implies 688"), (3, 8, "got 772 bytes.*implies 832")],
)
def test_sizes_must_be_those_of_the_file(
    ending: str, axis: int, size: int, words: str, scan_file: Path
) -> None:
    """One row fewer would give another image; 352 bytes of header, 2 per voxel."""
    raw = bytearray(gzip.decompress(scan_file.read_bytes()))
    raw[40 + 2 * axis : 42 + 2 * axis] = size.to_bytes(2, "little")
    path = scan_file.with_name(f"foot{ending}")
    path.write_bytes(gzip.compress(raw) if ending == ".nii.gz" else raw)

    with pytest.raises(ScanError, match=words):
        read_scan(path)


def test_a_small_file_allocates_no_large_memory(scan_file: Path) -> None:
    """More than a deflate stream can expand to is refused before memory is allocated."""
    raw = bytearray(gzip.decompress(scan_file.read_bytes()))
    raw[42:48] = np.array((900, 900, 300), "<i2").tobytes()
    scan_file.write_bytes(gzip.compress(raw))

    with pytest.raises(ScanError, match=r"got at most \d+ bytes.*implies 486000352"):
        read_scan(scan_file)


def test_a_pair_has_no_voxels_outside_its_folder(scan: Scan, tmp_path: Path) -> None:
    """A link would bring any file into the dataset."""
    image = nib.Nifti1Pair(scan.intensity.astype(np.int16), scan.grid.matrix)
    (tmp_path / "theirs").mkdir()
    nib.save(image, tmp_path / "theirs" / "a.img")
    (tmp_path / "theirs" / "a.img").rename(tmp_path / "secret")
    (tmp_path / "theirs" / "a.img").symlink_to(tmp_path / "secret")

    with pytest.raises(ScanError, match=r"must lie in its own folder: got 'a\.img'"):
        read_scan(tmp_path / "theirs" / "a.hdr")


def test_a_pair_may_be_kept_by_git_annex(scan: Scan, tmp_path: Path) -> None:
    """In a dataset of datalad each file is a link to the objects of the dataset."""
    folder, objects = tmp_path / "sub-01" / "anat", tmp_path / ".git" / "annex" / "objects"
    folder.mkdir(parents=True)
    objects.mkdir(parents=True)
    image = nib.Nifti1Pair(scan.intensity.astype(np.int16), scan.grid.matrix)
    nib.save(image, folder / "a.img")
    (folder / "a.img").rename(objects / "KEY")
    (folder / "a.img").symlink_to(Path("..", "..", ".git", "annex", "objects", "KEY"))

    np.testing.assert_array_equal(read_scan(folder / "a.hdr").intensity, scan.intensity)


def test_a_pair_needs_both_files(scan: Scan, tmp_path: Path) -> None:
    """The message names the missing one."""
    image = nib.Nifti1Pair(scan.intensity.astype(np.int16), scan.grid.matrix)
    nib.save(image, tmp_path / "a.img")
    (tmp_path / "a.img").unlink()

    with pytest.raises(
        ScanError, match=r"must have its voxels beside it: got no file 'a\.img'"
    ):
        read_scan(tmp_path / "a.hdr")
