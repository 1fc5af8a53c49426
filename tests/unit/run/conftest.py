"""The cohort, the job and the user model that the tests of this folder share."""

from pathlib import Path

import pytest
from user_models import by_intensity, manifest_of

from pipeline.config import PipelineConfig
from pipeline.run.cohort import Cohort, open_cohort
from pipeline.run.job import Job


@pytest.fixture
def cohort(bids_dir: Path, tmp_path: Path) -> Cohort:
    """Make the six participants, with the default settings."""
    return open_cohort(bids_dir, tmp_path / "out", PipelineConfig())


@pytest.fixture
def job(cohort: Cohort) -> Job:
    """Make a job with all stages of the first participant."""
    return cohort.jobs()[0]


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Write a network and its manifest."""
    content = by_intensity()
    (tmp_path / "mine.onnx").write_bytes(content)
    path = tmp_path / "manifest.toml"
    path.write_text(manifest_of(content))
    return path
