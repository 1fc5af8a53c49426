"""One participant: stages that are run, skipped or refused, and their records."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from fake_stages import spoil_scan

from pipeline.errors import ArtefactError, ConfigError
from pipeline.run import plan
from pipeline.run.job import Job
from pipeline.run.outcome import OK
from pipeline.run.process_participant import process_participant
from pipeline.run.stage_cache import FAILED, read_record, write_record
from pipeline.store.files import sha256_of

pytestmark = pytest.mark.usefixtures("calls")
MUSCLES = "sub-01/anat/sub-01_seg-muscles_dseg.nii.gz"
PROBABILITY = "sub-01/anat/sub-01_label-muscle_probseg.nii.gz"


def bytes_below(folder: Path) -> dict[str, str]:
    """Give the sha256 of all files that are not logs."""
    return {
        path.relative_to(folder).as_posix(): sha256_of(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "logs" not in path.parts
    }


def test_all_stages_are_run_in_order(job: Job, calls: list[str]) -> None:
    """A new participant needs every stage."""
    outcome = process_participant(job)

    assert outcome.status == OK
    assert calls == [f"01 {stage.name}" for stage in plan.STAGES]


def test_a_record_has_inputs_outputs_and_status(job: Job) -> None:
    """The record of a stage has the sha256 of all inputs and outputs."""
    process_participant(job)

    record = json.loads((job.out / "logs" / "sub-01" / "segment.json").read_text())
    assert record["status"] == "done"
    assert record["code"] == 0
    assert record["reason"] is None
    assert list(record["inputs"]) == ["bids::sub-01/anat/sub-01_desc-preproc_T1w.nii.gz"]
    assert record["outputs"][MUSCLES] == sha256_of(job.out / MUSCLES)


def test_a_second_run_skips_all_stages(
    job: Job, calls: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A line for each stage says that it is up to date."""
    process_participant(job)
    calls.clear()
    with caplog.at_level("INFO", logger="pipeline"):
        outcome = process_participant(job)

    assert calls == []
    assert outcome.stages == ()
    assert [record.message for record in caplog.records] == [
        f"sub-01 {stage.name}: up to date" for stage in plan.STAGES
    ]


def test_a_deleted_output_is_written_again(job: Job, calls: list[str]) -> None:
    """A missing file is not a conflict; the new one has the same bytes."""
    process_participant(job)
    before = bytes_below(job.out)
    calls.clear()
    (job.out / MUSCLES).unlink()
    process_participant(job)

    assert calls == ["01 segment"]
    assert bytes_below(job.out) == before


def test_an_output_that_is_not_written_again_is_removed(job: Job) -> None:
    """The segmenter writes a probability; with corrected muscles there is none."""
    process_participant(job)
    written = (job.out / PROBABILITY).exists()
    correction = job.out / "corrections" / "sub-01_seg-muscles_dseg.nii.gz"
    correction.parent.mkdir()
    correction.write_bytes(b"corrected by hand")

    process_participant(job)

    assert written
    assert not (job.out / PROBABILITY).exists()
    assert (job.out / MUSCLES).exists()


def test_an_altered_output_is_refused_and_kept(job: Job, calls: list[str]) -> None:
    """An edit is not overwritten without --force."""
    process_participant(job)
    calls.clear()
    (job.out / MUSCLES).write_bytes(b"edited by hand")
    outcome = process_participant(job)

    assert outcome.code == ArtefactError.exit_code
    assert MUSCLES in str(outcome.reason)
    assert "pass --force" in str(outcome.reason)
    assert (job.out / MUSCLES).read_bytes() == b"edited by hand"
    assert calls == []


def test_force_overwrites_altered_outputs(job: Job) -> None:
    """All stages are run again, and the result is the same as before the edit."""
    process_participant(job)
    before = bytes_below(job.out)
    (job.out / MUSCLES).write_bytes(b"edited by hand")
    outcome = process_participant(replace(job, force=True))

    assert outcome.status == OK
    assert bytes_below(job.out) == before


def test_a_file_of_unknown_origin_is_refused_and_kept(job: Job) -> None:
    """A file without a record may be made by a user."""
    (job.out / MUSCLES).parent.mkdir(parents=True)
    (job.out / MUSCLES).write_bytes(b"drawn by hand")
    outcome = process_participant(job)

    assert outcome.code == ArtefactError.exit_code
    assert "unknown origin" in str(outcome.reason)
    assert (job.out / MUSCLES).read_bytes() == b"drawn by hand"


