"""Tapered bellies, grown to their volumes within the fascia."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.phantom.anatomy.envelope import SPACING_MM
from pipeline.phantom.anatomy.joint_pose import pose_structures
from pipeline.phantom.anatomy.lattice import Lattice
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.phantom.anatomy.structures import BELLIES, BONES
from pipeline.phantom.anatomy.tapered_bellies import TaperedBellies, make_tapered

pytestmark = pytest.mark.integration

STRUCTURES = pose_structures(FootShape())
LATTICE = Lattice.over(np.array((-80.0, -26, -35)), np.array((85.0, 245, 115)), SPACING_MM)
ATROPHIED = 7


@pytest.fixture(scope="module")
def healthy() -> TaperedBellies:
    """Fit the muscles of the mean foot."""
    return make_tapered(STRUCTURES, LATTICE, FootShape())


@pytest.fixture(scope="module")
def atrophied() -> TaperedBellies:
    """Fit the muscles of a foot that has lost 40 % of one muscle."""
    shape = FootShape(atrophy=MappingProxyType({ATROPHIED: 0.4}))
    return make_tapered(STRUCTURES, LATTICE, shape)


def test_the_fascia_encloses_bellies_and_bones(healthy: TaperedBellies) -> None:
    """The second station of each is inside the fascia, and the skin is farther out."""
    envelope = healthy.envelope
    for name in (*BELLIES, *BONES):
        station = STRUCTURES.cylinders[name].centres[1]
        i, j, k = np.rint((station - LATTICE.origin_mm) / SPACING_MM).astype(int)
        assert envelope.skin[i, j, k] < envelope.fascia[i, j, k] < 0, name


def test_no_offset_of_the_mean_foot_is_at_its_limit(healthy: TaperedBellies) -> None:
    """Offsets lie between 8 mm of shrinkage and 9 mm of growth."""
    assert healthy.offsets.shape == (max(MUSCLE_NAMES) + 1,)
    assert -8 < healthy.offsets.min() <= healthy.offsets.max() < 9


def test_atrophy_shrinks_a_belly_but_not_its_compartment(
    healthy: TaperedBellies, atrophied: TaperedBellies
) -> None:
    """Fascia and skin stay; only the offset of that belly decreases."""
    ours, theirs = healthy.envelope, atrophied.envelope
    assert ours.fascia.tobytes() == theirs.fascia.tobytes()
    assert ours.skin.tobytes() == theirs.skin.tobytes()
    change = atrophied.offsets - healthy.offsets
    assert change[ATROPHIED] < -1
    assert np.abs(np.delete(change, ATROPHIED)).max() < 0.5


def test_a_septum_separates_muscles(healthy: TaperedBellies) -> None:
    """A thicker septum removes voxels from muscles and relabels none."""
    fascia = healthy.envelope.fascia

    thin, thick = (
        replace(healthy, septum_mm=septum_mm).rasterise(LATTICE, fascia)
        for septum_mm in (0.0, 3.0)
    )
    kept = thick > 0
    assert np.count_nonzero(kept) < 0.95 * np.count_nonzero(thin)
    np.testing.assert_array_equal(thin[kept], thick[kept])


def test_all_muscles_lie_inside_the_fascia(healthy: TaperedBellies) -> None:
    """Every label is present, and none outside."""
    fascia = healthy.envelope.fascia

    muscles = healthy.rasterise(LATTICE, fascia)
    assert (fascia[muscles > 0] < 0).all()
    assert set(np.unique(muscles).tolist()) == {0, *MUSCLE_NAMES}
