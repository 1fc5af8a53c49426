"""Archives in: nothing leads out of the folder, nothing fills the disk."""

import gzip
import io
import stat
import tarfile
import zipfile
from contextlib import nullcontext
from pathlib import Path

import pytest

from pipeline.errors import ScanError
from pipeline.store.archives import is_archive, unpack, without_archive_ending


def make_tar(path: Path, *members: tarfile.TarInfo, mode: str = "w:gz") -> Path:
    """Write a tar file whose regular members have three bytes."""
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for member in members:
            member.size = 3 if member.isfile() else 0
            archive.addfile(member, io.BytesIO(b"abc") if member.isfile() else None)
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    """Describe a member of any kind."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def everything(folder: Path) -> list[str]:
    """List all files below a folder."""
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


@pytest.mark.parametrize(
    ("name", "mode"),
    [("a.tar", "w"), ("a.tgz", "w:gz"), ("a.tar.bz2", "w:bz2"), ("a.tar.xz", "w:xz")],
)
def test_tar_archives_are_unpacked(name: str, mode: str, tmp_path: Path) -> None:
    """Whatever the compression; folders are kept, devices are ignored."""
    pipe = member("pipe", tarfile.FIFOTYPE)
    path = make_tar(tmp_path / name, member("sub-01/one"), pipe, mode=mode)

    unpack(path, tmp_path / "out")

    assert everything(tmp_path / "out") == ["sub-01/one"]


@pytest.mark.parametrize("name", ["../../x", "/x", "C:/x", "..\\x", "a/../../x", "./x"])
def test_names_with_parent_folders_stay_inside(name: str, tmp_path: Path) -> None:
    """Zip and tar alike: parts that lead out are dropped."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(name, b"abc")
    tar = make_tar(tmp_path / "a.tar.gz", member(name))

    for number, path in enumerate((tmp_path / "a.zip", tar)):
        unpack(path, tmp_path / "deep" / str(number))

    found = everything(tmp_path)
    assert len([f for f in found if f.endswith("x")]) == 2
    assert all(f.startswith("deep/") for f in found if f.endswith("x"))


def test_members_of_equal_names_are_both_kept(tmp_path: Path) -> None:
    """Two members of one name become two files."""
    path = make_tar(tmp_path / "a.tar.gz", member("x"), member("/x"), member(".."))

    unpack(path, tmp_path / "out")

    assert everything(tmp_path / "out") == ["000001_x", "000002", "x"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_links_in_a_tar_are_refused(kind: bytes, tmp_path: Path) -> None:
    """They may lead anywhere."""
    path = make_tar(tmp_path / "a.tar.gz", member("x", kind, "/etc/passwd"))

    with pytest.raises(ScanError, match="contain its files themselves: got a link"):
        unpack(path, tmp_path / "out")


def test_links_in_a_zip_are_refused(tmp_path: Path) -> None:
    """Unix marks them in the attributes."""
    link = zipfile.ZipInfo("x")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")

    with pytest.raises(ScanError, match="contain its files themselves: got a link"):
        unpack(tmp_path / "a.zip", tmp_path / "out")


def test_a_zip_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the size that its header states."""
    monkeypatch.setattr("pipeline.store.archives._ALWAYS_BYTES", 2**20)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x", bytes(8 * 2**20))

    with pytest.raises(ScanError, match="over 16 GiB or 100 times its own"):
        unpack(tmp_path / "a.zip", tmp_path / "out")
    assert not everything(tmp_path / "out")


def test_the_size_in_an_archive_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The decompressed bytes are counted."""
    monkeypatch.setattr("pipeline.store.archives._ALWAYS_BYTES", 2**20)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x", bytes(8 * 2**20))
    monkeypatch.setattr(
        "pipeline.store.archives._zip_members",
        lambda path: nullcontext(
            iter([("x", 1, io.BytesIO(path.read_bytes() + bytes(2**21)))])
        ),
    )

    with pytest.raises(ScanError, match="over 16 GiB or 100 times its own"):
        unpack(tmp_path / "a.zip", tmp_path / "out")
    assert (tmp_path / "out" / "x").stat().st_size <= 2**20


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A million empty files would take minutes."""
    monkeypatch.setattr("pipeline.store.archives._MOST_FILES", 1)
    path = make_tar(tmp_path / "a.tar.gz", member("x"), member("y"))

    with pytest.raises(ScanError, match="got more than 1 files"):
        unpack(path, tmp_path / "out")


def test_a_full_disk_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is completely full."""
    monkeypatch.setattr("pipeline.store.archives._ALWAYS_BYTES", 2**60)
    path = make_tar(tmp_path / "a.tar.gz", member("x"))

    with pytest.raises(ScanError, match="more than fits on the disk for temporary files"):
        unpack(path, tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.zip", b"Dear colleague"),
        ("a.tar.gz", b"Dear colleague"),
        ("a.tar", b""),
        ("a.tar.xz", b"\xfd7zXZ\x00rest"),
    ],
)
def test_an_invalid_archive_is_refused(name: str, content: bytes, tmp_path: Path) -> None:
    """Text, and truncated files, under such names."""
    (tmp_path / name).write_bytes(content)

    with pytest.raises(
        ScanError,
        match=rf"archive must be whole and not encrypted: got '{name}', which (is|cannot)",
    ):
        unpack(tmp_path / name, tmp_path / "out")


