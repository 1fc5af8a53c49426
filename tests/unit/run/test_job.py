"""Names of the outputs, and the cache keys of the stages."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.config import load_config
from pipeline.domain.scan import Contrast, Side
from pipeline.run import plan
from pipeline.run.cohort import open_scan
from pipeline.run.job import Job, LocatedJob
from pipeline.run.outputs import PREPROC
from pipeline.run.process_participant import process_participant

pytestmark = pytest.mark.usefixtures("calls")


def locate(image: Path, out: Path, contrast: Contrast | None) -> LocatedJob:
    """Find a scan with a contrast given on the command line."""
    cohort = open_scan(image, out, load_config(), Side.RIGHT, None, contrast)
    return cohort.jobs()[0].locate()


def test_keys_depend_on_inputs_settings_sides_and_code(job: Job) -> None:
    """The output folder does not matter."""
    process_participant(job)
    located = job.locate()
    stage = plan.STAGES[0]
    inputs = located.inputs(stage)
    elsewhere = replace(job, out=job.out / "elsewhere").locate()

    assert elsewhere.key(stage, inputs) == located.key(stage, inputs)
    assert located.key(stage, {}) != located.key(stage, inputs)


def test_the_given_contrast_names_the_outputs(tmp_path: Path) -> None:
    """So does a contrast in a file name or sidecar."""
    (tmp_path / "foot.nii").touch()
    names = {c: locate(tmp_path / "foot.nii", tmp_path, c).name.raw().name for c in Contrast}

    assert names == {
        "T1w": "sub-foot_T1w.nii.gz",
        "PDw": "sub-foot_PDw.nii.gz",
        "T2w": "sub-foot_T2w.nii.gz",
        "water": "sub-foot_acq-water_T1w.nii.gz",
        "fat": "sub-foot_acq-fat_T1w.nii.gz",
    }
    (tmp_path / "foot.json").write_text('{"ImageType": ["DERIVED", "PRIMARY", "W"]}')
    assert (
        locate(tmp_path / "foot.nii", tmp_path, None).name.raw().name == names[Contrast.WATER]
    )


def test_the_given_contrast_is_in_the_cache_key(tmp_path: Path) -> None:
    """Another contrast is another result, even with the same name."""
    (tmp_path / "sub-01_T1w.nii").touch()
    located = [locate(tmp_path / "sub-01_T1w.nii", tmp_path, c) for c in (None, Contrast.WATER)]

    assert located[0].name == located[1].name
    assert len({item.key(plan.STAGES[0], {}) for item in located}) == 2


def test_a_file_is_hashed_once_until_the_job_is_fresh(job: Job) -> None:
    """Several stages read the preprocessed scan."""
    process_participant(job)
    located = job.locate()
    stage = plan.STAGES[1]
    before = located.inputs(stage)
    located.path(PREPROC).write_bytes(b"another")

    assert located.inputs(stage) == before
    assert located.fresh().inputs(stage) != before
    assert located.fresh() == located
