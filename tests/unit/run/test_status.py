"""The state of a participant on disk, and the checks of a dry run."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from fake_stages import spoil_scan

from pipeline.cli import main
from pipeline.config import load_config
from pipeline.errors import ArtefactError, ConfigError, PipelineError, ScanError
from pipeline.run import plan
from pipeline.run.job import Job
from pipeline.run.outcome import NOT_RUN, Outcome
from pipeline.run.process_participant import process_participant
from pipeline.run.stage_cache import FAILED
from pipeline.run.status import get_status

pytestmark = pytest.mark.usefixtures("calls")
RAW = "sub-01/anat/sub-01_T1w.nii.gz"
BONES = "sub-01/anat/sub-01_seg-bones_dseg"
MUSCLES = "sub-01/anat/sub-01_seg-muscles_dseg.nii.gz"


def test_a_dry_run_writes_no_file(job: Job, calls: list[str]) -> None:
    """The status has the stages to run."""
    outcome = get_status(job)

    assert outcome.status == NOT_RUN
    assert outcome.stages == plan.stage_names()
    assert not job.out.exists()
    assert calls == []


def test_the_status_has_the_stages_to_repeat(job: Job) -> None:
    """These are the first stale stage and all later ones."""
    process_participant(job)
    narrowed = load_config(None, ["measure.muscles=['ABH']"])

    assert get_status(job) == Outcome(job.participant)
    assert get_status(replace(job, config=narrowed)).stages == ("measure", "figures")


def test_the_status_has_the_recorded_failure(job: Job, bids_dir: Path) -> None:
    """The tables, which may be written later, need the reason."""
    spoil_scan(bids_dir, "01")
    process_participant(job)
    outcome = get_status(job)

    assert (outcome.status, outcome.code) == (FAILED, 4)
    assert "No foot was found" in str(outcome.reason)


def test_the_status_has_altered_outputs(job: Job) -> None:
    """Edits are reported before any stage is run."""
    process_participant(job)
    (job.out / MUSCLES).write_bytes(b"edited by hand")

    assert get_status(job).code == ArtefactError.exit_code


def add_second_scan(job: Job) -> None:
    """Add a second scan of the participant."""
    raw = job.bids_dir / RAW
    raw.with_name("sub-01_acq-2_T1w.nii.gz").write_bytes(b"second")


def break_link(job: Job) -> None:
    """Replace the scan by a dangling link."""
    (job.bids_dir / RAW).unlink()
    (job.bids_dir / RAW).symlink_to("nowhere.nii.gz")


def break_fat_link(job: Job) -> None:
    """Make a Dixon pair whose fat image is a dangling link."""
    raw = job.bids_dir / RAW
    water = raw.rename(raw.with_name("sub-01_acq-water_T1w.nii.gz"))
    process_participant(job)
    water.with_name("sub-01_acq-fat_T1w.nii.gz").symlink_to("nowhere.nii.gz")


def edit_late_output(job: Job) -> None:
    """Edit an output of a late stage, and change the scan, so that all stages are stale."""
    process_participant(job)
    (job.bids_dir / RAW).write_bytes(b"another scan")
    (job.out / f"{BONES}.nii.gz").write_bytes(b"edited by hand")


def claim_output(job: Job) -> None:
    """Write a file of other origin where a late stage writes."""
    (job.out / BONES).parent.mkdir(parents=True)
    (job.out / f"{BONES}.nii.gz").write_bytes(b"drawn by hand")


def claim_sidecar(job: Job) -> None:
    """Write a file of other origin where a late stage writes a sidecar."""
    (job.out / BONES).parent.mkdir(parents=True)
    (job.out / f"{BONES}.json").write_text("{}")


def spoil_record(job: Job) -> None:
    """Damage the record of a late stage."""
    process_participant(job)
    job.record_path("measure").write_text('{"key": "k", "outputs": []}')


CASES: dict[Callable[[Job], None], tuple[type[PipelineError], str]] = {
    add_second_scan: (ScanError, "must have one T1w scan in each session and run: got 2"),
    break_link: (ArtefactError, "which is not there"),
    break_fat_link: (ConfigError, "No such file or directory' for '.*acq-fat"),
    edit_late_output: (ArtefactError, "altered since then: .*seg-bones"),
    claim_output: (ArtefactError, r"unknown origin: got \['.*seg-bones_dseg\.nii\.gz'\]"),
    claim_sidecar: (ArtefactError, r"unknown origin: got \['.*seg-bones_dseg\.json'\]"),
    spoil_record: (ArtefactError, "the fault is outputs"),
}


@pytest.mark.parametrize("spoil", CASES)
def test_a_dry_run_reports_what_a_run_would_refuse(
    job: Job,
    spoil: Callable[[Job], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Reason and code are the same."""
    kind, words = CASES[spoil]
    spoil(job)
    code = main(["run", str(job.bids_dir), str(job.out), "--dry-run"])
    printed = capsys.readouterr().out.splitlines()[0]
    outcome = process_participant(job)

    assert (outcome.status, outcome.code) == (FAILED, kind.exit_code)
    assert printed == f"sub-01: would be refused: {outcome.reason}"
    assert re.search(words, printed)
    assert code == kind.exit_code


def test_edits_do_not_stop_a_run_with_force(job: Job) -> None:
    """All stages are to be run."""
    edit_late_output(job)
    outcome = get_status(replace(job, force=True))

    assert outcome.stages == job.stages


def test_a_failed_stage_is_to_be_run_again(
    job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is not refused."""
    spoil_scan(job.bids_dir, "01")
    process_participant(job)

    assert main(["run", str(job.bids_dir), str(job.out), "--dry-run"]) == 0
    assert "sub-01: would do segment, regions" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (["--set", "compare.reference=helthy"], 2, "The reference 'helthy' must be"),
        (["--set", "segment.segmenter=onnx", "--set", "segment.model='no.toml'"], 2, "no.toml"),
        ([], 5, "unknown origin: got ['volumes.tsv']"),
    ],
)
def test_a_dry_run_refuses_what_stops_the_command(
    job: Job, words: list[str], code: int, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Settings and files over all participants are checked, too; nothing is written."""
    job.out.mkdir()
    (job.out / "volumes.tsv").write_text("mine")

    assert main(["run", str(job.bids_dir), str(job.out), "--dry-run", *words]) == code
    assert expected in capsys.readouterr().err
    assert [path.name for path in job.out.iterdir()] == ["volumes.tsv"]
