"""No existing file is lost: typing errors, kills, full disks, files of other origin."""

import os
import resource
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from makers import make_taken_scan

from pipeline.cli import main
from pipeline.store.images import write_scan

pytestmark = pytest.mark.usefixtures("calls")
QUICK = ("--set", "compare.permutations=0")


class Killed(BaseException):
    """Simulates the end of a process, which runs no `except Exception`."""


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Give the path of OUT, which does not exist yet."""
    return tmp_path / "out"


def footvol(*words: object) -> int:
    """Run a command."""
    return main([str(word) for word in words])


def bytes_below(folder: Path) -> dict[str, bytes]:
    """Give the content of all files."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}


@contextmanager
def full_disk(limit_bytes: int) -> Iterator[None]:
    """Limit the size of files, which acts like a full disk and needs no privileges."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.integration
@pytest.mark.parametrize("wrong", [("--reference", "helthy"), ("--exclude", "no.tsv")])
def test_a_wrong_option_changes_no_file(
    bids_dir: Path, out: Path, wrong: tuple[str, ...]
) -> None:
    """It is refused before anything is written; a correct one is accepted."""
    footvol("run", bids_dir, out, *QUICK)
    before = bytes_below(out)

    assert footvol("compare", bids_dir, out, *QUICK, *wrong) == 2
    assert bytes_below(out) == before
    assert footvol("compare", bids_dir, out, *QUICK) == 0


def test_a_wrong_reference_is_refused_before_anything_is_measured(
    bids_dir: Path, out: Path, calls: list[str]
) -> None:
    """No stage is run."""
    assert footvol("run", bids_dir, out, "--set", "compare.reference=helthy") == 2
    assert calls == []
    assert not out.exists()


@pytest.mark.parametrize("command", ["run", "preprocess", "compare", "report"])
def test_files_of_other_origin_are_listed_and_kept(
    bids_dir: Path, out: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every command gives code 5 and changes no file."""
    out.mkdir()
    theirs = ("volumes.tsv", "statistics.md", "report.html", "sub-03.html", "muscles.json")
    for name in theirs:
        (out / name).write_text("mine")

    assert footvol(command, bids_dir, out, *QUICK) == 5
    printed = capsys.readouterr().err
    assert all(repr(name) in printed for name in theirs)
    assert bytes_below(out) == dict.fromkeys(theirs, b"mine")


def test_a_single_scan_keeps_files_of_other_origin(tmp_path: Path, out: Path) -> None:
    """The same is true without a dataset."""
    (tmp_path / "foot.nii.gz").write_bytes(b"fine")
    out.mkdir()
    (out / "sub-foot.html").write_text("mine")

    assert footvol("scan", tmp_path / "foot.nii.gz", out) == 5
    assert bytes_below(out) == {"sub-foot.html": b"mine"}


@pytest.mark.integration
def test_all_written_files_are_recorded(bids_dir: Path, out: Path) -> None:
    """A file without a record would stop the next run."""
    options = (*QUICK, "--set", "compare.latex=true", "--set", "compare.csv=true")

    assert footvol("run", bids_dir, out, *options) == 0
    assert footvol("run", bids_dir, out, *options) == 0
    records = "".join(p.read_text() for p in (out / "logs").rglob("*.json"))
    written = [name for name in bytes_below(out) if not name.startswith("logs/")]
    assert [name for name in written if f'"{name}"' not in records] == []