def test_an_archive_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    """The list of members is at its end."""
    path = make_tar(tmp_path / "a.tar.gz", member("x"))
    path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(ScanError, match="must be whole"):
        unpack(path, tmp_path / "out")


@pytest.mark.parametrize("from_end", [2, 6])
def test_a_checksum_that_does_not_fit_is_refused(from_end: int, tmp_path: Path) -> None:
    """CRC and length of gzip come after all that tarfile reads (RFC 1952)."""
    path = make_tar(tmp_path / "a.tar.gz", member("x"))
    content = bytearray(path.read_bytes())
    content[-from_end] ^= 1
    path.write_bytes(content)

    with pytest.raises(ScanError, match=r"got 'a\.tar\.gz', which cannot be unpacked"):
        unpack(path, tmp_path / "out")


def test_a_damaged_member_is_not_the_end(tmp_path: Path) -> None:
    """It stops tarfile silently, and slices would be missing."""
    path = make_tar(tmp_path / "a.tar", member("x"), member("y"), mode="w")
    content = bytearray(path.read_bytes())
    content[1024] ^= 1
    path.write_bytes(content)

    with pytest.raises(ScanError, match=r"got 'a\.tar', which cannot be unpacked"):
        unpack(path, tmp_path / "out")


def test_a_tar_cut_off_between_members_is_refused(tmp_path: Path) -> None:
    """Two blocks of zeros end it (POSIX.1 pax); without any, others may be missing."""
    path = make_tar(tmp_path / "a.tar", member("x"), member("y"), mode="w")
    path.write_bytes(path.read_bytes()[:1024])

    with pytest.raises(ScanError, match=r"got 'a\.tar', which is cut off"):
        unpack(path, tmp_path / "out")


def test_several_gzip_streams_and_trailing_zeros_are_one_archive(tmp_path: Path) -> None:
    """As gzip itself reads them."""
    content = make_tar(tmp_path / "a.tar", member("x"), member("y"), mode="w").read_bytes()
    path = tmp_path / "a.tgz"
    path.write_bytes(gzip.compress(content[:700]) + gzip.compress(content[700:]) + bytes(99))

    unpack(path, tmp_path / "out")

    assert everything(tmp_path / "out") == ["x", "y"]


def test_archives_go_by_their_names(tmp_path: Path) -> None:
    """In any case; a folder of such a name is not an archive."""
    (tmp_path / "A.TAR.GZ").write_bytes(b"")
    (tmp_path / "b.zip").mkdir()

    assert is_archive(tmp_path / "A.TAR.GZ")
    assert not is_archive(tmp_path / "b.zip")
    assert without_archive_ending("A.TAR.GZ") == "A"
    assert without_archive_ending("foot.nii") == "foot.nii"
