"""The displacement field of a posed skeleton, and lattices that invert it."""

import numpy as np
import pytest

from pipeline.phantom.anatomy.displacement_field import (
    DisplacementField,
    make_displacement_field,
)
from pipeline.phantom.anatomy.generalised_cylinders import DORSAL, LATERAL, Array
from pipeline.phantom.anatomy.joint_pose import pose_structures
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.phantom.anatomy.skeleton import NEUTRAL, Skeleton, draw_skeleton
from pipeline.phantom.anatomy.structures import BONES

CYLINDERS = {name: pose_structures(FootShape()).cylinders[name] for name in BONES}
LOW, HIGH = np.array((-75.0, -30, -30)), np.array((75.0, 245, 125))
RESIDUAL_MM = 2.3  # smallest residual of an affine fit among six other people's skeletons


def field_of(skeleton: Skeleton) -> DisplacementField:
    """Pose the mean foot."""
    return make_displacement_field(skeleton, CYLINDERS, LOW, HIGH)


def displacement_mm(skeleton: Skeleton, bone: str, station: int) -> Array:
    """Displacement of a station of a bone."""
    point = CYLINDERS[bone].centres[[station]]
    displacement: Array = field_of(skeleton).apply(point)[0] - point[0]
    return displacement


def centroids_mm() -> Array:
    """Centroid of each bone of the undeformed foot."""
    return np.array([cylinder.centres.mean(axis=0) for cylinder in CYLINDERS.values()])


def test_a_neutral_skeleton_displaces_nothing() -> None:
    """The field is zero."""
    np.testing.assert_allclose(field_of(NEUTRAL).displacement_mm, 0, atol=1e-4)


def test_inversion_tilts_the_leg_over_the_foot() -> None:
    """The leg leans laterally relative to the sole; heel and forefoot stay."""
    inverted = Skeleton(inversion_deg=20)

    assert displacement_mm(inverted, "tibia", -1)[LATERAL] < -5
    assert np.linalg.norm(displacement_mm(inverted, "calcaneus", 1)) < 1
    assert np.linalg.norm(displacement_mm(inverted, "metatarsal_3", -1)) < 0.5


@pytest.mark.integration
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
def test_a_joint_moves_the_bones_distal_to_it(
    skeleton: Skeleton, bone: str, axis: int, sign: int
) -> None:
    """The distal end moves by millimetres in the right direction; the calcaneus stays."""
    assert sign * displacement_mm(skeleton, bone, -1)[axis] > 2
    assert np.linalg.norm(displacement_mm(skeleton, "calcaneus", 1)) < 0.5


def test_a_deformed_lattice_inverts_the_field() -> None:
    """The lattice maps posed centroids back to those of the undeformed foot."""
    field = field_of(draw_skeleton(np.random.default_rng(2)))
    posed = field.apply(centroids_mm())

    lattice = field.deformed_lattice(posed.min(axis=0) - 5, posed.max(axis=0) + 5, 1.0)
    index = np.rint((posed - lattice.origin_mm) / lattice.spacing_mm).astype(int)
    back = lattice.undeformed_mm[:, index[:, 0], index[:, 1], index[:, 2]].T
    assert np.linalg.norm(back - centroids_mm(), axis=1).max() < 2.5


def test_a_deformed_lattice_rasterises_bones_at_their_posed_position() -> None:
    """The signed distance is negative at the posed centroid of each bone."""
    field = field_of(Skeleton(inversion_deg=20, midfoot_lift_deg=6))
    posed = field.apply(centroids_mm())
    lattice = field.deformed_lattice(posed.min(axis=0) - 9, posed.max(axis=0) + 9, 2.0)

    inside = {}
    for name, box, distance in lattice.distances(CYLINDERS.items(), 4.0):
        centroid = posed[[*CYLINDERS].index(name)]
        index = np.rint((centroid - lattice.origin_mm) / 2.0).astype(int)
        inside[name] = distance[tuple(index - [s.start for s in box])]
    assert set(inside) == set(CYLINDERS)
    assert max(inside.values()) < 0


def test_the_field_does_not_fold_space() -> None:
    """Jacobian determinants in the foot are positive, with a median of about 1."""
    for seed in range(4):
        field = field_of(draw_skeleton(np.random.default_rng(seed)))
        slopes = np.stack([np.gradient(f, 4.0) for f in field.displacement_mm])
        jacobian = np.linalg.det(np.moveaxis(slopes, (0, 1), (-2, -1)) + np.eye(3))
        planes = field.lattice.planes_mm()
        near = np.min([c.distance(planes) for c in CYLINDERS.values()], axis=0)
        inside = jacobian[near < 5]
        assert np.quantile(inside, 0.005) > 0.1
        assert np.median(inside) == pytest.approx(1, abs=0.12)


def test_bones_vary_as_between_people() -> None:
    """Residuals of an affine fit: 2.3 mm or more on average, each less than 6 mm."""
    bones = centroids_mm()[:12]  # calcaneus to fifth metatarsal
    known = np.column_stack((bones, np.ones(len(bones))))
    residuals_mm = []
    for seed in range(8):
        posed = field_of(draw_skeleton(np.random.default_rng(seed))).apply(bones)
        residual = posed - known @ np.linalg.lstsq(known, posed, rcond=None)[0]
        residuals_mm.append(np.sqrt((residual**2).sum(axis=1).mean()))
    assert np.mean(residuals_mm) > RESIDUAL_MM
    assert max(residuals_mm) < 6


def test_bone_shapes_depend_on_the_bone_seed() -> None:
    """Another seed gives another outline; without bone change the field is zero."""
    first, second, none = (
        field_of(Skeleton(bone_change=change, bone_seed=seed)).displacement_mm
        for change, seed in ((1.0, 1), (1.0, 2), (0.0, 1))
    )

    assert np.abs(first - second).max() > 1
    np.testing.assert_allclose(none, 0, atol=1e-4)
