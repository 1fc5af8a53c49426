"""Digital feet: properties of every foot."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from pipeline.domain import anatomy
from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.labels import LabelMap
from pipeline.domain.scan import Side
from pipeline.phantom.anatomy.digital_foot import make_foot
from pipeline.phantom.anatomy.foot import Foot, Tissue
from pipeline.phantom.anatomy.shape import (
    MEAN_BONE_LENGTH_MM,
    MEAN_VOLUMES_CM3,
    FootShape,
    draw_shape,
)

BREVIS, QUADRATUS = 2, 4
SOLE = (Tissue.SKIN, Tissue.FAT, Tissue.TENDON)


@pytest.fixture(scope="module")
def drawn_shape() -> FootShape:
    """Draw a foot that differs from the mean in every parameter."""
    return draw_shape(np.random.default_rng(5))


@pytest.fixture(scope="module")
def drawn_foot(drawn_shape: FootShape) -> Foot:
    """Build that foot in 2 mm voxels."""
    return make_foot(drawn_shape, 2.0)


def volumes_cm3(foot: Foot) -> dict[int, float]:
    """Volume of every muscle."""
    muscles = foot.truth.muscles
    return {label: muscles.volume_mm3(label) / 1e3 for label in muscles.names}


def streaks(foot: Foot) -> NDArray[np.float32]:
    """Fat fractions; the foot must have some."""
    assert foot.fat_fraction is not None
    return foot.fat_fraction


def positions_mm(labels: LabelMap, label: int) -> NDArray[np.float64]:
    """World positions of the voxels of one structure."""
    return labels.grid.to_world(np.argwhere(labels.voxels == label))


def beside(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Face neighbours of a mask, without the plane where the leg is cut off."""
    touching: NDArray[np.bool_] = binary_dilation(mask) & ~mask
    touching[..., -1] = False
    return touching


def test_every_muscle_and_every_bone_is_present(coarse_foot: Foot) -> None:
    """Even the sesamoids in 2 mm voxels."""
    truth = coarse_foot.truth

    assert set(np.unique(truth.muscles.voxels).tolist()) == {0, *MUSCLE_NAMES}
    assert set(np.unique(truth.bones.voxels).tolist()) == {0, *BONE_NAMES}


@pytest.mark.integration
def test_no_muscle_lies_inside_bone(foot: Foot, drawn_foot: Foot) -> None:
    """The two label maps do not overlap."""
    for each in (foot, drawn_foot):
        assert not (
            each.truth.muscles.voxels.astype(bool) & each.truth.bones.voxels.astype(bool)
        ).any()


def test_tissues_agree_with_labels(foot: Foot) -> None:
    """Muscle labels are muscle tissue; bone labels are exactly cortex and marrow."""
    is_bone = np.isin(foot.tissues, (Tissue.CORTEX, Tissue.MARROW))

    assert (foot.tissues[foot.truth.muscles.voxels > 0] == Tissue.MUSCLE).all()
    np.testing.assert_array_equal(is_bone, foot.truth.bones.voxels > 0)


def test_muscles_have_their_target_volumes(foot: Foot) -> None:
    """Each within 5 % in 1 mm voxels in the mean foot."""
    assert volumes_cm3(foot) == pytest.approx(dict(MEAN_VOLUMES_CM3), rel=0.05)


@pytest.mark.integration
def test_a_left_foot_is_the_exact_mirror_of_the_right(
    drawn_shape: FootShape, drawn_foot: Foot
) -> None:
    """Voxel by voxel, on a grid mirrored at the median plane."""
    left = make_foot(replace(drawn_shape, side=Side.LEFT), 2.0)

    assert (left.side, drawn_foot.side) == (Side.LEFT, Side.RIGHT)
    np.testing.assert_array_equal(left.tissues, drawn_foot.tissues)
    np.testing.assert_array_equal(streaks(left), streaks(drawn_foot))
    for ours, theirs in (
        (left.truth.muscles, drawn_foot.truth.muscles),
        (left.truth.bones, drawn_foot.truth.bones),
    ):
        np.testing.assert_array_equal(ours.voxels, theirs.voxels)
    np.testing.assert_array_equal(
        left.grid.matrix, np.diag((-1, 1, 1, 1)) @ drawn_foot.grid.matrix
    )