@pytest.mark.integration
@pytest.mark.parametrize("moment", [4, 14, 30])
def test_a_run_continues_after_a_kill_while_tables_are_written(
    bids_dir: Path, out: Path, moment: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same command gives the same files as without the kill."""
    footvol("run", bids_dir, out, *QUICK)
    words = ("report", bids_dir, out, *QUICK, "--set", "compare.test=student")
    left = iter(range(moment))
    replace = Path.replace

    def dying(path: Path, target: Path) -> Path:
        if next(left, None) is None:
            raise Killed
        return replace(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", dying)
        with pytest.raises(Killed):
            footvol(*words)
    assert footvol(*words) == 0
    killed = bytes_below(out)
    assert footvol(*words, "--force") == 0

    assert {name: killed[name] for name in killed if not name.startswith("logs/")} == {
        name: content
        for name, content in bytes_below(out).items()
        if not name.startswith("logs/")
    }
    assert b"student" in killed["statistics.tsv"]


@pytest.mark.integration
@pytest.mark.parametrize("limit_bytes", [100, 4000])
def test_a_full_disk_is_reported_and_a_later_run_continues(
    bids_dir: Path, out: Path, limit_bytes: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Code 2, no traceback, and the same command works when there is space again."""
    with full_disk(limit_bytes):
        code = footvol("run", bids_dir, out, *QUICK)
    printed = capsys.readouterr().err

    assert code == 2
    assert "File too large" in printed
    assert "Traceback" not in printed
    assert footvol("run", bids_dir, out, *QUICK) == 0


@pytest.mark.integration
def test_a_full_disk_loses_no_tables(bids_dir: Path, out: Path) -> None:
    """The tables stay unchanged."""
    footvol("run", bids_dir, out, *QUICK)
    before = (out / "volumes.tsv").read_bytes(), (out / "statistics.tsv").read_bytes()
    words = ("compare", bids_dir, out, *QUICK, "--set", "compare.test=student")
    with full_disk(4000):
        assert footvol(*words) == 2

    assert before == ((out / "volumes.tsv").read_bytes(), (out / "statistics.tsv").read_bytes())
    assert footvol(*words) == 0


def refuse(*_: object, **__: object) -> str:
    """Act like a temporary folder on a read-only disk."""
    raise OSError(30, "Read-only file system", "/tmp/scratch")


@pytest.mark.parametrize("command", ["intake", "agree"])
def test_a_read_only_temporary_folder_is_one_sentence(
    tmp_path: Path,
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Commands that need one exit with code 2."""
    write_scan(make_taken_scan(), tmp_path / "sub-01_T1w.nii.gz", like=None)
    words = [tmp_path / "sub-01_T1w.nii.gz", tmp_path / "raw"]
    if command == "agree":
        words = [tmp_path / "sub-01_T1w.nii.gz"] * 2
        monkeypatch.setattr("pipeline.run.agreement.compute_agreement", refuse)
    monkeypatch.setattr(tempfile, "mkdtemp", refuse)

    assert footvol(command, *words) == 2
    printed = capsys.readouterr().err
    assert "got 'Read-only file system' for '/tmp/scratch'" in printed
    assert printed.count("\n") == 1


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: "o" * 300, "File name too long"),
        (lambda: "/".join(["deep" * 50] * 25), "File name too long"),
        (lambda: os.fsdecode(b"pi\xe9"), r"pi\udce9'. Rename the file"),
    ],
)
def test_an_impossible_file_name_is_one_sentence(
    bids_dir: Path,
    tmp_path: Path,
    make: Callable[[], str],
    expected: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It is too long for the system, or not UTF-8."""
    assert footvol("run", bids_dir, f"{tmp_path}/{make()}") == 2

    printed = capsys.readouterr().err
    assert expected in printed
    assert printed.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]


@pytest.mark.integration
def test_no_home_folder_is_needed(
    bids_dir: Path, tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The font cache of plots is in a temporary folder, which is removed."""
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    monkeypatch.delenv("MPLCONFIGDIR", raising=False)
    caches = []

    def draw(*_: object) -> str:
        caches.append(Path(os.environ["MPLCONFIGDIR"]))
        assert caches[0].is_dir()
        return "<html>one</html>\n"

    monkeypatch.setattr("pipeline.run.cohort_pages.participant_page", draw)

    assert footvol("run", bids_dir, out, *QUICK) == 0
    assert len(caches) == 6
    assert not caches[0].exists()
    assert "MPLCONFIGDIR" not in os.environ
    assert not (tmp_path / "nobody").exists()


def test_the_users_cache_of_plots_is_used(
    bids_dir: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment variable is not changed."""
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path))

    assert footvol("preprocess", bids_dir, out) == 0
    assert os.environ["MPLCONFIGDIR"] == str(tmp_path)
