"""A scan whose muscles were corrected is not segmented again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from reviewed import TruthSegmenter

from pipeline.config import PipelineConfig, load_config
from pipeline.domain.scan import Scan, Side
from pipeline.phantom.acquisition.acquire import ideal_scan
from pipeline.phantom.acquisition.protocols import get_protocol
from pipeline.phantom.anatomy.foot import Foot
from pipeline.run.cohort import open_scan
from pipeline.run.job import Job
from pipeline.run.process_participant import process_participant
from pipeline.segmenters import registry
from pipeline.store.files import read_json
from pipeline.store.images import write_labels, write_scan

pytestmark = pytest.mark.integration

NAME = "sub-foot_seg-{}_dseg.nii.gz"


@pytest.fixture
def config() -> PipelineConfig:
    """Accept voxels of 2 mm."""
    return load_config(None, ("quality.enforce=false",))


@pytest.fixture
def job(
    coarse_foot: Foot, config: PipelineConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Job:
    """Segment a foot once, with its true labels."""
    monkeypatch.setattr(registry, "SEGMENTERS", {"network": TruthSegmenter})
    monkeypatch.setattr(TruthSegmenter, "feet", {coarse_foot.grid.shape: coarse_foot})
    monkeypatch.setattr(TruthSegmenter, "runs", 0)
    scan = ideal_scan(coarse_foot, get_protocol("t1_se_4mm"))
    image = tmp_path / "foot.nii.gz"
    write_scan(Scan(np.rint(scan.intensity * 800), scan.grid), image, like=None)
    cohort = open_scan(image, tmp_path / "out", config, Side.RIGHT, None)
    (first,) = cohort.jobs(("preprocess", "segment"))
    assert process_participant(first).reason is None
    return first


def correct(job: Job, foot: Foot, structure: str, label: int) -> None:
    """Save true labels but for one voxel as a correction, and run again."""
    truth = getattr(foot.truth, structure)
    voxels = truth.voxels.copy()
    voxels[0, 0, 0] = label
    path = job.out / "corrections" / NAME.format(structure)
    write_labels(replace(truth, voxels=voxels), path, like=None)
    assert process_participant(job).reason is None


def sidecar(job: Job) -> dict[str, object]:
    """Read what is recorded of the muscles."""
    return read_json(job.out / "sub-foot" / "anat" / "sub-foot_seg-muscles_dseg.json")


def test_corrected_muscles_need_no_segmenter(job: Job, coarse_foot: Foot) -> None:
    """Its labels are kept; the caution still compares with them."""
    correct(job, coarse_foot, "muscles", 3)

    assert TruthSegmenter.runs == 1
    assert sidecar(job)["Segmenter"] == "network+corrected"
    assert "differ from those of network" in str(sidecar(job)["Cautions"])


def test_without_kept_labels_the_segmenter_runs(job: Job, coarse_foot: Foot) -> None:
    """They are a cache; the results are the same."""
    correct(job, coarse_foot, "muscles", 3)
    before = sidecar(job)["Cautions"]
    (job.log_dir / "segmenter.npz").unlink()
    correct(job, coarse_foot, "muscles", 4)

    assert TruthSegmenter.runs == 2
    assert sidecar(job)["Cautions"] == before


def test_corrected_bones_are_segmented_as_before(job: Job, coarse_foot: Foot) -> None:
    """The probability of muscle is written beside them, and that is not kept."""
    correct(job, coarse_foot, "bones", 3)

    assert TruthSegmenter.runs == 2
