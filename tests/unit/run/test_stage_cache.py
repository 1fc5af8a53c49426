"""Records of outputs: edits, kills at any moment, and damaged records."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import ArtefactError
from pipeline.run.stage_cache import (
    DONE,
    WRITING,
    StageRecord,
    check_unaltered,
    check_unclaimed,
    put_in_place,
    read_record,
    write_record,
)
from pipeline.store.files import sha256_of

OLD = {
    "volumes.tsv": b"old",
    "figures/groups.svg": b"old plot",
    "gone.tsv": b"old, and no more",
}
NEW = {"volumes.tsv": b"new", "figures/groups.svg": b"new plot", "added.tsv": b"new"}


class Killed(BaseException):
    """Simulates the end of a process, which runs no `except Exception`."""


def write_files(folder: Path, contents: dict[str, bytes]) -> dict[str, str]:
    """Write files and give their sha256."""
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return {name: sha256_of(folder / name) for name in contents}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Make a folder of results and their record."""
    outputs = write_files(tmp_path / "out", OLD)
    write_record(StageRecord("", outputs=outputs), tmp_path / "out" / "record.json")
    return tmp_path / "out"


def put_new(out: Path) -> None:
    """Move new results into OUT, and record them."""
    scratch = out.parent / "scratch"
    write_files(scratch, NEW)
    record = read_record(out / "record.json")
    assert record is not None
    outputs = put_in_place(record, scratch, out, out / "record.json")
    write_record(StageRecord("", outputs=outputs), out / "record.json")


@contextmanager
def killed_at(monkeypatch: pytest.MonkeyPatch, moment: int) -> Iterator[None]:
    """Kill the block when the nth file is moved or removed."""
    left = iter(range(moment))

    def dying(does: Callable[..., object]) -> Callable[..., object]:
        def act(path: Path, *words: object, **options: object) -> object:
            if next(left, None) is None:
                raise Killed
            return does(path, *words, **options)

        return act

    with monkeypatch.context() as patch, pytest.raises(Killed):  # noqa: PT012
        patch.setattr(Path, "replace", dying(Path.replace))
        patch.setattr(Path, "unlink", dying(Path.unlink))
        yield


@pytest.mark.parametrize("moment", range(6))
def test_a_run_continues_after_a_kill_at_any_moment(
    out: Path, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    """The record has every file, old or new, and a second run gives all new files."""
    with killed_at(monkeypatch, moment):
        put_new(out)
    check_unaltered(read_record(out / "record.json"), out)
    put_new(out)

    assert {name: (out / name).read_bytes() for name in NEW} == NEW
    assert not (out / "gone.tsv").exists()
    record = read_record(out / "record.json")
    assert record is not None
    assert (record.status, record.pending) == (DONE, {})


@pytest.mark.parametrize("moment", range(6))
def test_an_edit_after_a_kill_is_refused(
    out: Path, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    """A file that is neither the old nor the new one is an edit."""
    with killed_at(monkeypatch, moment):
        put_new(out)
    (out / "volumes.tsv").write_bytes(b"mine")

    with pytest.raises(ArtefactError, match=r"altered since then: \['volumes.tsv'\]"):
        put_new(out)
    assert (out / "volumes.tsv").read_bytes() == b"mine"


def test_a_file_of_other_origin_is_kept(out: Path) -> None:
    """A file without a record is not overwritten."""
    (out / "added.tsv").write_bytes(b"mine")

    with pytest.raises(ArtefactError, match=r"unknown origin: got \['added.tsv'\]"):
        put_new(out)
    assert (out / "added.tsv").read_bytes() == b"mine"
    assert (out / "volumes.tsv").read_bytes() == b"old"


def test_a_dangling_link_is_kept(out: Path) -> None:
    """A link without a target counts as a file."""
    (out / "added.tsv").symlink_to("nowhere")

    with pytest.raises(ArtefactError, match=r"unknown origin: got \['added.tsv'\]"):
        check_unclaimed(None, ["added.tsv"], out)


def test_equal_files_are_not_written_again(out: Path) -> None:
    """Other programs can read them meanwhile."""
    record = read_record(out / "record.json")
    assert record is not None
    before = (out / "volumes.tsv").stat().st_ino
    write_files(out.parent / "scratch", OLD)
    put_in_place(record, out.parent / "scratch", out, out / "record.json")

    assert (out / "volumes.tsv").stat().st_ino == before


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"{]", "invalid JSON at line 1, column 2"),
        (b"\xff\xfe{}", "text that is not UTF-8, at byte 0"),
        (b"[" * 100_000, "objects nested too deep"),
        (b"[]", "Input should be an object"),
        (b"{}", "key"),
        (b'{"key": 1}', "key"),
        (b'{"key": "k", "outputs": ["volumes.tsv"]}', "outputs"),
        (b'{"key": "k", "outputs": {"volumes.tsv": null}}', r"outputs\.volumes\.tsv"),
        (b'{"key": "k", "status": "well"}', "status"),
        (b'{"key": "k", "stage": "measure"}', "stage"),
        (b'{"key": "k", "code": ' + b"9" * 5000 + b"}", "too long a number"),
        (b'{"key": "k", "seconds": NaN}', "seconds"),
        (b'{"key": "k", "seconds": 1e999}', "seconds"),
        (b'{"key": "k", "key": "l"}', "two values of 'key'"),
        (b'{"key": "k", "outputs": {"../raw.nii": "s"}}', "'../raw.nii', which lies outside"),
        (b'{"key": "k", "pending": {"/etc/hosts": "s"}}', "'/etc/hosts', which lies outside"),
    ],
)
def test_a_malformed_record_is_refused(tmp_path: Path, text: bytes, fault: str) -> None:
    """Footvol cannot have written it; files outside OUT are never touched."""
    (tmp_path / "segment.json").write_bytes(text)

    with pytest.raises(
        ArtefactError, match=rf"as footvol wrote it: got .*the fault is .*{fault}"
    ):
        read_record(tmp_path / "segment.json")


def test_a_record_is_read_as_written(tmp_path: Path) -> None:
    """Writing and reading give the same record."""
    record = StageRecord("k", {"a": "1"}, {"b": "2"}, WRITING, "No.", 3, 1.25, {"b": "3"})
    write_record(record, tmp_path / "logs" / "record.json")

    assert read_record(tmp_path / "logs" / "record.json") == record
    assert replace(record, pending={}) != record