def test_a_damaged_record_is_refused(job: Job) -> None:
    """It stops the stage, unless --force is given."""
    process_participant(job)
    job.record_path("segment").write_text("{]")
    outcome = process_participant(job)

    assert outcome.code == ArtefactError.exit_code
    assert "must be readable JSON" in str(outcome.reason)
    assert process_participant(replace(job, force=True)).status == OK


def interrupt_segment(job: Job) -> None:
    """Leave the stage segment as a kill does after one new file was moved into OUT."""
    process_participant(job)
    record = read_record(job.record_path("segment"))
    assert record is not None
    (job.out / MUSCLES).write_bytes(b"new")
    pending = {**record.outputs, MUSCLES: sha256_of(job.out / MUSCLES)}
    interrupted = replace(record, pending=pending, status="writing")
    write_record(interrupted, job.record_path("segment"))


def test_an_interrupted_stage_is_run_again(job: Job) -> None:
    """A new file next to old ones is not a conflict."""
    interrupt_segment(job)
    outcome = process_participant(job)

    assert outcome.status == OK
    assert (job.out / MUSCLES).read_bytes() != b"new"


def test_an_edit_after_an_interrupted_stage_is_refused(job: Job) -> None:
    """A file that is neither the old nor the new one is an edit."""
    interrupt_segment(job)
    (job.out / MUSCLES).write_bytes(b"edited by hand")
    outcome = process_participant(job)

    assert outcome.code == ArtefactError.exit_code
    assert f"altered since then: ['{MUSCLES}']" in str(outcome.reason)
    assert (job.out / MUSCLES).read_bytes() == b"edited by hand"


def test_a_failure_is_recorded_and_keeps_earlier_outputs(job: Job, bids_dir: Path) -> None:
    """Outputs of an earlier run stay if a later one fails."""
    process_participant(job)
    before = (job.out / MUSCLES).read_bytes()
    spoil_scan(bids_dir, "01")
    outcome = process_participant(job)

    record = json.loads(job.record_path("segment").read_text())
    assert (outcome.status, outcome.code) == (FAILED, 4)
    assert (record["status"], record["code"]) == (FAILED, 4)
    assert "No foot was found" in record["reason"]
    assert (job.out / MUSCLES).read_bytes() == before
    assert not [*job.out.glob(".footvol-*")]


def test_a_bug_is_reported_as_such(
    job: Job, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It has exit code 1, a traceback in the log, and a request to report it."""

    def divide(_: object) -> None:
        msg = "by nought"
        raise ZeroDivisionError(msg)

    stages = tuple(replace(stage, run=divide) for stage in plan.STAGES)
    monkeypatch.setattr(plan, "STAGES", stages)
    outcome = process_participant(job)

    assert outcome.code == 1
    assert "A bug of footvol (by nought). Please report" in str(outcome.reason)
    assert "Traceback" in caplog.text


def test_a_full_disk_is_not_a_bug(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the system is one sentence."""

    def write(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(
        plan, "STAGES", tuple(replace(stage, run=write) for stage in plan.STAGES)
    )
    outcome = process_participant(job)

    assert outcome.code == ConfigError.exit_code
    assert "No space left on device" in str(outcome.reason)


def test_a_stage_names_the_command_to_run_first(job: Job) -> None:
    """Measuring an unsegmented scan names the missing file and the command."""
    outcome = process_participant(replace(job, stages=("preprocess",)))
    assert outcome.status == OK
    outcome = process_participant(replace(job, stages=("measure",)))

    assert outcome.code == ArtefactError.exit_code
    assert MUSCLES in str(outcome.reason)
    assert "Run `footvol segment` first" in str(outcome.reason)


def test_a_stage_refuses_altered_inputs(job: Job) -> None:
    """A single stage checks the outputs of the stages before it."""
    process_participant(job)
    (job.out / MUSCLES).write_bytes(b"edited by hand")
    outcome = process_participant(replace(job, stages=("measure",)))

    assert outcome.code == ArtefactError.exit_code
    assert MUSCLES in str(outcome.reason)
