"""Partial-volume fractions of the tissues."""

from dataclasses import replace

import numpy as np
import pytest
from small_foot import make_foot

from pipeline.domain.grid import Grid
from pipeline.phantom.acquisition.partial_volume import tissue_fractions
from pipeline.phantom.anatomy.foot import Foot, Tissue

GRID = Grid.from_arrays((12, 16, 9), np.diag((1.5, 2.5, 3.0, 1.0)))
THICKNESS_MM = 2.0


@pytest.fixture
def foot() -> Foot:
    """Make a box of fat with a core of muscle that is 25 % fat."""
    plain = make_foot()
    streaks = np.where(plain.tissues == Tissue.MUSCLE, 0.25, 0.0).astype(np.float32)
    return replace(plain, fat_fraction=streaks)


def test_fractions_add_up(foot: Foot) -> None:
    """The sum is 1 in every voxel."""
    fractions = tissue_fractions(foot, GRID, THICKNESS_MM)

    assert fractions.shape == (len(Tissue), *GRID.shape)
    np.testing.assert_allclose(fractions.sum(axis=0), 1, atol=1e-5)
    assert fractions.min() > -1e-6


def test_volumes_are_those_of_the_foot(foot: Foot) -> None:
    """Without slice gaps, the sum over voxels is the volume."""
    affine = np.diag((1.5, 2.5, 2.0, 1.0))
    affine[:3, 3] = (-2, -14, 0)
    grid = Grid.from_arrays((22, 28, 20), affine)

    fractions = tissue_fractions(foot, grid, 2.0)

    muscle_mm3 = fractions[Tissue.MUSCLE].sum() * grid.voxel_volume_mm3
    assert muscle_mm3 == pytest.approx(0.75 * 7 * 24 * 8, rel=0.01)


def test_fat_inside_muscle_is_fat(foot: Foot) -> None:
    """A voxel deep in the muscle is 25 % fat."""
    centre = np.rint(np.linalg.inv(GRID.matrix) @ (*foot.grid.to_world((10, 32, 14)), 1))
    here = tissue_fractions(foot, GRID, THICKNESS_MM)[:, *centre[:3].astype(int)]

    assert here[Tissue.MUSCLE] == pytest.approx(0.75, abs=1e-5)
    assert here[Tissue.FAT] == pytest.approx(0.25, abs=1e-5)
