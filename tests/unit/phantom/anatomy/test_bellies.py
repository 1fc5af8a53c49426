"""How far bellies grow into their compartments."""

from types import MappingProxyType

import numpy as np
import pytest

from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.phantom.anatomy.bellies import bellies_of, grow_bellies, solve_bellies
from pipeline.phantom.anatomy.envelope import SPACING_MM, Envelope
from pipeline.phantom.anatomy.generalised_cylinders import Array
from pipeline.phantom.anatomy.joint_pose import pose_structures
from pipeline.phantom.anatomy.lattice import Lattice
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.phantom.anatomy.structures import BELLIES, BONES

STRUCTURES = pose_structures(FootShape())
LATTICE = Lattice.over(np.array((-80.0, -26, -35)), np.array((85.0, 245, 115)), SPACING_MM)
WASTED = 7

Solved = tuple[Envelope, Array]


@pytest.fixture(scope="module")
def healthy() -> Solved:
    """Solve the mean foot."""
    return solve_bellies(STRUCTURES, LATTICE, FootShape())


@pytest.fixture(scope="module")
def wasted() -> Solved:
    """Solve one that has lost 40 % of a muscle."""
    shape = FootShape(atrophy=MappingProxyType({WASTED: 0.4}))
    return solve_bellies(STRUCTURES, LATTICE, shape)


def test_the_fascia_holds_bellies_and_bones(healthy: Solved) -> None:
    """The middle of each is inside, with the skin farther out."""
    envelope, _ = healthy
    for name in (*BELLIES, *BONES):
        middle = STRUCTURES.cylinders[name].centres[1]
        i, j, k = np.rint((middle - LATTICE.origin_mm) / SPACING_MM).astype(int)
        assert envelope.skin[i, j, k] < envelope.fascia[i, j, k] < 0, name


def test_no_belly_stops_at_a_limit(healthy: Solved) -> None:
    """Each of the mean foot's finds its volume between 8 mm of loss and 9 mm of growth."""
    assert healthy[1].shape == (max(MUSCLE_NAMES) + 1,)
    assert -8 < healthy[1].min() <= healthy[1].max() < 9


def test_atrophy_shrinks_a_belly_not_its_compartment(healthy: Solved, wasted: Solved) -> None:
    """Fascia and skin are the healthy ones; only that belly draws back by millimetres."""
    for ours, theirs in (
        (healthy[0].fascia, wasted[0].fascia),
        (healthy[0].skin, wasted[0].skin),
    ):
        assert ours.tobytes() == theirs.tobytes()
    change = wasted[1] - healthy[1]
    assert change[WASTED] < -1
    assert np.abs(np.delete(change, WASTED)).max() < 0.5


def test_a_septum_keeps_muscles_apart(healthy: Solved) -> None:
    """A thicker one takes voxels from muscles, gives none to them, and moves none."""
    envelope, offsets = healthy

    thin, thick = (
        grow_bellies(bellies_of(STRUCTURES), LATTICE, offsets, envelope.fascia, septum_mm)
        for septum_mm in (0.0, 3.0)
    )
    kept = thick > 0
    assert np.count_nonzero(kept) < 0.95 * np.count_nonzero(thin)
    np.testing.assert_array_equal(thin[kept], thick[kept])


def test_bellies_stay_inside_the_fascia(healthy: Solved) -> None:
    """And all are there."""
    envelope, offsets = healthy

    muscles = grow_bellies(bellies_of(STRUCTURES), LATTICE, offsets, envelope.fascia, 0.6)
    assert (envelope.fascia[muscles > 0] < 0).all()
    assert set(np.unique(muscles).tolist()) == {0, *MUSCLE_NAMES}
