"""The order of voxels on disk and the number of threads change no result."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations, product
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from scipy import ndimage
from scipy.spatial.transform import Rotation
from simulated import Simulated, simulate

from pipeline.cli import main
from pipeline.domain.anatomy import PLANTAR_LABELS, REGIONS
from pipeline.domain.grid import Grid
from pipeline.domain.measurement_table import MeasurementTable
from pipeline.domain.scan import Scan
from pipeline.settings.measure import MeasureParams
from pipeline.settings.preprocess import PreprocessParams
from pipeline.settings.regions import RegionsParams
from pipeline.settings.segment import SegmentParams
from pipeline.stages.measure import measure
from pipeline.stages.preprocess import preprocess
from pipeline.stages.regions import regions
from pipeline.stages.segment import segment
from pipeline.store.images import read_scan

ORDERS = tuple(product(permutations(range(3)), product((1, -1), repeat=3)))
SOME_ORDERS = (ORDERS[0], ORDERS[14], ORDERS[37])
VOLUMES = ["rearfoot_cm3", "forefoot_cm3", "total_cm3"]
Order = tuple[tuple[int, ...], tuple[int, ...]]
Write = Callable[[Order, Path], Path]


@pytest.fixture
def write(simulated: Simulated) -> Write:
    """Write the raw scan with its axes in another order and direction."""
    return writer_of(simulated.raw)


def writer_of(scan: Scan) -> Write:
    """Make what writes a scan with its axes in another order and direction."""
    image = nib.Nifti1Image(scan.intensity.astype(np.int16), scan.grid.matrix)
    image.header.set_xyzt_units("mm", "sec")

    def write_as(order: Order, path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        turned = image.as_reoriented(np.column_stack(order))
        turned.set_qform(turned.affine, code=1)
        turned.set_sform(turned.affine, code=1)
        nib.save(turned, path)
        return path

    return write_as


def table_of(scan: Scan) -> MeasurementTable:
    """Run all stages in memory."""
    ready = preprocess(scan, PreprocessParams())
    split = regions(segment(ready, SegmentParams()), RegionsParams())
    return measure(split, ready, MeasureParams())


def make_dataset(folder: Path, labels: list[str]) -> Path:
    """Write the tables of a raw dataset of these participants."""
    folder.mkdir()
    rows = [f"sub-{label}\thealthy\t70" for label in labels]
    lines = ["participant_id\tgroup\tbody_mass_kg", *rows]
    (folder / "participants.tsv").write_text("\n".join(lines) + "\n")
    facts = {"Name": "one foot", "BIDSVersion": "1.10.0"}
    (folder / "dataset_description.json").write_text(json.dumps(facts))
    return folder


def test_there_are_48_orders() -> None:
    """Six orders of the axes, eight ways to flip them."""
    assert len(set(ORDERS)) == 48


@pytest.mark.integration
@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_every_order_is_read_alike(order: Order, grid: Grid, tmp_path: Path) -> None:
    """Same voxels in the same array, same places."""
    levels = np.random.default_rng(4).integers(0, 900, grid.shape)
    write = writer_of(Scan(levels.astype(np.float32), grid))
    reference = read_scan(write(SOME_ORDERS[0], tmp_path / "first_T1w.nii"))
    scan = read_scan(write(order, tmp_path / "second_T1w.nii"))

    np.testing.assert_array_equal(scan.intensity, reference.intensity)
    assert scan.grid.max_offset_mm(reference.grid) < 1e-3
    assert scan.grid.voxel_volume_mm3 == pytest.approx(grid.voxel_volume_mm3, rel=1e-6)


@pytest.mark.integration
def test_some_orders_give_the_same_volumes(
    write: Write, simulated: Simulated, tmp_path: Path
) -> None:
    """Through files."""
    tables = [
        table_of(read_scan(write(order, tmp_path / f"{k}_T1w.nii.gz")))
        for k, order in enumerate(SOME_ORDERS)
    ]

    muscles = simulated.foot.truth.muscles
    whole_mm3 = sum(muscles.volume_mm3(label) for label in PLANTAR_LABELS)
    assert tables[0].volume_cm3("total") == pytest.approx(whole_mm3 / 1e3, rel=0.05)
    for region in REGIONS:
        first, *others = (table.volume_cm3(region) for table in tables)
        assert others == pytest.approx([first] * 2, rel=1e-6)


@pytest.mark.slow
def test_all_orders_give_the_same_volumes(write: Write, tmp_path: Path) -> None:
    """One run over 48 participants who are the same foot, each in another order."""
    labels = [f"{k:02d}" for k in range(len(ORDERS))]
    dataset = make_dataset(tmp_path / "raw", labels)
    for label, order in zip(labels, ORDERS, strict=True):
        write(order, dataset / f"sub-{label}" / "anat" / f"sub-{label}_T1w.nii.gz")

    assert main(["run", str(dataset), str(tmp_path / "out"), "--jobs", "2", "-q"]) == 0

    volumes = pd.read_csv(tmp_path / "out" / "volumes.tsv", sep="\t")[VOLUMES]
    assert len(volumes) == len(ORDERS)
    assert (np.ptp(volumes, axis=0) / volumes.mean() < 1e-6).all()


@pytest.fixture(scope="module", params=[0.5, 1.0], ids="{} mm".format)
def upright(request: pytest.FixtureRequest) -> tuple[Scan, float]:
    """Take a scan of these pixels, and measure it on the grid that it was taken on."""
    raw = simulate(seed=11, pixel_mm=request.param).raw
    return raw, total_cm3(raw)


def total_cm3(scan: Scan) -> float:
    """Measure the plantar total from scratch."""
    total = table_of(scan).volume_cm3("total")
    assert total is not None
    return total


def turned(raw: Scan, axis: str) -> Scan:
    """Interpolate onto a grid of the same spacing and centre, turned by 15 degrees."""
    turn = Rotation.from_euler(axis, 15, degrees=True).as_matrix()
    affine = np.eye(4)
    affine[:3, :3] = turn @ raw.grid.matrix[:3, :3]
    spacing = np.array(raw.grid.spacing_mm)
    reach = (raw.grid.corners_mm() - raw.grid.centre_mm) @ (affine[:3, :3] / spacing)
    shape = np.ceil(np.ptp(reach, axis=0) / spacing).astype(int)
    affine[:3, 3] = raw.grid.centre_mm - affine[:3, :3] @ ((shape - 1) / 2)
    grid = Grid.from_arrays(shape.tolist(), affine)
    to_source = np.linalg.inv(raw.grid.matrix) @ affine
    # linear interpolation would blur across 4 mm slices; the leg goes on where the turned
    # grid reaches past the image
    intensity = ndimage.affine_transform(
        raw.intensity, to_source[:3, :3], to_source[:3, 3], grid.shape, order=3, mode="nearest"
    )
    return replace(raw, intensity=intensity, grid=grid)


@pytest.mark.slow
@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_an_oblique_grid_changes_the_total_by_one_percent_at_most(
    axis: str, upright: tuple[Scan, float]
) -> None:
    """Interpolated by cubic splines, segmented and measured from scratch."""
    raw, due_cm3 = upright

    assert total_cm3(turned(raw, axis)) == pytest.approx(due_cm3, rel=0.01)


@pytest.mark.slow
def test_threads_and_jobs_do_not_change_a_byte(write: Write, tmp_path: Path) -> None:
    """The whole run, with one of each and with two."""
    dataset = make_dataset(tmp_path / "raw", ["01", "02"])
    for label, order in (("01", ORDERS[0]), ("02", ORDERS[14])):
        write(order, dataset / f"sub-{label}" / "anat" / f"sub-{label}_T1w.nii.gz")
    written = []
    for count in ("1", "2"):
        out = tmp_path / f"out{count}"
        names = (
            "OMP_NUM_THREADS",
            "OPENBLAS_NUM_THREADS",
            "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
        )
        command = [sys.executable, "-m", "pipeline", "run", str(dataset), str(out), "-q"]
        subprocess.run(
            [*command, "--jobs", count],
            check=True,
            capture_output=True,
            env={**os.environ, **dict.fromkeys(names, count)},
        )
        files = [*sorted(out.rglob("*.nii.gz")), *sorted(out.rglob("*.tsv"))]
        written.append({str(p.relative_to(out)): p.read_bytes() for p in files})

    one, two = written
    assert one.keys() == two.keys()
    assert [name for name in one if one[name] != two[name]] == []
    assert {"volumes.tsv", "statistics.tsv"} <= one.keys()
