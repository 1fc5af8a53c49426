"""Landmarks of bones that are boxes in a tilted grid, by arithmetic."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pipeline.domain.anatomy import BONE_NAMES, CALCANEUS, METATARSAL_1, PHALANGES, TALUS
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap
from pipeline.errors import ConfigError, ScanError
from pipeline.stages.regions.find_landmarks import find_landmarks

SPACING_MM = np.array((2.0, 1.1, 0.7))  # lateral, long, dorsal
# first and last voxel along each axis; heel at voxel 5, sole at voxel 10
BOXES = {
    CALCANEUS: ((8, 11), (5, 34), (10, 49)),
    TALUS: ((8, 11), (25, 39), (52, 57)),
    3: ((5, 7), (40, 47), (40, 49)),
    4: ((12, 15), (38, 49), (30, 39)),
    5: ((5, 7), (48, 55), (40, 49)),
    METATARSAL_1: ((3, 5), (56, 91), (10, 29)),
    9: ((8, 11), (58, 94), (20, 29)),
    12: ((15, 17), (52, 87), (10, 29)),
    PHALANGES: ((4, 17), (96, 111), (12, 19)),
}


@pytest.fixture
def bones() -> LabelMap:
    """Draw a right foot in a grid that is oblique to the world axes."""
    affine = np.eye(4)
    turn = Rotation.from_euler("xyz", (20, -13, 31), degrees=True).as_matrix()
    affine[:3, :3] = turn * SPACING_MM
    affine[:3, 3] = (37, -61, 115)
    grid = Grid.from_arrays((20, 120, 60), affine)
    voxels = np.zeros(grid.shape, dtype=np.uint8)
    for label, box in BOXES.items():
        voxels[tuple(slice(a, b + 1) for a, b in box)] = label
    return LabelMap(voxels, grid, BONE_NAMES)


def without(bones: LabelMap, *labels: int) -> LabelMap:
    """Remove bones."""
    kept = np.where(np.isin(bones.voxels, labels), 0, bones.voxels)
    return replace(bones, voxels=kept)


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("heel", (9.5, 9.5, 29.5)),  # voxels 5 to 14 are the last 10 mm
        ("calcaneal_tuberosity", (9.5, 19.5, 10.5)),  # two layers lie within 1 mm
        ("metatarsal_1_head", (4, 87, 10.5)),  # voxels 83 to 91 are a quarter
        ("metatarsal_5_head", (16, 83, 10.5)),
        ("metatarsal_2_head", (9.5, 89.5, 24.5)),
        ("metatarsal_1_base", (4, 56, 19.5)),
    ],
)
def test_landmarks_follow_their_definitions(
    name: str, index: tuple[float, ...], bones: LabelMap
) -> None:
    """Each is the mean of the voxels that its definition names."""
    landmarks = find_landmarks(bones, border="tmt1")

    np.testing.assert_allclose(getattr(landmarks, name), bones.grid.to_world(index), atol=1e-9)


@pytest.mark.parametrize(("axis", "name"), [(0, "lateral"), (1, "long"), (2, "dorsal")])
def test_axes_follow_the_bones(axis: int, name: str, bones: LabelMap) -> None:
    """Boxes along the array axes give a frame along these axes."""
    direction = bones.grid.matrix[:3, axis] / SPACING_MM[axis]

    frame = find_landmarks(bones, border="tmt1").frame

    np.testing.assert_allclose(getattr(frame, name), direction, atol=1e-9)


def test_the_frame_begins_below_the_heel(bones: LabelMap) -> None:
    """Its origin lies on the plantar plane at the heel end of the long axis."""
    frame = find_landmarks(bones, border="tmt1").frame

    np.testing.assert_allclose(frame.origin, bones.grid.to_world((9.5, 5, 10.5)), atol=1e-9)


def test_lateral_is_toward_the_little_toe_of_a_left_foot(bones: LabelMap) -> None:
    """A mirror image has mirrored axes and the same distances."""
    mirror = np.diag((-1.0, 1, 1, 1))
    left = replace(bones, grid=Grid.from_arrays(bones.grid.shape, mirror @ bones.grid.matrix))

    ours, theirs = (find_landmarks(b, border="tmt1") for b in (left, bones))

    np.testing.assert_allclose(ours.frame.lateral, mirror[:3, :3] @ theirs.frame.lateral)
    assert ours.border.position_mm == pytest.approx(theirs.border.position_mm)


def test_sesamoids_belong_to_the_first_head(bones: LabelMap) -> None:
    """The lowest point of the head may be on a sesamoid."""
    voxels = bones.voxels.copy()
    voxels[3:6, 84:90, 6:10] = 16

    landmarks = find_landmarks(replace(bones, voxels=voxels), border="tmt1")

    index = bones.grid.to_index(landmarks.metatarsal_1_head)
    np.testing.assert_allclose(index, (4, 86.5, 6.5), atol=0.5)


@pytest.mark.parametrize(
    ("border", "voxel"),
    [
        ("tmt1", 56),
        ("tmt1_proximal", 56),
        ("chopart", (40 + 38) / 2),
        ("naviculocuneiform", 48),
        ("mt5_base", 52),
    ],
)
def test_each_border_is_the_face_of_its_bones(
    border: str, voxel: float, bones: LabelMap
) -> None:
    """Positions are relative to the heel, voxel 5."""
    found = find_landmarks(bones, border=border).border

    assert found.definition == border
    assert found.position_mm == pytest.approx((voxel - 5) * 1.1)


def test_a_joint_is_placed_by_the_face_and_not_by_what_protrudes(bones: LabelMap) -> None:
    """The plantar corner of the first metatarsal reaches 5 voxels behind its face."""
    voxels = bones.voxels.copy()
    voxels[3:6, 51:56, 10:22] = METATARSAL_1
    spurred = replace(bones, voxels=voxels)

    face, point = (
        find_landmarks(spurred, border=border).border.position_mm
        for border in ("tmt1", "tmt1_proximal")
    )

    assert face == pytest.approx((56 - 5) * 1.1)
    assert point == pytest.approx((51 - 5) * 1.1)


def test_an_oblique_face_counts_by_its_centroid(bones: LabelMap) -> None:
    """Cuneiform and metatarsal meet along a step: half at voxel 56, half at voxel 60."""
    voxels = without(bones, 5, METATARSAL_1).voxels.copy()
    voxels[3:6, 46:56, 10:30] = 5
    voxels[3:6, 56:60, 20:30] = 5
    voxels[3:6, 56:92, 10:20] = METATARSAL_1
    voxels[3:6, 60:92, 20:30] = METATARSAL_1

    found = find_landmarks(replace(bones, voxels=voxels), border="tmt1").border

    assert found.position_mm == pytest.approx((58 - 5) * 1.1, abs=0.6)


def test_a_fraction_is_of_the_foot_length(bones: LabelMap) -> None:
    """Heel to farthest toe is 106 voxels of 1.1 mm."""
    landmarks = find_landmarks(bones, border="fraction", fraction=0.4)

    assert landmarks.foot_length_mm == pytest.approx(106 * 1.1)
    assert landmarks.border.position_mm == pytest.approx(0.4 * 106 * 1.1)


@pytest.mark.parametrize("label", [1, 2, 8, 9, 12])
def test_each_bone_of_the_frame_is_needed(label: int, bones: LabelMap) -> None:
    """The message names the missing bone."""
    message = rf"got no voxels of {BONE_NAMES[label]}\. Scan from the heel to the toes"
    with pytest.raises(ScanError, match=message):
        find_landmarks(without(bones, label), border="tmt1")


@pytest.mark.parametrize(
    ("border", "labels", "message"),
    [
        ("chopart", (3, 4), "needs the navicular and the cuboid: got no voxels"),
        ("chopart", (4,), "needs the cuboid: got no voxels"),
        ("naviculocuneiform", (5,), r"needs the medial cuneiform.*another regions\.border"),
        ("tmt1", (5,), r"needs the medial cuneiform: got no voxels"),
    ],
)
def test_a_border_needs_its_bones(
    border: str, labels: tuple[int, ...], message: str, bones: LabelMap
) -> None:
    """The message suggests another border."""
    with pytest.raises(ScanError, match=message):
        find_landmarks(without(bones, *labels), border=border)


def test_without_toes_there_is_no_foot_length(bones: LabelMap) -> None:
    """All other landmarks are the same."""
    landmarks = find_landmarks(without(bones, PHALANGES), border="tmt1")

    assert landmarks.foot_length_mm is None
    assert landmarks.border.position_mm == pytest.approx(51 * 1.1)


@pytest.mark.parametrize("kept", [slice(5, None), slice(None, 112)], ids=["heel", "toes"])
def test_a_cut_foot_has_no_length(kept: slice, bones: LabelMap) -> None:
    """A bone in the outermost voxels may continue beyond them."""
    affine = bones.grid.matrix
    affine[:3, 3] = bones.grid.to_world((0, kept.start or 0, 0))
    voxels = bones.voxels[:, kept]
    cut = LabelMap(voxels, Grid.from_arrays(voxels.shape, affine), BONE_NAMES)

    assert find_landmarks(cut, border="tmt1").foot_length_mm is None


def test_a_fraction_of_an_unknown_length_is_refused(bones: LabelMap) -> None:
    """The message says what the border needs."""
    with pytest.raises(ScanError, match=r"needs heel and toes in the image.*Choose another"):
        find_landmarks(without(bones, PHALANGES), border="fraction", fraction=0.5)


@pytest.mark.parametrize(("border", "fraction"), [("lisfranc", None), ("fraction", None)])
def test_unknown_borders_are_refused(
    border: str, fraction: float | None, bones: LabelMap
) -> None:
    """The sentence lists the known ones."""
    with pytest.raises(ConfigError, match=rf"named '{border}'\. Known: tmt1, .*fraction \("):
        find_landmarks(bones, border=border, fraction=fraction)


# middle and half sizes in mm: lateral, long, dorsal
ELLIPSOIDS = {
    CALCANEUS: ((20, 25, 20), (9, 22, 18)),
    TALUS: ((20, 35, 45), (9, 16, 9)),
    METATARSAL_1: ((8, 90, 15), (7, 30, 9)),
    9: ((18, 92, 18), (5, 32, 7)),
    12: ((34, 85, 13), (6, 28, 7)),
}


def ellipsoids(slice_mm: float, first_mm: float) -> LabelMap:
    """Draw ellipsoidal bones in slices across the foot."""
    spacing_mm = np.array((1.0, slice_mm, 1.0))
    affine = np.diag((*spacing_mm, 1.0))
    affine[1, 3] = first_mm
    grid = Grid.from_arrays((44, round(130 / slice_mm), 60), affine)
    points_mm = grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1))
    voxels = np.zeros(grid.shape, dtype=np.uint8)
    for label, (centre_mm, half_mm) in ELLIPSOIDS.items():
        away = (points_mm - centre_mm) / half_mm
        voxels[(away**2).sum(axis=-1) < 1] = label
    return LabelMap(voxels, grid, BONE_NAMES)


def with_oblique_joint(bones: LabelMap) -> LabelMap:
    """Cut the first metatarsal at 75 mm: behind a gap of 1.5 mm it is the medial cuneiform."""
    points_mm = bones.grid.to_world(np.moveaxis(np.indices(bones.grid.shape), 0, -1))
    ahead_mm = points_mm[..., 1] - 75 - 0.5 * (points_mm[..., 2] - 15)
    voxels = bones.voxels.copy()
    voxels[(voxels == METATARSAL_1) & (ahead_mm < 0)] = 0
    voxels[(bones.voxels == METATARSAL_1) & (ahead_mm < -1.5)] = 5
    return replace(bones, voxels=voxels)


@pytest.mark.integration
@pytest.mark.parametrize("first_mm", [0.0, 1.0, 2.0, 3.0])
def test_thick_slices_do_not_move_the_border(first_mm: float) -> None:
    """Ends and faces are interpolated between slices, whatever the position of the slices."""
    thin, thick = ellipsoids(1.0, 0.0), ellipsoids(4.0, first_mm)

    ends = [find_landmarks(b, border="tmt1_proximal").border for b in (thin, thick)]
    faces = [find_landmarks(with_oblique_joint(b), border="tmt1").border for b in (thin, thick)]

    assert ends[1].position_mm == pytest.approx(ends[0].position_mm, abs=0.6)
    assert faces[1].position_mm == pytest.approx(faces[0].position_mm, abs=1.0)


def test_a_single_voxel_is_still_a_bone() -> None:
    """One voxel in one thick slice has a position."""
    bones = ellipsoids(4.0, 0.0)
    voxels = np.where(bones.voxels == METATARSAL_1, 0, bones.voxels)
    voxels[8, 16, 15] = METATARSAL_1

    landmarks = find_landmarks(replace(bones, voxels=voxels), border="tmt1_proximal")

    np.testing.assert_allclose(landmarks.metatarsal_1_base[1], 64.0, atol=1.0)
