"""Where bellies end, and the tendons, ligaments and vessels that go on."""

import numpy as np
import pytest

from pipeline.phantom.anatomy.generalised_cylinders import LONG
from pipeline.phantom.anatomy.joint_pose import pose_structures
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.phantom.anatomy.slips import add_tendons, crop_cylinder
from pipeline.phantom.anatomy.structures import BELLIES

PLAIN = pose_structures(FootShape())
WITH_TENDONS = add_tendons(PLAIN, FootShape().bone_length_mm)


def test_bellies_end_before_the_heads_of_the_metatarsals() -> None:
    """All but the toes' own extensors, which end long before."""
    heads = [PLAIN.cylinders[f"metatarsal_{ray}"].centres[-1, LONG] for ray in (1, 2, 3, 4, 5)]
    for name in BELLIES:
        assert WITH_TENDONS.cylinders[name].bounds[1, LONG] < max(heads) + 2, name


def test_bones_and_long_tendons_stay_as_they_are() -> None:
    """Only bellies are cut."""
    for name in set(PLAIN.cylinders) - set(BELLIES):
        assert WITH_TENDONS.cylinders[name] is PLAIN.cylinders[name]
    for name, chain in PLAIN.tendons.items():
        assert WITH_TENDONS.tendons[name] is chain


@pytest.mark.parametrize(
    ("name", "toe"),
    [
        ("abductor_hallucis", 1),
        ("lumbrical_2", 3),
        ("dorsal_interosseous_3", 3),
        ("plantar_interosseous_3", 5),
        ("flexor_digitorum_brevis_4", 4),
        ("extensor_digitorum_brevis_2", 2),
    ],
)
def test_a_tendon_runs_from_its_belly_to_its_toe(name: str, toe: int) -> None:
    """It begins inside the belly and ends at the proximal phalanx, within 12 mm."""
    belly = name if name in BELLIES else name[:-2]
    chain, cylinder = WITH_TENDONS.tendons[name], WITH_TENDONS.cylinders[belly]
    bone = PLAIN.cylinders[f"proximal_phalanx_{toe}"].centres

    assert cylinder.centres[0, LONG] < chain.points[0, LONG] < cylinder.centres[-1, LONG]
    ends = np.linalg.norm(bone - chain.points[-1], axis=1)
    assert ends.min() < 12
    assert 0.5 < chain.radii.min() <= chain.radii.max() < 2


def test_cords_never_run_backward_by_much() -> None:
    """Along the foot, a centimetre at most where two points meet."""
    for name in set(WITH_TENDONS.tendons) - set(PLAIN.tendons):
        if "transverse" not in name and "spring" not in name:
            assert np.diff(WITH_TENDONS.tendons[name].points[:, LONG]).min() > -10, name


def test_a_part_of_a_belly_lies_within_the_whole() -> None:
    """Its middle line follows the tube's, its ends are those asked for."""
    cylinder = PLAIN.cylinders["abductor_hallucis"]
    part = crop_cylinder(cylinder, 0.25, 0.75)

    low, high = cylinder.bounds[:, LONG]
    ends = part.bounds[:, LONG]
    np.testing.assert_allclose(ends, low + (high - low) * np.array((0.25, 0.75)), atol=1e-6)
    middle = np.interp(part.centres[:, LONG], cylinder.centres[:, LONG], cylinder.centres[:, 0])
    np.testing.assert_allclose(part.centres[:, 0], middle, atol=1.0)
