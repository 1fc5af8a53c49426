"""Joints posed and bones shaped each on its own, and space bent with them."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.errors import ConfigError
from pipeline.phantom.anatomy.digital_foot import make_foot
from pipeline.phantom.anatomy.displacement_field import (
    DisplacementField,
    make_displacement_field,
)
from pipeline.phantom.anatomy.foot_kind import FootKind
from pipeline.phantom.anatomy.generalised_cylinders import DORSAL, LATERAL, Array
from pipeline.phantom.anatomy.joint_pose import pose_structures
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.phantom.anatomy.skeleton import NEUTRAL, Skeleton, draw_skeleton
from pipeline.phantom.anatomy.structures import BONES

CYLINDERS = {name: pose_structures(FootShape()).cylinders[name] for name in BONES}
LOW, HIGH = np.array((-75.0, -30, -30)), np.array((75.0, 245, 125))
OTHERS_MM = 2.3  # of bones off an affine fit in the likest of six other people's skeletons


def bent(skeleton: Skeleton) -> DisplacementField:
    """Bend the mean foot."""
    return make_displacement_field(skeleton, CYLINDERS, LOW, HIGH)


def displacement_mm(skeleton: Skeleton, bone: str, station: int) -> Array:
    """How far a station of a bone is moved."""
    point = CYLINDERS[bone].centres[[station]]
    moved: Array = bent(skeleton).posed(point)[0] - point[0]
    return moved


def centroids_mm() -> Array:
    """Middle of each bone of the straight foot."""
    return np.array([cylinder.centres.mean(axis=0) for cylinder in CYLINDERS.values()])


def test_a_straight_skeleton_moves_nothing() -> None:
    """Not by a hair."""
    np.testing.assert_allclose(bent(NEUTRAL).displacement_mm, 0, atol=1e-4)


def test_inversion_tilts_the_leg_over_the_foot() -> None:
    """The sole turns inward, so the leg leans outward over it; the heel stays."""
    inverted = Skeleton(inversion_deg=20)

    assert displacement_mm(inverted, "tibia", -1)[LATERAL] < -5
    assert np.linalg.norm(displacement_mm(inverted, "calcaneus", 1)) < 1
    assert np.linalg.norm(displacement_mm(inverted, "metatarsal_3", -1)) < 0.5


@pytest.mark.parametrize(
    ("skeleton", "bone", "axis", "sign"),
    [
        (Skeleton(midfoot_lift_deg=8), "metatarsal_2", DORSAL, 1),
        (Skeleton(midfoot_turn_deg=8), "metatarsal_2", LATERAL, 1),
        (Skeleton(midfoot_twist_deg=8), "metatarsal_5", DORSAL, -1),
        (Skeleton(ray_lift_deg=(8, 0, 0, 0, 0)), "metatarsal_1", DORSAL, 1),
        (Skeleton(ray_turn_deg=(0, 0, 0, 0, 8)), "metatarsal_5", LATERAL, 1),
        (Skeleton(toe_lift_deg=(0, 20, 20, 20, 20)), "distal_phalanx_3", DORSAL, 1),
        (Skeleton(toe_curl_deg=(0, 30, 30, 30, 30)), "distal_phalanx_3", DORSAL, -1),
    ],
)
def test_a_joint_moves_what_lies_beyond_it(
    skeleton: Skeleton, bone: str, axis: int, sign: int
) -> None:
    """Its far end by millimetres the right way, and the calcaneus not at all."""
    assert sign * displacement_mm(skeleton, bone, -1)[axis] > 2
    assert np.linalg.norm(displacement_mm(skeleton, "calcaneus", 1)) < 0.5


def test_every_point_of_the_posed_foot_is_found_again() -> None:
    """The bent lattice gives back where the bones' middles came from."""
    bend = bent(draw_skeleton(np.random.default_rng(2)))
    posed = bend.posed(centroids_mm())

    lattice = bend.over(posed.min(axis=0) - 5, posed.max(axis=0) + 5, 1.0)
    index = np.rint((posed - lattice.origin_mm) / lattice.spacing_mm).astype(int)
    back = lattice.undeformed_mm[:, index[:, 0], index[:, 1], index[:, 2]].T
    assert np.linalg.norm(back - centroids_mm(), axis=1).max() < 2.5