@pytest.mark.integration
def test_same_seed_same_bytes(drawn_foot: Foot) -> None:
    """Tissues, labels and grid of a second foot of the same seed."""
    again = make_foot(draw_shape(np.random.default_rng(5)), 2.0)

    assert again.grid == drawn_foot.grid
    assert again.tissues.tobytes() == drawn_foot.tissues.tobytes()
    assert streaks(again).tobytes() == streaks(drawn_foot).tobytes()
    assert again.truth.muscles.voxels.tobytes() == drawn_foot.truth.muscles.voxels.tobytes()
    assert again.truth.bones.voxels.tobytes() == drawn_foot.truth.bones.voxels.tobytes()


def test_the_foot_has_the_documented_orientation(foot: Foot) -> None:
    """Heel at the origin, toes to +A, leg to +S, little toe to +R."""
    bones = foot.truth.bones
    heel, toes, leg = (
        positions_mm(bones, label)
        for label in (anatomy.CALCANEUS, anatomy.PHALANGES, anatomy.TIBIA)
    )
    big, little = (
        positions_mm(bones, label).mean(axis=0)
        for label in (anatomy.METATARSAL_1, anatomy.METATARSAL_5)
    )

    np.testing.assert_allclose(heel.min(axis=0)[1:], 0, atol=3)
    assert toes[:, 1].max() == pytest.approx(MEAN_BONE_LENGTH_MM, abs=3)
    assert leg[:, 2].min() > heel[:, 2].mean() + 30
    assert little[0] - big[0] > 40


@pytest.mark.parametrize("fraction", [0.3, 0.35, 0.4, 0.45])
def test_midfoot_layers_are_in_order(foot: Foot, fraction: float) -> None:
    """From the sole: skin, fat, aponeurosis, flexor digitorum brevis, quadratus plantae."""
    plane = round(float(foot.grid.to_index((0, fraction * MEAN_BONE_LENGTH_MM, 0))[1]))
    tissues, muscles = foot.tissues[:, plane], foot.truth.muscles.voxels[:, plane]
    under_both = 0
    for column, labels in zip(tissues, muscles, strict=True):
        brevis, quadratus = (np.flatnonzero(labels == n) for n in (BREVIS, QUADRATUS))
        if brevis.size and quadratus.size:
            under_both += 1
            layers = [np.flatnonzero(column == t).min() for t in SOLE]
            assert layers == sorted(layers)
            assert layers[-1] < brevis.min() <= brevis.max() < quadratus.min()

    assert under_both >= 10


def test_layers_are_in_order_from_sole_to_dorsum(foot: Foot) -> None:
    """The mean height of muscles increases with their layer."""
    muscles = foot.truth.muscles
    heights = {label: positions_mm(muscles, label)[:, 2].mean() for label in MUSCLE_NAMES}

    assert heights[2] < heights[4] < heights[11]
    assert max(heights[5], heights[6]) < heights[10] < min(heights[11], heights[12])


def test_skin_covers_all_muscle_and_fat(foot: Foot) -> None:
    """Neither muscle nor fat touches the air."""
    bare = foot.tissues[beside(foot.tissues == Tissue.AIR)]

    assert not np.isin(bare, (Tissue.MUSCLE, Tissue.FAT)).any()


def test_skin_covers_tendons_and_bones_except_at_the_toes(foot: Foot) -> None:
    """At the tips of toes less than 0.2 % of the surface is uncovered."""
    surface = beside(foot.tissues == Tissue.AIR)
    bare = surface & (foot.tissues != Tissue.SKIN)

    assert np.count_nonzero(bare) < 0.002 * np.count_nonzero(surface)
    along_mm = foot.grid.to_world(np.argwhere(bare))[:, 1]
    assert (along_mm > 0.8 * MEAN_BONE_LENGTH_MM).all()


def test_cortex_covers_marrow(foot: Foot) -> None:
    """Less than 0.8 % of the cortex is missing, mostly under the tilted tibia."""
    open_marrow = beside(foot.tissues == Tissue.MARROW) & (foot.truth.bones.voxels == 0)

    cortex = np.count_nonzero(foot.tissues == Tissue.CORTEX)
    assert np.count_nonzero(open_marrow) < 0.008 * cortex


@pytest.mark.integration
def test_the_foot_lies_inside_its_grid(coarse_foot: Foot, drawn_foot: Foot) -> None:
    """Air surrounds it, except at the upper edge, where the leg is cut off."""
    for foot in (coarse_foot, drawn_foot):
        tissues = foot.tissues
        faces = (tissues[0], tissues[-1], tissues[:, 0], tissues[:, -1], tissues[..., 0])
        assert not any(face.any() for face in faces)
        assert (tissues[..., -1] == Tissue.MARROW).any()
