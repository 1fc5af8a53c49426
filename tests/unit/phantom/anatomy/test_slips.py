"""Cropped bellies and the added tendons, ligaments and vessels."""

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
    """For every belly."""
    heads = [PLAIN.cylinders[f"metatarsal_{ray}"].centres[-1, LONG] for ray in (1, 2, 3, 4, 5)]
    for name in BELLIES:
        assert WITH_TENDONS.cylinders[name].bounds[1, LONG] < max(heads) + 2, name


def test_bones_and_extrinsic_tendons_are_unchanged() -> None:
    """Only bellies are cropped."""
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
    """It begins inside the belly and ends within 12 mm of the proximal phalanx."""
    belly = name if name in BELLIES else name[:-2]
    chain, cylinder = WITH_TENDONS.tendons[name], WITH_TENDONS.cylinders[belly]
    bone = PLAIN.cylinders[f"proximal_phalanx_{toe}"].centres

    assert cylinder.centres[0, LONG] < chain.points[0, LONG] < cylinder.centres[-1, LONG]
    ends = np.linalg.norm(bone - chain.points[-1], axis=1)
    assert ends.min() < 12
    assert 0.5 < chain.radii.min() <= chain.radii.max() < 2


def test_tendons_and_ligaments_run_distally() -> None:
    """They run back by at most a centimetre between two points."""
    for name in set(WITH_TENDONS.tendons) - set(PLAIN.tendons):
        if "transverse" not in name and "spring" not in name:
            assert np.diff(WITH_TENDONS.tendons[name].points[:, LONG]).min() > -10, name


def test_a_cropped_cylinder_follows_the_original() -> None:
    """Its centre line is that of the original; its ends are the given fractions."""
    cylinder = PLAIN.cylinders["abductor_hallucis"]
    part = crop_cylinder(cylinder, 0.25, 0.75)

    low, high = cylinder.bounds[:, LONG]
    ends = part.bounds[:, LONG]
    np.testing.assert_allclose(ends, low + (high - low) * np.array((0.25, 0.75)), atol=1e-6)
    centre = np.interp(part.centres[:, LONG], cylinder.centres[:, LONG], cylinder.centres[:, 0])
    np.testing.assert_allclose(part.centres[:, 0], centre, atol=1.0)