def test_a_bent_lattice_draws_a_bone_where_it_went() -> None:
    """Negative distance at the posed middle, for each bone."""
    bend = bent(Skeleton(inversion_deg=20, midfoot_lift_deg=6))
    posed = bend.posed(centroids_mm())
    lattice = bend.over(posed.min(axis=0) - 9, posed.max(axis=0) + 9, 2.0)

    inside = {}
    for name, box, distance in lattice.distances(CYLINDERS.items(), 4.0):
        middle = posed[[*CYLINDERS].index(name)]
        index = np.rint((middle - lattice.origin_mm) / 2.0).astype(int)
        inside[name] = distance[tuple(index - [s.start for s in box])]
    assert set(inside) == set(CYLINDERS)
    assert max(inside.values()) < 0


def test_no_fold_is_laid_in_space() -> None:
    """Volumes within the foot stay positive, and the same on the whole."""
    for seed in range(4):
        bend = bent(draw_skeleton(np.random.default_rng(seed)))
        slopes = np.stack([np.gradient(f, 4.0) for f in bend.displacement_mm])
        swollen = np.linalg.det(np.moveaxis(slopes, (0, 1), (-2, -1)) + np.eye(3))
        near = np.min(
            [t.distance(bend.lattice.planes_mm()) for t in CYLINDERS.values()], axis=0
        )
        inside = swollen[near < 5]
        assert np.quantile(inside, 0.005) > 0.1
        assert np.median(inside) == pytest.approx(1, abs=0.12)


def test_bones_lie_off_an_affine_fit_as_other_peoples_do() -> None:
    """2.3 mm and more in the mean of skeletons drawn, by less than 6 mm in each."""
    bones = centroids_mm()[:12]  # calcaneus to fifth metatarsal
    known = np.column_stack((bones, np.ones(len(bones))))
    off = []
    for seed in range(8):
        found = bent(draw_skeleton(np.random.default_rng(seed))).posed(bones)
        left = found - known @ np.linalg.lstsq(known, found, rcond=None)[0]
        off.append(np.sqrt((left**2).sum(axis=1).mean()))
    assert np.mean(off) > OTHERS_MM
    assert max(off) < 6


def test_bones_have_shapes_of_their_own() -> None:
    """Another seed moves a bone's surface otherwise; no change moves nothing."""
    first, second, none = (
        bent(Skeleton(bone_change=change, bone_seed=seed)).displacement_mm
        for change, seed in ((1.0, 1), (1.0, 2), (0.0, 1))
    )

    assert np.abs(first - second).max() > 1
    np.testing.assert_allclose(none, 0, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(FootKind))
def test_flesh_follows_the_bones(kind: FootKind) -> None:
    """A posed foot has the muscle of the straight one, in another place."""
    straight = FootShape(kind=kind)
    posed = replace(straight, skeleton=draw_skeleton(np.random.default_rng(4)))

    volumes = []
    for shape in (straight, posed):
        muscles = make_foot(shape, 2.0).truth.muscles
        volumes.append(sum(muscles.volume_mm3(m) for m in range(1, 11)))
    assert volumes[1] == pytest.approx(volumes[0], rel=0.2)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("inversion_deg", 40.0, r"1 value\(s\) of inversion_deg from -25 to 30: got \[40\.0\]"),
        ("toe_lift_deg", (0.0, 0.0), r"5 value\(s\) of toe_lift_deg from -30 to 50"),
        ("bone_change", -1.0, r"bone_change from 0 to 2: got \[-1\.0\]"),
    ],
)
def test_a_skeleton_that_no_foot_has_is_refused(name: str, value: object, said: str) -> None:
    """In a sentence with the range."""
    with pytest.raises(ConfigError, match=said):
        Skeleton(**{name: value})  # type: ignore[arg-type]
