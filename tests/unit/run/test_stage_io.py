"""What a scan shows, from the command line and the sidecar to what is measured."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.cli import main
from pipeline.config import PipelineConfig, load_config
from pipeline.domain.grid import Grid
from pipeline.domain.scan import Contrast, Scan, Side
from pipeline.run.cohort import open_scan
from pipeline.run.job import Located
from pipeline.run.outputs import PREPROC, SCAN
from pipeline.run.plan import STAGES
from pipeline.run.stage_io import Desk, do_preprocess
from pipeline.store.images import read_scan, write_scan


@pytest.fixture
def config() -> PipelineConfig:
    """Take the defaults, but let any image pass and fit no bias field."""
    return load_config(overrides=["quality.enforce=false", "preprocess.bias_correction=false"])


def locate(image: Path, out: Path, contrast: Contrast | None) -> Located:
    """Find a scan that the user says something of."""
    cohort = open_scan(image, out, load_config(), Side.RIGHT, None, contrast)
    return cohort.jobs()[0].locate()


def write_image(path: Path) -> Path:
    """Write a box of tissue in air, with a brighter core."""
    rng = np.random.default_rng(3)
    voxels = rng.normal(20, 2, (24, 30, 12)).clip(0)
    voxels[4:20, 4:26, 2:10] += 300
    voxels[8:16, 8:22, 4:8] += 400
    grid = Grid.from_arrays(voxels.shape, np.diag((2.0, 2.5, 4.0, 1.0)))
    write_scan(Scan(np.rint(voxels), grid), path, like=None)
    return path


def test_what_the_user_says_names_the_outputs(tmp_path: Path) -> None:
    """As a name or a sidecar does that says it."""
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


def test_what_the_user_says_decides_what_is_up_to_date(tmp_path: Path) -> None:
    """Another contrast is another result, even under one name."""
    (tmp_path / "sub-01_T1w.nii").touch()
    located = [locate(tmp_path / "sub-01_T1w.nii", tmp_path, c) for c in (None, Contrast.WATER)]

    assert located[0].name == located[1].name
    assert len({item.key(STAGES[0], {}) for item in located}) == 2


@pytest.mark.parametrize("by", ["option", "sidecar"])
def test_the_preprocessed_scan_shows_what_the_raw_one_does(
    by: str, config: PipelineConfig, tmp_path: Path
) -> None:
    """Its name need not say it."""
    raw = write_image(tmp_path / "sub-01_T1w.nii")
    if by == "sidecar":
        raw.with_suffix(".json").write_text('{"ImageType": ["ORIGINAL", "PRIMARY", "WATER"]}')
    job = replace(
        open_scan(raw, tmp_path, config, Side.RIGHT, None).jobs()[0],
        contrast=Contrast.WATER if by == "option" else None,
    )
    preproc = tmp_path / "out" / "sub-01_desc-preproc_T1w.nii.gz"

    do_preprocess(
        Desk(
            job.participant, config, job.side, {SCAN: raw}, {PREPROC: preproc}, {}, job.contrast
        )
    )

    assert read_scan(preproc).contrast is Contrast.WATER


def test_a_contradiction_gives_3_and_both_facts(calls: list[str], tmp_path: Path) -> None:
    """No stage is begun."""
    image = write_image(tmp_path / "foot_water.nii")

    assert main(["scan", str(image), str(tmp_path / "out"), "--contrast", "fat"]) == 3
    assert calls == []
    told = (tmp_path / "out" / "volumes.tsv").read_text()
    assert "got fat from the option --contrast but water from the file name" in told


def test_another_word_is_wrong_usage(tmp_path: Path) -> None:
    """Before anything is read."""
    assert main(["scan", str(tmp_path / "a.nii"), str(tmp_path / "o"), "--contrast", "t1"]) == 2
