"""The provenance of results: sha256 of the measured scan, and versions of libraries."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.errors import ArtefactError
from pipeline.run import dependencies, plan
from pipeline.run.cohort import Cohort
from pipeline.run.cohort_results import read_results
from pipeline.run.cohort_state import collect_state
from pipeline.run.cohort_tables import write_volumes
from pipeline.run.job import Job
from pipeline.run.outcome import NOT_RUN, OK
from pipeline.run.process_participant import process_participant
from pipeline.run.stages.context import StageContext
from pipeline.run.status import get_status
from pipeline.store import provenance
from pipeline.store.files import read_json, sha256_of
from pipeline.store.tables import read_table

pytestmark = pytest.mark.usefixtures("calls")


@pytest.fixture
def set_version(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Change the version of a library, as an upgrade does."""

    def upgrade(name: str, new: str) -> None:
        for module in (provenance, dependencies):
            monkeypatch.setattr(
                module, "version", lambda asked: new if asked == name else version(asked)
            )
        forget()

    def forget() -> None:
        provenance.library_versions.cache_clear()
        dependencies.versions_of.cache_clear()

    yield upgrade
    forget()


def replace_scan(job: Job) -> None:
    """Replace the scan of a participant."""
    job.locate().raw.write_bytes(b"another scan")


@pytest.mark.integration
def test_a_row_has_the_sum_of_the_scan_that_was_measured(cohort: Cohort, job: Job) -> None:
    """A scan that is replaced before the tables are written is not in them."""
    measured = sha256_of(job.locate().raw)
    outcomes = [process_participant(job) for job in cohort.jobs()]
    replace_scan(job)
    row = (
        write_volumes(read_results(collect_state(cohort, outcomes)))
        .set_index("participant_id")
        .loc["sub-01"]
    )

    assert row["total_cm3"] > 1
    assert row["scan_sha256"] == measured


@pytest.mark.integration
def test_a_report_has_no_measurement_of_a_replaced_scan(cohort: Cohort, job: Job) -> None:
    """Up-to-date figures do not imply up-to-date volumes."""
    words = [str(cohort.bids_dir), str(cohort.out), "-q"]
    assert main(["run", *words]) == 0
    replace_scan(job)
    main(["report", *words])

    row = read_table(cohort.out / "volumes.tsv").set_index("participant_id").loc["sub-01"]
    assert row["status"] == NOT_RUN
    assert row["scan_sha256"] == sha256_of(job.locate().raw)


def test_a_scan_that_is_replaced_while_a_stage_runs_is_refused(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Either of the two may have been measured."""

    def run(context: StageContext) -> None:
        replace_scan(job)
        (next(iter(context.write.values()))).write_bytes(b"made of one or the other")

    stages = (replace(plan.STAGES[0], run=run), *plan.STAGES[1:])
    monkeypatch.setattr(plan, "STAGES", stages)
    outcome = process_participant(job)

    assert outcome.code == ArtefactError.exit_code
    assert "got ['bids:raw:sub-01/anat/sub-01_T1w.nii.gz'], changed meanwhile" in str(
        outcome.reason
    )
    assert not [*job.out.glob("sub-01/anat/*")]


@pytest.mark.integration
@pytest.mark.parametrize(
    ("library", "stages"),
    [
        ("SimpleITK", "preprocess"),
        ("onnxruntime", "segment"),
        ("scikit-image", "preprocess segment regions measure figures"),
        ("matplotlib", "figures"),
        ("numpy", "preprocess segment regions measure figures"),
        ("statsmodels", ""),
    ],
)
def test_another_version_of_a_library_repeats_the_stages_that_use_it(
    library: str,
    stages: str,
    job: Job,
    calls: list[str],
    set_version: Callable[[str, str], None],
) -> None:
    """Results of two versions are never both up to date."""
    process_participant(job)
    calls.clear()
    set_version(library, "99.0")
    assert get_status(job).status == (NOT_RUN if stages else OK)
    process_participant(job)

    assert calls == [f"01 {stage}" for stage in stages.split()]


def test_a_run_with_another_version_has_another_identifier(
    cohort: Cohort, set_version: Callable[[str, str], None]
) -> None:
    """The identifier is in the tables."""
    before = read_results(collect_state(cohort)).run_id
    set_version("statsmodels", "99.0")

    assert read_results(collect_state(cohort)).run_id != before


def test_versions_of_an_extra_count_only_for_its_segmenter(
    set_version: Callable[[str, str], None],
) -> None:
    """Only nnU-Net uses Torch."""
    set_version("torch", "99.0")

    for versions_for in (provenance.library_versions, _versions_of_segmentation):
        assert versions_for("nnunet")["torch"] == "99.0"
        assert "torch" not in versions_for("network")


def _versions_of_segmentation(segmenter: str) -> Mapping[str, str]:
    return dependencies.versions_of(plan.module_of("segment"), segmenter)


def test_a_sidecar_names_every_library(tmp_path: Path) -> None:
    """They are those of the whole program, whatever the stage."""
    made_by = read_json(provenance.sidecar(tmp_path / "a_dseg.nii.gz"))["GeneratedBy"]

    versions = {program["Name"]: program["Version"] for program in made_by}
    assert versions["onnxruntime"] == version("onnxruntime")
    assert versions.keys() - {"footvol"} == provenance.library_versions().keys()
