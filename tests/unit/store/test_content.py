"""Files without content here: pipes, devices and placeholders."""

import os
import socket
from pathlib import Path

import pytest

from pipeline.config import load_config
from pipeline.errors import ArtefactError, ConfigError, ScanError
from pipeline.run.cohort import open_scan
from pipeline.simulate.effect_file import read_effect
from pipeline.store.content import check_content
from pipeline.store.correction_files import find_corrections
from pipeline.store.files import sha256_of
from pipeline.store.images import read_scan
from pipeline.store.names import ScanName
from pipeline.store.participants import read_participants_table, read_patient_map
from pipeline.store.sidecars import read_sidecar
from pipeline.store.sources import opened_participants, opened_source

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:1f\nsize 812345\n"
ANNEX = b"/annex/objects/SHA256E-s812345--1f.nii.gz\n"


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """Make a named pipe without a writer."""
    path = tmp_path / "sub-01_T1w.nii.gz"
    os.mkfifo(path)
    return path


@pytest.mark.parametrize("content", [b"", b"scan", b"/annex", LFS[:20], LFS + bytes(2000)])
def test_a_regular_file_passes(content: bytes, tmp_path: Path) -> None:
    """Whatever its content, unless it is a placeholder."""
    (tmp_path / "a").write_bytes(content)

    check_content(tmp_path / "a")
    check_content(tmp_path)
    check_content(tmp_path / "missing")


def test_a_link_is_accepted_if_its_target_exists(tmp_path: Path) -> None:
    """So datasets of datalad are read once they are fetched."""
    (tmp_path / "annex" / "objects").mkdir(parents=True)
    (tmp_path / "annex" / "objects" / "a").write_bytes(b"scan")
    (tmp_path / "a.nii").symlink_to("annex/objects/a")

    check_content(tmp_path / "a.nii")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (LFS, "a pointer of Git LFS without it.*git lfs pull --include 'a.nii.gz'$"),
        (ANNEX, "a pointer of git-annex without it.*datalad get 'a.nii.gz'$"),
    ],
)
def test_a_placeholder_is_reported_with_the_command_to_fetch_it(
    content: bytes, words: str, tmp_path: Path
) -> None:
    """The message names the file and the command to fetch it."""
    (tmp_path / "a.nii.gz").write_bytes(content)

    with pytest.raises(ScanError, match=words):
        read_scan(tmp_path / "a.nii.gz")


def test_a_sidecar_that_is_not_fetched_is_refused(tmp_path: Path) -> None:
    """It may say which foot this is."""
    (tmp_path / "a.json").symlink_to("../.git/annex/objects/x/a.json")

    with pytest.raises(ScanError, match=r"link of git-annex .*datalad get 'a\.json'"):
        read_sidecar(tmp_path / "a.nii.gz")


def test_devices_and_sockets_are_named(tmp_path: Path) -> None:
    """The error has the class that the reader chose."""
    with pytest.raises(ConfigError, match="got 'null', which is a device"):
        check_content(Path("/dev/null"), ConfigError)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        with pytest.raises(ScanError, match="got 's', which is a socket"):
            check_content(tmp_path / "s")


def test_a_pipe_among_files_of_a_source_is_not_named(tmp_path: Path) -> None:
    """A DICOM file's name may name a person."""
    os.mkfifo(tmp_path / "MUSTERMANN")

    with (
        pytest.raises(ScanError, match="got a file, which is a named pipe") as refused,
        opened_source((tmp_path,)),
    ):
        pytest.fail("was accepted")
    assert "MUSTERMANN" not in str(refused.value)


def test_a_pipe_is_refused_wherever_one_may_be_given(pipe: Path, tmp_path: Path) -> None:
    """Neither scan, source nor checksum waits for a writer."""
    for read in (
        read_scan,
        sha256_of,
        lambda p: open_scan(p, tmp_path, load_config(), None, None),
    ):
        with pytest.raises(ScanError, match="which is a named pipe"):
            read(pipe)
    with pytest.raises(ScanError, match="which is a named pipe"), opened_participants(pipe):
        pytest.fail("was accepted")
    with pytest.raises(ScanError, match="which is a named pipe"), opened_source((pipe,)):
        pytest.fail("was accepted")


@pytest.mark.parametrize(
    "read",
    [read_participants_table, read_patient_map, load_config, lambda p: read_effect(str(p))],
)
def test_tables_and_settings_are_regular_files(read: object, tmp_path: Path) -> None:
    """They are files of text."""
    path = tmp_path / "a.toml"
    os.mkfifo(path)

    assert callable(read)
    with pytest.raises(ConfigError, match="must be a regular file: got"):
        read(path)


def test_a_correction_is_a_regular_file(tmp_path: Path) -> None:
    """The error is that of a damaged output."""
    folder = tmp_path / "corrections"
    folder.mkdir()
    os.mkfifo(folder / "sub-01_seg-muscles_dseg.nii.gz")

    with pytest.raises(ArtefactError, match="which is a named pipe"):
        find_corrections(tmp_path, ScanName("01"))


def test_an_unreadable_file_is_left_to_its_reader(tmp_path: Path) -> None:
    """The reader knows the purpose of the file and gives the reason."""
    check_content(tmp_path / ("a" * 300))
