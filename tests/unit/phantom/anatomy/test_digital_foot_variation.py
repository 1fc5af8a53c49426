"""Digital feet: effect of disease, joint angles, size and resolution."""

from types import MappingProxyType

import numpy as np
import pytest

from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.phantom.anatomy.digital_foot import make_foot
from pipeline.phantom.anatomy.foot import Foot, Tissue
from pipeline.phantom.anatomy.shape import MEAN_BONE_LENGTH_MM, MEAN_VOLUMES_CM3, FootShape

pytestmark = pytest.mark.integration

BREVIS, QUADRATUS, LUMBRICALS, TRANSVERSE = 2, 4, 5, 8
FATTY = {BREVIS: 0.2, QUADRATUS: 0.05}


@pytest.fixture(scope="module")
def diseased() -> Foot:
    """Build a foot with fatty muscles and fasciitis."""
    shape = FootShape(
        fat_fractions=MappingProxyType(FATTY), fascia_thickening_mm=3.0, oedema_mm=3.0
    )
    return make_foot(shape, 1.0)


def volume_ratios(foot: Foot, reference: Foot) -> dict[int, float]:
    """Volume of every muscle relative to that of another foot."""
    ours, theirs = foot.truth.muscles, reference.truth.muscles
    return {n: ours.volume_mm3(n) / theirs.volume_mm3(n) for n in MUSCLE_NAMES}


def test_atrophy_shrinks_one_muscle_and_fat_replaces_it(foot: Foot) -> None:
    """The flexor digitorum brevis loses 40 %; the others keep their volume within 3 %."""
    atrophied = make_foot(FootShape(atrophy=MappingProxyType({BREVIS: 0.4})), 1.0)

    ratios = volume_ratios(atrophied, foot)
    assert ratios.pop(BREVIS) == pytest.approx(0.6, abs=0.05)
    assert list(ratios.values()) == pytest.approx([1.0] * 11, abs=0.03)
    assert atrophied.grid == foot.grid
    was = (foot.truth.muscles.voxels == BREVIS) & (atrophied.truth.muscles.voxels != BREVIS)
    assert np.mean(atrophied.tissues[was] == Tissue.FAT) > 0.97
    for tissue in set(Tissue) - {Tissue.FAT, Tissue.MUSCLE}:
        np.testing.assert_array_equal(atrophied.tissues == tissue, foot.tissues == tissue)


def test_a_smaller_muscle_does_not_change_the_others(coarse_foot: Foot) -> None:
    """An abductor hallucis of 80 % changes no other muscle by more than 2 %."""
    asked = MappingProxyType({**MEAN_VOLUMES_CM3, 1: MEAN_VOLUMES_CM3[1] * 0.8})

    ratios = volume_ratios(make_foot(FootShape(muscle_volumes_cm3=asked), 2.0), coarse_foot)
    assert ratios.pop(1) == pytest.approx(0.8, abs=0.015)
    assert list(ratios.values()) == pytest.approx([1.0] * 11, abs=0.02)


def test_fatty_muscle_keeps_its_labels(diseased: Foot, foot: Foot) -> None:
    """Labels are those of the lean foot; mean fat fractions are the given ones."""
    labels = diseased.truth.muscles.voxels

    np.testing.assert_array_equal(labels, foot.truth.muscles.voxels)
    assert foot.fat_fraction is None
    assert diseased.fat_fraction is not None
    for label, fraction in FATTY.items():
        mean = diseased.fat_fraction[labels == label].mean()
        assert mean == pytest.approx(fraction, abs=0.01)
    assert not diseased.fat_fraction[~np.isin(labels, list(FATTY))].any()


def test_fasciitis_changes_tissue_near_the_heel_only(diseased: Foot, foot: Foot) -> None:
    """Thickening and oedema within 10 to 24 % of the foot's length; all else is the same."""
    changed = np.argwhere(diseased.tissues != foot.tissues)
    along = diseased.grid.to_world(changed)[:, 1] / MEAN_BONE_LENGTH_MM

    assert 0.10 <= along.min() < along.max() <= 0.24
    became = diseased.tissues[tuple(changed.T)]
    assert set(np.unique(became).tolist()) == {Tissue.TENDON, Tissue.OEDEMA}
    assert np.count_nonzero(became == Tissue.TENDON) > 1000
    assert not (foot.tissues == Tissue.OEDEMA).any()


def test_plantarflexion_keeps_muscle_volumes(foot: Foot) -> None:
    """Each volume stays within 3 % while the tibia moves back by centimetres."""
    flexed = make_foot(FootShape(plantarflexion_deg=45.0), 1.0)

    assert list(volume_ratios(flexed, foot).values()) == pytest.approx([1.0] * 12, abs=0.03)
    assert flexed.grid.shape[1] >= foot.grid.shape[1]
    top, was = (
        each.grid.to_world(np.argwhere(each.tissues[..., -2:] == Tissue.MARROW))[:, 1].mean()
        for each in (flexed, foot)
    )
    assert top < was - 20


@pytest.mark.parametrize("bone_length_mm", [200.0, 275.0])
def test_skin_adds_to_the_length_of_the_bones(bone_length_mm: float) -> None:
    """A foot is 5 to 25 mm longer than its bones, and has every muscle."""
    made = make_foot(FootShape(bone_length_mm=bone_length_mm), 2.0)

    is_foot = made.tissues[..., : made.grid.shape[2] // 2] != Tissue.AIR  # below the leg
    planes = np.flatnonzero(is_foot.any(axis=(0, 2)))
    length_mm = (np.ptp(planes) + 1) * made.grid.spacing_mm[1]
    assert bone_length_mm + 5 < length_mm < bone_length_mm + 25
    assert set(np.unique(made.truth.muscles.voxels).tolist()) == {0, *MUSCLE_NAMES}


@pytest.mark.slow
def test_finer_voxels_hardly_change_a_volume(foot: Foot) -> None:
    """From 1 mm to 0.5 mm by less than 1 %; lumbricals and transverse head by 1.5 %."""
    ratios = volume_ratios(make_foot(FootShape(), 0.5), foot)

    thin = [ratios.pop(label) for label in (LUMBRICALS, TRANSVERSE)]
    assert thin == pytest.approx([1.0] * 2, abs=0.015)
    assert list(ratios.values()) == pytest.approx([1.0] * 10, abs=0.01)
