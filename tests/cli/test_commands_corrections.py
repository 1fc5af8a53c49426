"""The command scan with corrected labels and with a fat image."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.cli import main
from pipeline.domain.grid import Grid
from pipeline.domain.scan import Scan
from pipeline.errors import GridMismatchError
from pipeline.phantom.acquisition.acquire import ideal_scan
from pipeline.phantom.acquisition.protocols import get_protocol
from pipeline.phantom.anatomy.foot import Foot, Tissue
from pipeline.store.files import read_json, sha256_of
from pipeline.store.images import write_labels, write_scan

pytestmark = pytest.mark.integration

# Voxels of 3 mm contain muscle and fat, which the quality gate takes for noise.
KNOWN_COARSE = ("--side", "right", "--set", "quality.enforce=false")


@pytest.fixture
def image(coarse_foot: Foot, tmp_path: Path) -> Path:
    """Write a coarse scan of a digital foot."""
    scan = ideal_scan(coarse_foot, get_protocol("t1_se_4mm"))
    path = tmp_path / "foot.nii.gz"
    write_scan(Scan(np.rint(scan.intensity * 800), scan.grid), path, like=None)
    return path


@pytest.fixture
def corrections(coarse_foot: Foot, tmp_path: Path) -> Path:
    """Write the ground truth of muscles and bones as corrections."""
    folder = tmp_path / "out" / "corrections"
    for name in ("muscles", "bones"):
        labels = getattr(coarse_foot.truth, name)
        write_labels(labels, folder / f"sub-foot_seg-{name}_dseg.nii.gz", like=None)
    return folder


def test_the_numbers_come_from_the_corrected_labels(
    image: Path, corrections: Path, coarse_foot: Foot
) -> None:
    """The row and the sidecar name them, and the corrections stay unchanged."""
    sums = {path.name: sha256_of(path) for path in corrections.iterdir()}
    out = corrections.parent

    assert main(["scan", str(image), str(out), *KNOWN_COARSE]) == 0

    row = pd.read_csv(out / "volumes.tsv", sep="\t").iloc[0]
    truth = coarse_foot.truth.muscles
    cm3 = np.isin(truth.voxels, range(1, 11)).sum() * truth.grid.voxel_volume_mm3 / 1e3
    assert row["total_cm3"] == pytest.approx(cm3, rel=1e-5)
    assert (row["segmenter"], row["status"]) == ("corrected", "ok")
    assert "corrected-muscles-and-bones" in row["cautions"]
    sidecar = read_json(out / "sub-foot" / "anat" / "sub-foot_seg-muscles_dseg.json")
    sources = {name.rpartition("/")[2]: s for name, s in sidecar["SourcesSHA256"].items()}
    assert sources.items() >= sums.items()
    assert {path.name: sha256_of(path) for path in corrections.iterdir()} == sums


def test_a_correction_on_another_grid_fails_the_scan(
    image: Path, corrections: Path, coarse_foot: Foot, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence, code 3, and a row with the reason."""
    moved = coarse_foot.moved(np.diag((1.0, 1.0, 1.01, 1.0))).truth.muscles
    write_labels(moved, corrections / "sub-foot_seg-muscles_dseg.nii.gz", like=None)

    code = main(["scan", str(image), str(corrections.parent), *KNOWN_COARSE])

    assert code == GridMismatchError.exit_code
    assert "must lie on the scan's own grid" in capsys.readouterr().err
    row = pd.read_csv(corrections.parent / "volumes.tsv", sep="\t").iloc[0]
    assert row["status"] == "failed"
    assert "sub-foot_seg-muscles_dseg.nii.gz" in row["reason"]


def write_pair(foot: Foot, folder: Path, shift_mm: float = 0.0) -> float:
    """Write a Dixon pair with more fat toward the toes; returns the mean fat fraction."""
    muscle = np.isin(foot.truth.muscles.voxels, range(1, 11))
    fat = (foot.tissues == Tissue.FAT).astype(float)
    fat[muscle] = 0.4 * np.argwhere(muscle)[:, 1] / muscle.shape[1]
    tissue = foot.tissues != Tissue.AIR
    moved = foot.grid.matrix
    moved[0, 3] += shift_mm
    for name, signal, affine in (
        ("water", 450 * (1 - fat), foot.grid.matrix),
        ("fat", 1000 * fat, moved),
    ):
        grid = Grid.from_arrays(fat.shape, affine)
        image = Scan(np.where(tissue, np.rint(signal), 0).astype(np.float32), grid)
        write_scan(image, folder / f"foot_{name}.nii.gz", like=None)
    return float(fat[muscle].mean())


@pytest.fixture
def corrections_of_water(coarse_foot: Foot, tmp_path: Path) -> Path:
    """Write the ground truth as corrections of the water image."""
    folder = tmp_path / "out" / "corrections"
    for name in ("muscles", "bones"):
        labels = getattr(coarse_foot.truth, name)
        write_labels(labels, folder / f"sub-footwater_seg-{name}_dseg.nii.gz", like=None)
    return folder


def test_fat_comes_from_the_fat_image_of_the_pair(
    coarse_foot: Foot, corrections_of_water: Path, tmp_path: Path
) -> None:
    """The raw pair is measured, and is in the sources."""
    true = write_pair(coarse_foot, tmp_path)
    out = corrections_of_water.parent

    assert main(["scan", str(tmp_path / "foot_water.nii.gz"), str(out), "--side", "right"]) == 0

    row = pd.read_csv(out / "volumes.tsv", sep="\t").iloc[0]
    assert row["fat_fraction"] == pytest.approx(true, abs=0.02)
    assert row["fat_fraction_low"] < true < row["fat_fraction_high"]
    assert row["contractile_cm3"] == pytest.approx(row["total_cm3"] * (1 - true), rel=0.02)
    assert pd.isna(row["total_ci95_low_cm3"])
    assert "interval-unknown" in row["cautions"]
    (sidecar,) = out.glob("sub-footwater/anat/*_desc-volumes_dseg.json")
    assert "bids:raw:foot_fat.nii.gz" in read_json(sidecar)["Sources"]


def test_a_fat_image_on_another_grid_fails_the_scan(
    coarse_foot: Foot,
    corrections_of_water: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Water and fat at different positions have no fat fraction."""
    write_pair(coarse_foot, tmp_path, shift_mm=1.5)
    out = corrections_of_water.parent

    code = main(["scan", str(tmp_path / "foot_water.nii.gz"), str(out), "--side", "right"])

    assert code == GridMismatchError.exit_code
    assert "Water and fat images must lie on one grid" in capsys.readouterr().err
