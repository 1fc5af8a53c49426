"""Quality readings travel from the raw scan into its sidecar, or stop it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.config import load_config
from pipeline.domain.participant import Participant
from pipeline.errors import ScanError
from pipeline.phantom.acquisition.acquire import acquire
from pipeline.phantom.acquisition.protocols import get_protocol
from pipeline.phantom.anatomy.foot import Foot
from pipeline.run.outputs import PREPROC, SCAN
from pipeline.run.stage_io import Desk, do_preprocess
from pipeline.stages.quality import GATE_NAMES
from pipeline.store.files import read_json
from pipeline.store.images import write_scan


def make_desk(foot: Foot, folder: Path, pixel_mm: float) -> Desk:
    """Write a scan of a foot, and lay it out for the first stage."""
    protocol = replace(get_protocol("t1_se_4mm"), in_plane_mm=pixel_mm)
    raw, ready = folder / "sub-01_T1w.nii", folder / "sub-01_desc-preproc_T1w.nii"
    write_scan(acquire(foot, protocol, np.random.default_rng(3)), raw, like=None)
    config = load_config(None, ["preprocess.bias_correction=false"])
    return Desk(Participant("01"), config, None, {SCAN: raw}, {PREPROC: ready}, {})


def test_readings_and_cautions_stand_in_the_sidecar(coarse_foot: Foot, tmp_path: Path) -> None:
    """Every gate has its value there; coarse pixels are a caution."""
    do_preprocess(make_desk(coarse_foot, tmp_path, pixel_mm=2.0))

    told = read_json(tmp_path / "sub-01_desc-preproc_T1w.json")
    assert [reading["gate"] for reading in told["Quality"]] == list(GATE_NAMES)
    assert "quality-pixel-mm" in [caution["code"] for caution in told["Cautions"]]
    assert told["Settings"]["quality"]["pixel_mm_caution"] == 1.2


def test_a_refused_scan_leaves_nothing(coarse_foot: Foot, tmp_path: Path) -> None:
    """The reason is the participant's; no file is made."""
    with pytest.raises(ScanError, match=r"Pixels must be small: got pixel_mm 3\.5 mm"):
        do_preprocess(make_desk(coarse_foot, tmp_path, pixel_mm=3.5))
    assert not list(tmp_path.glob("*preproc*"))
