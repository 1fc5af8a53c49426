"""The state of each stage, and why."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from fake_stages import spoil_scan

from pipeline.config import load_config
from pipeline.domain.scan import Side
from pipeline.run import job as job_module
from pipeline.run.job import Job
from pipeline.run.process_participant import process_participant
from pipeline.run.status import StageState, get_stage_states

pytestmark = pytest.mark.usefixtures("calls")
STAGES = ("preprocess", "segment", "regions", "measure", "figures")


@pytest.fixture
def finished(job: Job, calls: list[str]) -> Job:
    """Run all stages of the first participant."""
    process_participant(job)
    calls.clear()
    return job


def states(job: Job) -> dict[str, str]:
    """Give the state of each stage."""
    return {state.stage: state.state for state in get_stage_states(job)}


def test_all_stages_of_a_new_participant_were_never_run(job: Job) -> None:
    """There is no reason to give, and nothing is written."""
    assert get_stage_states(job) == tuple(StageState(stage, "never run") for stage in STAGES)
    assert not job.out.exists()


def test_all_stages_of_a_finished_participant_are_done(finished: Job) -> None:
    """There is nothing to say."""
    assert get_stage_states(finished) == tuple(StageState(stage, "done") for stage in STAGES)


def test_another_scan_makes_all_stages_stale(finished: Job, bids_dir: Path) -> None:
    """The first because of that file, the others because of the first."""
    (bids_dir / "sub-01" / "anat" / "sub-01_T1w.nii.gz").write_bytes(b"another scan")
    first, second, *others = get_stage_states(finished)

    uri = "bids:raw:sub-01/anat/sub-01_T1w.nii.gz"
    assert first == StageState("preprocess", "stale", f"changed: inputs ['{uri}']")
    assert second == StageState("segment", "stale", "['preproc'] will be made again")
    assert {other.state for other in others} == {"stale"}


def test_other_settings_make_their_stage_stale(finished: Job) -> None:
    """Stages before it are done."""
    job = replace(finished, config=load_config(None, ["regions.border=chopart"]))

    assert states(job)["segment"] == "done"
    assert get_stage_states(job)[2] == StageState("regions", "stale", "changed: settings")


def test_settings_of_the_run_make_nothing_stale(finished: Job) -> None:
    """They change no result."""
    job = replace(finished, config=load_config(None, ["run.retries=0", "run.time_limit_min=1"]))

    assert set(states(job).values()) == {"done"}


def test_another_side_makes_the_stages_stale(finished: Job) -> None:
    """It is a part of the cache key, too."""
    assert get_stage_states(replace(finished, side=Side.RIGHT))[0].reason == "changed: sides"


def test_another_version_of_footvol_is_named(
    finished: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that nobody looks for a change of inputs or settings."""
    parts = job_module.LocatedJob.key_parts
    monkeypatch.setattr(
        job_module.LocatedJob, "key_parts", lambda *given: parts(*given) | {"code": "other"}
    )

    assert get_stage_states(finished)[0].reason == "changed: code"


def test_a_missing_output_makes_its_stage_and_its_readers_stale(finished: Job) -> None:
    """The stage before is done."""
    scan = finished.out / "sub-01" / "anat" / "sub-01_desc-preproc_T1w.nii.gz"
    scan.unlink()
    first, second, *_ = get_stage_states(finished)

    assert first.reason == f"outputs are missing: ['{scan.relative_to(finished.out)}']"
    assert second.reason == "inputs are missing: ['preproc']"


def test_an_altered_output_is_a_failure_of_its_stage(finished: Job) -> None:
    """A run would refuse to overwrite it."""
    (finished.out / "sub-01" / "anat" / "sub-01_desc-preproc_T1w.nii.gz").write_text("mine")
    first = get_stage_states(finished)[0]

    assert (first.state, first.code) == ("failed", 5)
    assert "altered since then" in str(first.reason)


def test_a_failed_stage_has_its_reason_and_code(job: Job, bids_dir: Path) -> None:
    """Stages after it were never run."""
    spoil_scan(bids_dir, "01")
    process_participant(job)
    second = get_stage_states(job)[1]

    assert (second.state, second.code) == ("failed", 4)
    assert str(second.reason).startswith("No foot was found")
    assert states(job)["measure"] == "never run"


def test_a_stage_that_was_killed_while_it_wrote_is_stale(finished: Job) -> None:
    """Its record says so."""
    path = finished.record_path("regions")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"status": "writing"}))

    assert get_stage_states(finished)[2].reason == "it was ended while it wrote its outputs"


def test_a_missing_scan_is_a_failure_of_all_stages(job: Job, bids_dir: Path) -> None:
    """A run would refuse the participant."""
    (bids_dir / "sub-01" / "anat" / "sub-01_T1w.nii.gz").unlink()

    assert {state.state for state in get_stage_states(job)} == {"failed"}
    assert {state.code for state in get_stage_states(job)} == {3}
