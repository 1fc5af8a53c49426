"""The sidecar of the preprocess stage: contrast, quality readings and cautions."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.config import PipelineConfig, load_config
from pipeline.domain.grid import Grid
from pipeline.domain.participant import Participant
from pipeline.domain.scan import Contrast, Scan, Side
from pipeline.errors import ScanError
from pipeline.phantom.acquisition.acquire import acquire
from pipeline.phantom.acquisition.protocols import get_protocol
from pipeline.phantom.anatomy.foot import Foot
from pipeline.run.outputs import PREPROC, SCAN
from pipeline.run.stages import preprocess
from pipeline.run.stages.context import StageContext
from pipeline.stages.quality import GATE_NAMES
from pipeline.store.files import read_json
from pipeline.store.images import read_scan, write_scan


@pytest.fixture
def config() -> PipelineConfig:
    """Make settings that accept any image and fit no bias field."""
    return load_config(overrides=["quality.enforce=false", "preprocess.bias_correction=false"])


def write_image(path: Path) -> Path:
    """Write an image of a box of tissue in air, with a brighter core."""
    rng = np.random.default_rng(3)
    voxels = rng.normal(20, 2, (24, 30, 12)).clip(0)
    voxels[4:20, 4:26, 2:10] += 300
    voxels[8:16, 8:22, 4:8] += 400
    grid = Grid.from_arrays(voxels.shape, np.diag((2.0, 2.5, 4.0, 1.0)))
    write_scan(Scan(np.rint(voxels), grid), path, like=None)
    return path


@pytest.mark.parametrize("by", ["option", "sidecar"])
def test_the_preprocessed_scan_keeps_the_contrast_of_the_raw_scan(
    by: str, config: PipelineConfig, tmp_path: Path
) -> None:
    """Its file name need not contain the contrast."""
    raw = write_image(tmp_path / "sub-01_T1w.nii")
    if by == "sidecar":
        raw.with_suffix(".json").write_text('{"ImageType": ["ORIGINAL", "PRIMARY", "WATER"]}')
    preproc = tmp_path / "out" / "sub-01_desc-preproc_T1w.nii.gz"
    context = StageContext(
        Participant("01"),
        config,
        Side.RIGHT,
        {SCAN: raw},
        {PREPROC: preproc},
        {},
        Contrast.WATER if by == "option" else None,
    )

    preprocess.run(context)

    assert read_scan(preproc).contrast is Contrast.WATER


def make_context(foot: Foot, folder: Path, pixel_mm: float) -> StageContext:
    """Write a scan of a foot, and make the context of the first stage."""
    protocol = replace(get_protocol("t1_se_4mm"), in_plane_mm=pixel_mm)
    raw, preproc = folder / "sub-01_T1w.nii", folder / "sub-01_desc-preproc_T1w.nii"
    write_scan(acquire(foot, protocol, np.random.default_rng(3)), raw, like=None)
    config = load_config(None, ["preprocess.bias_correction=false"])
    return StageContext(Participant("01"), config, None, {SCAN: raw}, {PREPROC: preproc}, {})


def test_readings_and_cautions_are_in_the_sidecar(coarse_foot: Foot, tmp_path: Path) -> None:
    """Every gate has its value; coarse pixels cause a caution."""
    preprocess.run(make_context(coarse_foot, tmp_path, pixel_mm=2.0))

    fields = read_json(tmp_path / "sub-01_desc-preproc_T1w.json")
    assert [reading["gate"] for reading in fields["Quality"]] == list(GATE_NAMES)
    assert "quality-pixel-mm" in [caution["code"] for caution in fields["Cautions"]]
    assert fields["Settings"]["quality"]["pixel_mm_caution"] == 1.2


def test_a_refused_scan_has_no_outputs(coarse_foot: Foot, tmp_path: Path) -> None:
    """The error has the reason, and no file is written."""
    with pytest.raises(ScanError, match=r"Pixels must be small: got pixel_mm 3\.5 mm"):
        preprocess.run(make_context(coarse_foot, tmp_path, pixel_mm=3.5))
    assert not list(tmp_path.glob("*preproc*"))
