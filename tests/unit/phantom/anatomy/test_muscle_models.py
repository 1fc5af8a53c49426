"""Feet of each kind: properties of each muscle model, and of all."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label, regionprops

from pipeline.domain.anatomy import (
    BONE_NAMES,
    METATARSAL_1,
    METATARSAL_2,
    METATARSAL_5,
    MUSCLE_NAMES,
    PLANTAR_LABELS,
)
from pipeline.domain.scan import Side
from pipeline.phantom.anatomy.digital_foot import make_foot
from pipeline.phantom.anatomy.foot import Foot, Tissue
from pipeline.phantom.anatomy.foot_kind import FootKind
from pipeline.phantom.anatomy.kind_shapes import draw_kind_shape
from pipeline.phantom.anatomy.shape import MEAN_VOLUMES_CM3, FootShape

pytestmark = pytest.mark.integration

NEW_KINDS = (FootKind.FILLED, FootKind.SPARSE, FootKind.CONTOURED)
SPACING_MM = 1.5
GAP_MM = 3.0
TIMES = {FootKind.FILLED: 1.6, FootKind.SPARSE: 0.6, FootKind.CONTOURED: 1.0}
SEPTA_MM = {FootKind.FILLED: 0.3, FootKind.SPARSE: GAP_MM, FootKind.CONTOURED: 0.5}
INTEROSSEI = 10
BROAD = (1, 2, 3, 6, 7)
# A muscular man's feet, by fraction of the foot's length: docs/phantom.md.
VISIBLE_MAN = {0.3: 0.14, 0.4: 0.22, 0.5: 0.27, 0.55: 0.38, 0.6: 0.49, 0.65: 0.50}


def shape_of(kind: FootKind) -> FootShape:
    """Give a mean foot of a kind, with its typical amount of muscle."""
    volumes = {m: v * TIMES[kind] for m, v in MEAN_VOLUMES_CM3.items()}
    return FootShape(
        kind=kind,
        muscle_volumes_cm3=volumes,
        septum_mm=SEPTA_MM[kind],
        deep_fascia_mm=0.5,
        pad_septa_mm=0.5,
    )


@pytest.fixture(scope="module")
def feet() -> dict[FootKind, Foot]:
    """Build one foot of each kind."""
    return {kind: make_foot(shape_of(kind), SPACING_MM) for kind in NEW_KINDS}


def volumes_cm3(foot: Foot) -> NDArray[np.float64]:
    """Volume of every muscle."""
    muscles = foot.truth.muscles
    return np.array([muscles.volume_mm3(m) / 1e3 for m in muscles.names])


def target_cm3(kind: FootKind) -> NDArray[np.float64]:
    """Target volume of every muscle."""
    return np.array([shape_of(kind).muscle_volumes_cm3[m] for m in MUSCLE_NAMES])


def extent_mm(foot: Foot, is_it: NDArray[np.bool_]) -> tuple[float, float]:
    """Give the lowest and highest position along the foot."""
    along = foot.grid.to_world(np.argwhere(is_it))[:, 1]
    return float(along.min()), float(along.max())


@pytest.mark.parametrize("kind", NEW_KINDS)
def test_all_muscles_and_bones_are_present(feet: dict[FootKind, Foot], kind: FootKind) -> None:
    """In every kind."""
    truth = feet[kind].truth

    assert set(np.unique(truth.muscles.voxels).tolist()) == {0, *MUSCLE_NAMES}
    assert set(np.unique(truth.bones.voxels).tolist()) == {0, *BONE_NAMES}


@pytest.mark.parametrize("kind", NEW_KINDS)
def test_the_plantar_volume_is_the_target(feet: dict[FootKind, Foot], kind: FootKind) -> None:
    """Within 6 %."""
    result, target = (v[:10].sum() for v in (volumes_cm3(feet[kind]), target_cm3(kind)))

    assert result == pytest.approx(target, rel=0.06)


@pytest.mark.parametrize("kind", NEW_KINDS)
def test_each_muscle_has_about_its_volume(feet: dict[FootKind, Foot], kind: FootKind) -> None:
    """Within 25 %, or 40 % in filled compartments, where offsets are limited."""
    tolerance = 0.4 if kind is FootKind.FILLED else 0.25

    np.testing.assert_allclose(volumes_cm3(feet[kind]), target_cm3(kind), rtol=tolerance)


@pytest.mark.parametrize("kind", NEW_KINDS)
def test_labels_contain_muscle_tissue_only(feet: dict[FootKind, Foot], kind: FootKind) -> None:
    """No voxel of tendon, vessel or bone has a muscle label."""
    foot = feet[kind]
    is_muscle = foot.truth.muscles.voxels > 0

    assert (foot.tissues[is_muscle] == Tissue.MUSCLE).all()
    assert not (foot.truth.bones.voxels[is_muscle] > 0).any()


@pytest.mark.parametrize("kind", NEW_KINDS)
def test_no_muscle_extends_to_the_toes(feet: dict[FootKind, Foot], kind: FootKind) -> None:
    """Muscles end proximal to the heads of the longest metatarsals."""
    foot = feet[kind]

    _, last = extent_mm(foot, foot.truth.muscles.voxels > 0)
    _, heads = extent_mm(foot, foot.truth.bones.voxels == METATARSAL_2)
    assert last < heads - 3


@pytest.mark.parametrize("kind", NEW_KINDS)
def test_muscles_have_no_small_components(feet: dict[FootKind, Foot], kind: FootKind) -> None:
    """Every connected component of a label has 60 mm3 or more."""
    muscles = feet[kind].truth.muscles.voxels
    for muscle in MUSCLE_NAMES:
        parts, _ = ndimage.label(muscles == muscle)
        sizes_mm3 = np.bincount(parts.ravel())[1:] * SPACING_MM**3
        assert sizes_mm3.min() >= 60


@pytest.mark.parametrize("kind", NEW_KINDS)
def test_tendons_run_to_the_toes(feet: dict[FootKind, Foot], kind: FootKind) -> None:
    """There is tendon in every slice from the metatarsals to the toes."""
    foot = feet[kind]
    first, _ = extent_mm(foot, foot.truth.bones.voxels == METATARSAL_2)
    is_tendon = (foot.tissues == Tissue.TENDON).any(axis=(0, 2))
    along = foot.grid.to_world(np.array([[0, j, 0] for j in range(len(is_tendon))]))[:, 1]

    assert is_tendon[(along > first) & (along < first + 100)].all()


def test_a_filled_foot_has_the_muscle_of_a_muscular_man(feet: dict[FootKind, Foot]) -> None:
    """The muscle fraction of cross-sections is within 13 percentage points along the foot."""
    foot = feet[FootKind.FILLED]
    inside = foot.tissues != Tissue.AIR
    floor = round(60 / SPACING_MM)
    planes = np.flatnonzero(inside[:, :, :floor].any(axis=(0, 2)))
    plantar = np.isin(foot.truth.muscles.voxels, PLANTAR_LABELS)
    for station, fraction in VISIBLE_MAN.items():
        j = int(planes[0] + station * np.ptp(planes))
        result = plantar[:, j].sum() / inside[:, j].sum()
        assert result == pytest.approx(fraction, abs=0.13), station


def test_plantar_muscle_of_a_filled_forefoot_is_connected(feet: dict[FootKind, Foot]) -> None:
    """From the first to the fifth metatarsal, except for septa thinner than a voxel."""
    foot = feet[FootKind.FILLED]
    rays = foot.truth.bones.voxels
    centre = float(np.mean(extent_mm(foot, rays == METATARSAL_5)))
    j = round(float(foot.grid.to_index((0, centre, 0))[1]))
    mass = ndimage.binary_closing(np.isin(foot.truth.muscles.voxels[:, j], PLANTAR_LABELS))
    parts, _ = ndimage.label(mass)
    largest = parts == np.bincount(parts.ravel())[1:].argmax() + 1

    assert largest.sum() > 0.95 * mass.sum()
    columns = np.flatnonzero(largest.any(axis=1))
    for bone in (METATARSAL_1, METATARSAL_5):
        assert (
            columns[0] < np.flatnonzero((rays[:, j] == bone).any(axis=1)).mean() < columns[-1]
        )


def test_sparse_muscles_are_separated_by_fat(feet: dict[FootKind, Foot]) -> None:
    """The gap between neighbours is kept, within a voxel."""
    muscles = feet[FootKind.SPARSE].truth.muscles.voxels
    for muscle in MUSCLE_NAMES:
        others = (muscles > 0) & (muscles != muscle)
        gap = ndimage.distance_transform_edt(~others, sampling=SPACING_MM)
        assert gap[muscles == muscle].min() >= GAP_MM - SPACING_MM


def test_sparse_interossei_are_thin(feet: dict[FootKind, Foot]) -> None:
    """Less than 15 cm3, while the published volume is 24 cm3."""
    assert volumes_cm3(feet[FootKind.SPARSE])[INTEROSSEI - 1] < 15


def test_contoured_sections_are_concave(feet: dict[FootKind, Foot]) -> None:
    """Their solidity is lower than that of spindles."""

    def solidity(kind: FootKind) -> float:
        muscles = feet[kind].truth.muscles.voxels
        result = [
            region.solidity
            for muscle in BROAD
            for j in range(0, muscles.shape[1], 3)
            for region in regionprops(label(muscles[:, j] == muscle))
            if region.area > 30
        ]
        return float(np.median(result))

    assert solidity(FootKind.CONTOURED) < solidity(FootKind.SPARSE) - 0.04


@pytest.mark.slow
@pytest.mark.parametrize("kind", NEW_KINDS)
def test_a_left_foot_is_the_mirror_image(kind: FootKind) -> None:
    """Voxel by voxel, also with a posed skeleton."""
    shape = draw_kind_shape(np.random.default_rng(3), kind)
    right, left = (make_foot(replace(shape, side=s), 3.0) for s in (Side.RIGHT, Side.LEFT))

    np.testing.assert_array_equal(left.tissues, right.tissues)
    np.testing.assert_array_equal(left.truth.muscles.voxels, right.truth.muscles.voxels)
    np.testing.assert_array_equal(left.truth.bones.voxels, right.truth.bones.voxels)
    np.testing.assert_array_equal(left.grid.matrix, np.diag((-1, 1, 1, 1)) @ right.grid.matrix)


@pytest.mark.slow
@pytest.mark.parametrize("kind", NEW_KINDS)
def test_atrophy_does_not_change_the_skin(feet: dict[FootKind, Foot], kind: FootKind) -> None:
    """Fat replaces half of the muscle within the same outline."""
    shape = replace(shape_of(kind), atrophy=dict.fromkeys(MUSCLE_NAMES, 0.5))

    atrophied = make_foot(shape, SPACING_MM)
    assert atrophied.grid == feet[kind].grid
    is_air = atrophied.tissues == Tissue.AIR
    np.testing.assert_array_equal(is_air, feet[kind].tissues == Tissue.AIR)
    lost = volumes_cm3(atrophied)[:10].sum() / volumes_cm3(feet[kind])[:10].sum()
    assert lost == pytest.approx(0.5, abs=0.06)
