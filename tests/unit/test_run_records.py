"""What a record holds to, and that no moment of a kill leaves files that it does not know."""

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
    """Stands for the end of a process, which runs no `except Exception`."""


def write_files(folder: Path, contents: dict[str, bytes]) -> dict[str, str]:
    """Write files and give their sums."""
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return {name: sha256_of(folder / name) for name in contents}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Make a folder of results, with its record."""
    outputs = write_files(tmp_path / "out", OLD)
    write_record(StageRecord("", outputs=outputs), tmp_path / "out" / "record.json")
    return tmp_path / "out"


def put_new(out: Path) -> None:
    """Put new results in place, and record that."""
    scratch = out.parent / "scratch"
    write_files(scratch, NEW)
    record = read_record(out / "record.json")
    assert record is not None
    outputs = put_in_place(record, scratch, out, out / "record.json")
    write_record(StageRecord("", outputs=outputs), out / "record.json")


@contextmanager
def killed_at(monkeypatch: pytest.MonkeyPatch, moment: int) -> Iterator[None]:
    """End the block at the nth time that a file is moved or removed."""
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
def test_a_kill_at_any_moment_is_gone_on_from(
    out: Path, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    """The record knows every file, old or new, and the same work again gives the whole."""
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
def test_an_edit_after_a_kill_is_found(
    out: Path, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    """Whenever the kill came, what is neither old nor new is somebody's."""
    with killed_at(monkeypatch, moment):
        put_new(out)
    (out / "volumes.tsv").write_bytes(b"mine")

    with pytest.raises(ArtefactError, match=r"altered since then: \['volumes.tsv'\]"):
        put_new(out)
    assert (out / "volumes.tsv").read_bytes() == b"mine"


def test_a_file_that_came_during_the_work_is_kept(out: Path) -> None:
    """What nobody recorded is not written over at the last moment either."""
    (out / "added.tsv").write_bytes(b"mine")

    with pytest.raises(ArtefactError, match=r"unknown origin: got \['added.tsv'\]"):
        put_new(out)
    assert (out / "added.tsv").read_bytes() == b"mine"
    assert (out / "volumes.tsv").read_bytes() == b"old"


def test_a_link_to_nowhere_is_somebodys_too(out: Path) -> None:
    """A link whose target is not there now still is a file of somebody."""
    (out / "added.tsv").symlink_to("nowhere")

    with pytest.raises(ArtefactError, match=r"unknown origin: got \['added.tsv'\]"):
        check_unclaimed(None, ["added.tsv"], out)


def test_equal_files_are_left_as_they_are(out: Path) -> None:
    """What would not change is not written, so that others may read it meanwhile."""
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
def test_a_record_of_another_shape_is_refused(tmp_path: Path, text: bytes, fault: str) -> None:
    """What footvol cannot have written is no record, and nothing outside OUT is touched."""
    (tmp_path / "segment.json").write_bytes(text)

    with pytest.raises(
        ArtefactError, match=rf"as footvol wrote it: got .*at fault at .*{fault}"
    ):
        read_record(tmp_path / "segment.json")


def test_records_survive_writing(tmp_path: Path) -> None:
    """What is written is read back."""
    record = StageRecord("k", {"a": "1"}, {"b": "2"}, WRITING, "No.", 3, 1.25, {"b": "3"})
    write_record(record, tmp_path / "logs" / "record.json")

    assert read_record(tmp_path / "logs" / "record.json") == record
    assert replace(record, pending={}) != record
