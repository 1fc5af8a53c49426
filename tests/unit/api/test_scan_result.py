"""Measuring from Python: what a result has, on a digital foot with its true labels."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from reviewed import measure_truth

from pipeline import DatasetResult, ScanResult, measure_scan, run_dataset
from pipeline.api.scan_result import TEXT_COLUMNS
from pipeline.phantom.anatomy.foot import Foot
from pipeline.store.names import ScanName
from pipeline.store.tables import read_table

pytestmark = pytest.mark.integration
SETTINGS = {"quality.enforce": False}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, coarse_foot: Foot) -> Iterator[Path]:
    """Measure one participant by the command; the network stays replaced by the truth."""
    made = tmp_path_factory.mktemp("api")
    patch = pytest.MonkeyPatch()
    measure_truth(made, {ScanName("01"): coarse_foot}, patch)
    yield made
    patch.undo()


@pytest.fixture(scope="module")
def study(folder: Path) -> DatasetResult:
    """Open what the command measured."""
    return run_dataset(folder / "raw", folder / "out", config=SETTINGS)


@pytest.fixture(scope="module")
def foot(folder: Path) -> ScanResult:
    """Measure the same scan by itself, in a temporary folder."""
    return measure_scan(folder / "raw/sub-01/anat/sub-01_T1w.nii.gz", config=SETTINGS)


def test_a_dataset_has_the_tables_of_the_command(study: DatasetResult) -> None:
    """Nothing was measured again, and the tables are those on disk."""
    assert study.outcomes[0].stages == ()
    assert study.volumes.equals(read_table(study.out / "volumes.tsv", TEXT_COLUMNS))
    assert study.muscles["FDB_total_cm3"].item() > 1


def test_a_scan_by_itself_gives_the_same_as_in_a_dataset(
    study: DatasetResult, foot: ScanResult
) -> None:
    """Labels, landmarks and volumes."""
    other = study.scan("sub-01")

    np.testing.assert_array_equal(foot.muscles.voxels, other.muscles.voxels)
    np.testing.assert_array_equal(foot.scan.intensity, other.scan.intensity)
    assert foot.landmarks == other.landmarks
    assert foot.by_muscle.equals(other.by_muscle)
    assert foot.volumes["total_cm3"].equals(other.volumes["total_cm3"])
    assert (foot.out, other.out) == (None, study.out)


def test_labels_and_tables_belong_together(foot: ScanResult) -> None:
    """The voxels of a muscle make up its volume, and each has a region and a bone grid."""
    total = foot.by_muscle.query("muscle == 'QP' and region == 'total'")
    (label,) = (n for n, name in foot.muscles.names.items() if name == "quadratus plantae")

    assert total["volume_mm3"].item() == pytest.approx(foot.muscles.volume_mm3(label), 1e-6)
    assert ((foot.regions.voxels > 0) == (foot.muscles.voxels > 0)).all()
    assert foot.bones.grid == foot.scan.grid == foot.muscles.grid


def test_a_result_shows_itself_in_a_notebook(study: DatasetResult, foot: ScanResult) -> None:
    """Volumes, cautions and the picture; without a body mass there is one caution more."""
    shown = foot._repr_html_()

    assert foot.picture.startswith(b"\x89PNG")
    assert f"total {foot.volumes['total_cm3'].item():.1f} cm<sup>3</sup>" in shown
    assert "<li>Body mass is unknown" in shown
    assert foot.cautions[:-1] == study.scan("01").cautions
