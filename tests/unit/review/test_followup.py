"""Tables and pages that follow a correction."""

import threading
from collections.abc import Collection
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.domain.decision import Decision, Signature, Verdict
from pipeline.domain.scan_key import ScanKey
from pipeline.errors import ConfigError
from pipeline.review import followup
from pipeline.review.followup import Followup, write_all
from pipeline.run.cohort import Cohort
from pipeline.run.locked_out import out_locked
from pipeline.run.reopen import reopen
from pipeline.store.review_table import write_decisions


@pytest.fixture
def out(bids_dir: Path, tmp_path: Path, calls: list[str]) -> Path:
    """Run all stages on six participants, of which one is left out by a table of reasons."""
    excluded = tmp_path / "excluded.tsv"
    excluded.write_text("participant_id\treason\nsub-05\tmoved\nsub-06\tmoved\n")
    out = tmp_path / "out"
    assert main(["run", str(bids_dir), str(out), "--exclude", str(excluded)]) == 0
    calls.clear()
    return out


def decide(label: str, verdict: Verdict) -> Decision:
    """Make a decision."""
    signature = Signature("AB", "now", "0" * 64)
    return Decision.of_text(ScanKey(label), verdict, "wrap", by=signature)


def test_tables_leave_out_who_was_rejected(out: Path, calls: list[str]) -> None:
    """And who was left out before, unless someone reviewed them since."""
    decisions = [decide("02", "reject"), decide("03", "accept"), decide("06", "accept")]
    write_decisions(decisions, out / "review.tsv")

    write_all(reopen(out), (ScanKey("04"),))

    lines = (out / "volumes.tsv").read_text().splitlines()[1:]
    left_out = {line[:6] for line in lines if "\texcluded\t" in line}
    assert left_out == {"sub-02", "sub-05"}
    assert "rejected in review by AB: wrap" in lines[1]
    assert (
        "- sub-02: excluded: rejected in review by AB: wrap"
        in (out / "statistics.md").read_text()
    )
    assert calls == []


def test_tables_wait_for_other_commands_and_are_then_not_written(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page shows the sentence; the next request tries again."""
    monkeypatch.setattr(followup, "_LONGEST_WAIT_S", 0.1)
    tables = Followup(lambda: reopen(out))
    with out_locked(out, is_shared=True):
        tables.request()
        tables.join()

    assert tables.state == "failed"
    assert tables.message.startswith("Only one command at a time may work on")


def test_requests_that_come_meanwhile_are_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is written once more after the last of them."""
    started, may_go = threading.Event(), threading.Event()
    written: list[list[str]] = []

    def write(_cohort: Cohort, keys: Collection[ScanKey]) -> None:
        written.append([key.label for key in keys])
        started.set()
        may_go.wait(10)

    monkeypatch.setattr(followup, "write_all", write)
    tables = Followup(lambda: None)  # type: ignore[arg-type, return-value]
    tables.request(ScanKey("01"))
    started.wait(10)
    tables.request(ScanKey("02"))
    tables.request()
    tables.request(ScanKey("03"))
    assert tables.state == "writing"
    may_go.set()
    tables.join()

    assert written == [["01"], ["02", "03"]]
    assert (tables.state, tables.message) == ("current", "")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConfigError("Tables must stay as written."), "Tables must stay as written."),
        (OSError(28, "No space left on device"), "No space left on device"),
        (ZeroDivisionError("division"), "A bug of footvol (division)"),
    ],
)
def test_a_failure_is_told_and_the_review_goes_on(error: Exception, words: str) -> None:
    """The page shows the sentence; the next request tries again."""

    def fail() -> Cohort:
        raise error

    tables = Followup(fail)
    tables.request()
    tables.join()

    assert tables.state == "failed"
    assert words in tables.message
