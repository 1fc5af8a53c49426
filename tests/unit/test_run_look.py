"""A dry run makes the checks of a run."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from fake_stages import spoil_scan

from pipeline.cli import main
from pipeline.config import PipelineConfig
from pipeline.errors import ArtefactError, ConfigError, PipelineError, ScanError
from pipeline.run.cohort import open_cohort
from pipeline.run.job import Job
from pipeline.run.process_participant import look, process
from pipeline.run.stage_cache import FAILED

pytestmark = pytest.mark.usefixtures("calls")
RAW = "sub-01/anat/sub-01_T1w.nii.gz"
BONES = "sub-01/anat/sub-01_seg-bones_dseg"


@pytest.fixture
def job(bids_dir: Path, tmp_path: Path) -> Job:
    """Give all stages of the first participant."""
    return open_cohort(bids_dir, tmp_path / "out", PipelineConfig()).jobs()[0]


def add_second_scan(job: Job) -> None:
    """Give the participant two scans that could be measured."""
    raw = job.bids_dir / RAW
    raw.with_name("sub-01_run-2_T1w.nii.gz").write_bytes(b"second")


def break_link(job: Job) -> None:
    """Make the scan a link to nowhere."""
    (job.bids_dir / RAW).unlink()
    (job.bids_dir / RAW).symlink_to("nowhere.nii.gz")


def break_fat_link(job: Job) -> None:
    """Make a Dixon pair of which the fat image is a link to nowhere."""
    raw = job.bids_dir / RAW
    water = raw.rename(raw.with_name("sub-01_acq-water_T1w.nii.gz"))
    process(job)
    water.with_name("sub-01_acq-fat_T1w.nii.gz").symlink_to("nowhere.nii.gz")


def edit_late_output(job: Job) -> None:
    """Change what a late stage wrote, and the scan, so that an early stage is to be done."""
    process(job)
    (job.bids_dir / RAW).write_bytes(b"another scan")
    (job.out / f"{BONES}.nii.gz").write_bytes(b"edited by hand")


def claim_output(job: Job) -> None:
    """Put a file of somebody's where a late stage writes."""
    (job.out / BONES).parent.mkdir(parents=True)
    (job.out / f"{BONES}.nii.gz").write_bytes(b"drawn by hand")


def claim_sidecar(job: Job) -> None:
    """Put a file of somebody's where a late stage writes a sidecar."""
    (job.out / BONES).parent.mkdir(parents=True)
    (job.out / f"{BONES}.json").write_text("{}")


def spoil_record(job: Job) -> None:
    """Make a late stage's record another JSON file."""
    process(job)
    job.record_path("measure").write_text('{"key": "k", "outputs": []}')


CASES: dict[Callable[[Job], None], tuple[type[PipelineError], str]] = {
    add_second_scan: (ScanError, "must have one T1w scan: got 2"),
    break_link: (ArtefactError, "which is not there"),
    break_fat_link: (ConfigError, "No such file or directory' for '.*acq-fat"),
    edit_late_output: (ArtefactError, "altered since then: .*seg-bones"),
    claim_output: (ArtefactError, r"unknown origin: got \['.*seg-bones_dseg\.nii\.gz'\]"),
    claim_sidecar: (ArtefactError, r"unknown origin: got \['.*seg-bones_dseg\.json'\]"),
    spoil_record: (ArtefactError, "at fault at outputs"),
}


@pytest.mark.parametrize("spoil", CASES)
def test_what_a_run_refuses_a_dry_run_tells(
    job: Job,
    spoil: Callable[[Job], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The same reason and the same code, and nothing is promised."""
    kind, words = CASES[spoil]
    spoil(job)
    code = main(["run", str(job.bids_dir), str(job.out), "--dry-run"])
    told = capsys.readouterr().out.splitlines()[0]
    outcome = process(job)

    assert (outcome.status, outcome.code) == (FAILED, kind.exit_code)
    assert told == f"sub-01: would be refused: {outcome.reason}"
    assert re.search(words, told)
    assert code == kind.exit_code


def test_force_is_refused_by_no_edit(job: Job) -> None:
    """What a run with --force writes over is to be done."""
    edit_late_output(job)
    outcome = look(replace(job, force=True))

    assert outcome.stages == job.stages


def test_a_failure_of_before_is_to_be_tried_again(
    job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run would do it once more, so a dry run does not call it refused."""
    spoil_scan(job.bids_dir, "01")
    process(job)

    assert main(["run", str(job.bids_dir), str(job.out), "--dry-run"]) == 0
    assert "sub-01: would do segment, regions" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--set", "compare.reference=helthy"], 2, "The reference 'helthy' must be"),
        (["--set", "segment.segmenter=onnx", "--set", "segment.model='no.toml'"], 2, "no.toml"),
        ([], 5, "unknown origin: got ['volumes.tsv']"),
    ],
)
def test_a_dry_run_refuses_what_stops_the_command(
    job: Job, words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Settings and files over all participants are looked at, too; nothing is written."""
    job.out.mkdir()
    (job.out / "volumes.tsv").write_text("mine")

    assert main(["run", str(job.bids_dir), str(job.out), "--dry-run", *words]) == code
    assert said in capsys.readouterr().err
    assert [path.name for path in job.out.iterdir()] == ["volumes.tsv"]
