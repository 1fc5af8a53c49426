"""Effect of proportions and joint angles on structures, one parameter at a time."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.phantom.anatomy.generalised_cylinders import DORSAL, LATERAL, LONG, Array
from pipeline.phantom.anatomy.joint_pose import pose_structures
from pipeline.phantom.anatomy.shape import MEAN_BONE_LENGTH_MM, FootShape
from pipeline.phantom.anatomy.structures import LEG_BELLIES, bellies_and_bones, tendons, vessels

MEAN = FootShape()
NEUTRAL = FootShape(hallux_valgus_deg=0.0, plantarflexion_deg=0.0)
FLEXED = FootShape(plantarflexion_deg=45.0)
LENGTH_MM = MEAN_BONE_LENGTH_MM


def centres_mm(shape: FootShape, name: str) -> Array:
    """Stations of a structure."""
    return pose_structures(shape).cylinders[name].centres


def displacement_mm(shape: FootShape, name: str) -> Array:
    """Displacement of each station relative to the mean foot."""
    return centres_mm(shape, name) - centres_mm(MEAN, name)


def heading_deg(shape: FootShape, first: str, last: str) -> float:
    """Angle to the lateral side from one bone's first to another's last station."""
    way = centres_mm(shape, last)[-1] - centres_mm(shape, first)[0]
    return float(np.degrees(np.arctan2(way[LATERAL], way[LONG])))


def test_the_neutral_foot_is_the_reference_in_millimetres() -> None:
    """Centres scale with the bone length, squared semi-axes with its square."""
    structures = pose_structures(NEUTRAL)

    for name, reference in bellies_and_bones().items():
        cylinder = structures.cylinders[name]
        np.testing.assert_allclose(cylinder.centres, reference.centres * LENGTH_MM, atol=1e-9)
        np.testing.assert_allclose(cylinder.sections, reference.sections * LENGTH_MM**2)
    for ours, theirs in ((structures.tendons, tendons()), (structures.vessels, vessels())):
        for name, chain in theirs.items():
            np.testing.assert_allclose(ours[name].points, chain.points * LENGTH_MM, atol=1e-9)
            np.testing.assert_allclose(ours[name].radii, chain.radii * LENGTH_MM)


def test_a_longer_foot_is_larger_in_every_direction() -> None:
    """All coordinates are proportional to bone length."""
    longer = pose_structures(FootShape(bone_length_mm=LENGTH_MM * 1.1)).cylinders
    mean = pose_structures(MEAN).cylinders

    for name in ("calcaneus", "tibia", "lumbrical_3"):
        np.testing.assert_allclose(longer[name].bounds, mean[name].bounds * 1.1, atol=1e-9)


@pytest.mark.parametrize(
    ("wider", "axis"),
    [(replace(NEUTRAL, width=1.12), LATERAL), (replace(NEUTRAL, height=1.12), DORSAL)],
)
@pytest.mark.parametrize("name", ["calcaneus", "metatarsal_5", "adductor_hallucis_transverse"])
def test_width_and_height_scale_their_own_axis(wider: FootShape, axis: int, name: str) -> None:
    """Centres and in-slice sections are scaled; the other axes stay."""
    cylinder, mean = (pose_structures(s).cylinders[name] for s in (wider, NEUTRAL))

    factors = np.where(np.arange(3) == axis, 1.12, 1.0)
    np.testing.assert_allclose(cylinder.centres, mean.centres * factors, atol=1e-9)
    in_slice = factors[[a for a in range(3) if a != cylinder.axis]]
    np.testing.assert_allclose(cylinder.sections, mean.sections * np.outer(in_slice, in_slice))


def test_a_higher_arch_lifts_the_midfoot_only() -> None:
    """The navicular rises by nearly 0.02 bone lengths, heel and toes hardly."""
    high = FootShape(arch=0.02)

    navicular = displacement_mm(high, "navicular")[:, DORSAL]
    assert 3.5 < navicular.min() <= navicular.max() <= 0.02 * LENGTH_MM
    assert np.abs(displacement_mm(high, "distal_phalanx_1")[:, DORSAL]).max() < 0.01
    assert displacement_mm(high, "calcaneus")[0, DORSAL] < 0.1
    np.testing.assert_allclose(displacement_mm(high, "navicular")[:, :DORSAL], 0, atol=1e-9)


def test_adduction_bends_the_forefoot_toward_the_little_toe() -> None:
    """The displacement is largest at the toes and 0 at the heel."""
    bent = FootShape(adduction=0.03)

    assert displacement_mm(bent, "distal_phalanx_2")[-1, LATERAL] == pytest.approx(6.7, abs=0.5)
    assert 0 < displacement_mm(bent, "cuboid")[-1, LATERAL] < 0.5
    np.testing.assert_allclose(displacement_mm(bent, "calcaneus")[:-1], 0, atol=1e-9)


def test_longer_toes_do_not_change_other_structures() -> None:
    """Only structures distal to the metatarsal heads move, along the long axis."""
    longer = FootShape(toe_length=1.15)

    assert 6 < displacement_mm(longer, "distal_phalanx_2")[-1, LONG] < 9
    np.testing.assert_allclose(displacement_mm(longer, "metatarsal_3"), 0, atol=1e-9)
    np.testing.assert_allclose(displacement_mm(longer, "calcaneus"), 0, atol=1e-9)
    np.testing.assert_allclose(
        displacement_mm(longer, "distal_phalanx_2")[:, [LATERAL, DORSAL]], 0, atol=1e-9
    )


def test_hallux_valgus_turns_the_big_toe_laterally() -> None:
    """By the given angle; its metatarsal turns medially by a third of it."""
    valgus = FootShape(hallux_valgus_deg=30.0)
    toe = ("proximal_phalanx_1", "distal_phalanx_1")
    bone = ("metatarsal_1", "metatarsal_1")

    turned = heading_deg(valgus, *toe) - heading_deg(NEUTRAL, *toe)
    metatarsal_turn = heading_deg(valgus, *bone) - heading_deg(NEUTRAL, *bone)
    assert turned == pytest.approx(30, abs=2)
    assert metatarsal_turn == pytest.approx(-10, abs=1)
    for name in ("distal_phalanx_3", "metatarsal_2", "calcaneus"):
        np.testing.assert_allclose(displacement_mm(valgus, name), 0, atol=1e-9)


def test_splay_fans_the_toes_about_the_second() -> None:
    """The little toe turns laterally, the big one medially."""
    fanned = FootShape(toe_splay_deg=4.0)

    assert displacement_mm(fanned, "distal_phalanx_5")[-1, LATERAL] > 3
    assert displacement_mm(fanned, "distal_phalanx_1")[-1, LATERAL] < -2
    np.testing.assert_allclose(displacement_mm(fanned, "distal_phalanx_2"), 0, atol=1e-9)


def test_a_longer_ray_moves_its_own_toe_only() -> None:
    """Head of the second metatarsal and toe move distally."""
    longer = FootShape(metatarsal_parabola=(0.0, 0.05, 0.0, 0.0, 0.0))

    head, toe = (displacement_mm(longer, n)[-1] for n in ("metatarsal_2", "distal_phalanx_2"))
    assert 2 < head[LONG] < toe[LONG] < 8
    np.testing.assert_allclose(displacement_mm(longer, "distal_phalanx_3"), 0, atol=1e-9)


@pytest.mark.parametrize("name", ["tibia", "fibula", *LEG_BELLIES])
def test_plantarflexion_moves_the_leg_back(name: str) -> None:
    """The displacement increases with height, up to centimetres."""
    moved = displacement_mm(FLEXED, name)

    assert moved[-1, LONG] < -20
    assert (np.diff(moved[:, LONG]) < 0).all()


@pytest.mark.parametrize("name", ["talus", "calcaneus", "metatarsal_1", "quadratus_plantae"])
def test_plantarflexion_does_not_move_the_foot(name: str) -> None:
    """It rotates the leg relative to the foot."""
    np.testing.assert_allclose(displacement_mm(FLEXED, name), 0, atol=1e-9)


def test_tendons_bend_over_the_ankle() -> None:
    """Their proximal part moves backward and their distal part stays."""
    flexed, mean = (
        pose_structures(s).tendons["tibialis_anterior"].points for s in (FLEXED, MEAN)
    )

    moved = (flexed - mean)[np.argsort(mean[:, DORSAL])]
    np.testing.assert_allclose(moved[0], 0, atol=1e-9)
    assert moved[-1, LONG] < -20


def test_a_wave_displaces_by_at_most_its_amplitude() -> None:
    """Only along its direction, and differently along the structure."""
    waved = FootShape(waves=((0.0, 0.0, 0.01, 0.0, 9.0, 0.0, 0.4),))

    lift = displacement_mm(waved, "abductor_hallucis")[:, DORSAL]
    assert np.abs(lift).max() <= 0.01 * LENGTH_MM
    assert np.ptp(lift) > 1
    np.testing.assert_allclose(
        displacement_mm(waved, "abductor_hallucis")[:, :DORSAL], 0, atol=1e-9
    )


def test_stations_stay_in_order_under_any_wave() -> None:
    """A wave that would fold a structure only compresses it."""
    folding = FootShape(waves=((0.05, 0.05, 0.05, 20.0, 60.0, 40.0, 0.0),))

    for name, cylinder in pose_structures(folding).cylinders.items():
        assert (np.diff(cylinder.centres[:, cylinder.axis]) > 0).all(), name
