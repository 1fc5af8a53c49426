"""The structures of the reference foot."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import pytest

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.phantom.anatomy.capsules import CapsuleChain
from pipeline.phantom.anatomy.generalised_cylinders import DORSAL, LONG, reference_cylinders
from pipeline.phantom.anatomy.structures import (
    BELLIES,
    BONES,
    LEG_BELLIES,
    LIGAMENTS,
    bellies_and_bones,
    nerves,
    tendons,
    vessels,
)


def test_bellies_and_bones_make_up_every_label() -> None:
    """Every label has a structure and every structure a known label."""
    assert set(BELLIES.values()) == set(MUSCLE_NAMES)
    assert set(BONES.values()) == set(BONE_NAMES)


def test_every_elliptic_structure_is_a_cylinder() -> None:
    """Bellies, bones, ligaments and the muscles of the leg, and nothing else."""
    assert set(bellies_and_bones()) == {*BELLIES, *BONES, *LIGAMENTS, *LEG_BELLIES}


@pytest.mark.parametrize("made", [bellies_and_bones, tendons, vessels, nerves])
def test_the_reference_is_made_once_and_locked(made: Callable[[], object]) -> None:
    """All feet share one reference."""
    assert made() is made()
    assert isinstance(made(), MappingProxyType)


@pytest.mark.parametrize("name", ["abductor_hallucis", "quadratus_plantae"])
def test_a_flatter_profile_keeps_the_volume(name: str) -> None:
    """Sections are more uniform; their sum and the centre line stay."""
    ours, table = bellies_and_bones()[name], reference_cylinders()[name]
    area, was = (np.sqrt(np.linalg.det(t.sections)) for t in (ours, table))

    assert area.sum() == pytest.approx(was.sum())
    assert area.max() / area.min() < was.max() / was.min()
    np.testing.assert_array_equal(ours.centres, table.centres)


@pytest.mark.parametrize("name", LEG_BELLIES)
def test_muscles_of_the_leg_are_vertical(name: str) -> None:
    """They lie above the ankle and thicken upward."""
    belly = bellies_and_bones()[name]

    assert belly.axis == DORSAL
    assert belly.centres[0, DORSAL] > bellies_and_bones()["talus"].centres[:, DORSAL].max()
    assert (np.diff(np.linalg.det(belly.sections)) >= 0).all()


@pytest.mark.parametrize("name", ["flexor_digitorum_longus", "extensor_digitorum_longus"])
@pytest.mark.parametrize("ray", [2, 3, 4, 5])
def test_each_lesser_toe_has_its_slip(name: str, ray: int) -> None:
    """From the end of the common tendon to the distal phalanx."""
    whole, own = tendons()[name], tendons()[f"{name}_{ray}"]

    np.testing.assert_array_equal(own.points[0], whole.points[-1])
    tip = bellies_and_bones()[f"distal_phalanx_{ray}"].centres[-1]
    assert own.points[-1, LONG] == pytest.approx(tip[LONG])
    assert own.radii.max() < whole.radii.max()


@pytest.mark.parametrize("group", [tendons(), vessels(), nerves()])
def test_every_chain_has_a_radius_at_each_point(group: Mapping[str, CapsuleChain]) -> None:
    """Radii are within 0.002 to 0.016 bone lengths."""
    for name, chain in group.items():
        assert chain.radii.shape == (len(chain.points),), name
        assert 0.002 < chain.radii.min() <= chain.radii.max() <= 0.016, name


def test_nerves_run_beside_their_vessels() -> None:
    """They are thinner and do not overlap the vessels' centre lines."""
    for name, nerve in nerves().items():
        vessel = vessels()[name.removesuffix("_nerve")]
        apart = np.linalg.norm(nerve.points - vessel.points, axis=1)
        assert (nerve.radii < vessel.radii).all()
        assert (apart > vessel.radii).all()
