"""Fixtures for several folders of tests: grids, feet, a tiny dataset, idle stages."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:  # tests of single modules do not import all of them
    from simulated import Simulated

    from pipeline.domain.grid import Grid
    from pipeline.phantom.anatomy.foot import Foot

PARTICIPANTS = (
    ("sub-01", "healthy", "61.5"),
    ("sub-02", "healthy", "72"),
    ("sub-03", "healthy", "n/a"),
    ("sub-04", "plantar_fasciitis", "80"),
    ("sub-05", "plantar_fasciitis", "68.5"),
    ("sub-06", "plantar_fasciitis", "75"),
)


@pytest.fixture
def rng() -> np.random.Generator:
    """Make a generator that gives the same numbers in every test."""
    return np.random.default_rng(20)


@pytest.fixture
def grid() -> "Grid":
    """Make 23 x 31 x 17 voxels of 0.5 x 0.7 x 3 mm, tilted 20 degrees and flipped."""
    from makers import make_grid  # noqa: PLC0415

    return make_grid()


@pytest.fixture(scope="session")
def coarse_foot() -> "Foot":
    """Build the mean digital foot in voxels of 2 mm, once."""
    return _mean_foot(2.0)


@pytest.fixture(scope="session")
def foot() -> "Foot":
    """Build the mean digital foot in voxels of 1 mm, once."""
    return _mean_foot(1.0)


def _mean_foot(spacing_mm: float) -> "Foot":
    from pipeline.phantom.anatomy.digital_foot import make_foot  # noqa: PLC0415
    from pipeline.phantom.anatomy.shape import FootShape  # noqa: PLC0415

    return make_foot(FootShape(), spacing_mm)


@pytest.fixture
def bids_dir(tmp_path: Path) -> Path:
    """Make six participants whose scans have a few bytes each."""
    folder = tmp_path / "raw"
    rows = ["participant_id\tgroup\tbody_mass_kg\tsex"]
    for number, (name, group, mass) in enumerate(PARTICIPANTS, start=1):
        anat = folder / name / "anat"
        anat.mkdir(parents=True)
        (anat / f"{name}_T1w.nii.gz").write_bytes(b"scan" * number)
        rows.append(f"{name}\t{group}\t{mass}\t{'FM'[number % 2]}")
    (folder / "participants.tsv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace the stages by ones that take no time; gives what was done, in order."""
    from fake_stages import replace_work  # noqa: PLC0415

    return replace_work(monkeypatch)


@pytest.fixture(scope="session")
def simulated() -> "Simulated":
    """Scan one digital foot, coarsely."""
    from simulated import simulate  # noqa: PLC0415

    return simulate(seed=11)
