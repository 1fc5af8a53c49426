"""Sums and versions are those of what was measured, not of what lies there afterwards."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.config import PipelineConfig
from pipeline.errors import ArtefactError
from pipeline.run import plan
from pipeline.run.cohort import Cohort, open_cohort
from pipeline.run.cohort_tables import gather, write_volumes
from pipeline.run.job import NOT_RUN, Job
from pipeline.run.process_participant import look, process
from pipeline.run.stage_io import Desk
from pipeline.store import provenance
from pipeline.store.files import read_json, sha256_of
from pipeline.store.tables import read_table

pytestmark = pytest.mark.usefixtures("calls")


@pytest.fixture
def cohort(bids_dir: Path, tmp_path: Path) -> Cohort:
    """Give the six participants, with the default settings."""
    return open_cohort(bids_dir, tmp_path / "out", PipelineConfig())


@pytest.fixture
def job(cohort: Cohort) -> Job:
    """Give all stages of the first participant."""
    return cohort.jobs()[0]


@pytest.fixture
def set_version(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Make a library's version another one, as an upgrade does."""

    def upgrade(name: str, new: str) -> None:
        monkeypatch.setattr(
            provenance, "version", lambda asked: new if asked == name else version(asked)
        )
        provenance.library_versions.cache_clear()

    yield upgrade
    provenance.library_versions.cache_clear()


def replace_scan(job: Job) -> None:
    """Put another scan in place of a participant's."""
    job.locate().raw.write_bytes(b"another scan")


def test_a_row_has_the_sum_of_the_scan_that_was_measured(cohort: Cohort, job: Job) -> None:
    """A scan that is replaced before the tables are written is not the one in them."""
    measured = sha256_of(job.locate().raw)
    outcomes = [process(job) for job in cohort.jobs()]
    replace_scan(job)
    row = write_volumes(gather(cohort, outcomes)).set_index("participant_id").loc["sub-01"]

    assert row["total_cm3"] > 1
    assert row["scan_sha256"] == measured


def test_a_report_shows_no_measurement_of_another_scan(cohort: Cohort, job: Job) -> None:
    """Figures that are up to date do not make volumes so."""
    words = [str(cohort.bids_dir), str(cohort.out), "-q"]
    assert main(["run", *words]) == 0
    replace_scan(job)
    main(["report", *words])

    row = read_table(cohort.out / "volumes.tsv").set_index("participant_id").loc["sub-01"]
    assert row["status"] == NOT_RUN
    assert row["scan_sha256"] == sha256_of(job.locate().raw)


def test_a_scan_that_is_replaced_while_it_is_read_is_refused(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows which of the two was measured."""

    def work(desk: Desk) -> None:
        replace_scan(job)
        (next(iter(desk.write.values()))).write_bytes(b"made of one or the other")

    stages = (replace(plan.STAGES[0], work=work), *plan.STAGES[1:])
    monkeypatch.setattr(plan, "STAGES", stages)
    outcome = process(job)

    assert outcome.code == ArtefactError.exit_code
    assert "got ['bids:raw:sub-01/anat/sub-01_T1w.nii.gz'], changed meanwhile" in str(
        outcome.reason
    )
    assert not [*job.out.glob("sub-01/anat/*")]


@pytest.mark.parametrize(
    "library", ["SimpleITK", "numpy", "scipy", "scikit-image", "onnxruntime", "nibabel"]
)
def test_another_version_of_a_library_redoes_all_stages(
    job: Job, calls: list[str], set_version: Callable[[str, str], None], library: str
) -> None:
    """Results of two versions never stand beside each other as up to date."""
    process(job)
    calls.clear()
    set_version(library, "99.0")
    assert look(job).status == NOT_RUN
    process(job)

    assert calls == [f"01 {stage.name}" for stage in plan.STAGES]


def test_a_run_with_another_version_has_another_identifier(
    cohort: Cohort, set_version: Callable[[str, str], None]
) -> None:
    """The tables say so, too."""
    before = gather(cohort).run_id
    set_version("statsmodels", "99.0")

    assert gather(cohort).run_id != before


def test_versions_of_an_extra_count_where_it_draws(
    set_version: Callable[[str, str], None],
) -> None:
    """Torch makes the numbers of nnU-Net, and of nothing else."""
    set_version("torch", "99.0")

    assert provenance.library_versions("nnunet")["torch"] == "99.0"
    assert "torch" not in provenance.library_versions("network")


def test_a_sidecar_names_every_library(tmp_path: Path) -> None:
    """The versions in the key are those that a reader sees."""
    made_by = read_json(provenance.sidecar(tmp_path / "a_dseg.nii.gz"))["GeneratedBy"]

    versions = {program["Name"]: program["Version"] for program in made_by}
    assert versions["onnxruntime"] == version("onnxruntime")
    assert versions.keys() - {"footvol"} == provenance.library_versions().keys()
