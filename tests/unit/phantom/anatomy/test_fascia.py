"""Plantar aponeurosis, deep fascia and septa in a flat layer of fat."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.phantom.anatomy.fascia import add_aponeurosis, add_deep_fascia, add_pad_septa
from pipeline.phantom.anatomy.foot import Tissue
from pipeline.phantom.anatomy.joint_pose import pose_structures
from pipeline.phantom.anatomy.lattice import Lattice
from pipeline.phantom.anatomy.shape import MEAN_BONE_LENGTH_MM, FootShape

LATTICE = Lattice.over(np.array((-50.0, 0, -9.5)), np.array((55.0, 230, 3)), 0.5)
HEEL = (0.10, 0.24)  # in bone lengths


def with_aponeurosis(
    plantar: float = 1.0, fascia_thickening_mm: float = 0.0, oedema_mm: float = 0.0
) -> NDArray[np.uint8]:
    """Add it under a plane at height 0: muscle above, fat below."""
    shape = FootShape(fascia_thickening_mm=fascia_thickening_mm, oedema_mm=oedema_mm)
    dorsal = LATTICE.planes_mm()[2].astype(np.float32)
    fascia = np.broadcast_to(-dorsal, LATTICE.shape)
    tissues = np.where(fascia < 0, Tissue.MUSCLE, Tissue.FAT).astype(np.uint8)
    add_aponeurosis(
        tissues,
        fascia,
        np.full(LATTICE.shape, plantar, dtype=np.float32),
        LATTICE,
        pose_structures(shape),
        shape,
    )
    return tissues


def thickness_mm(tissues: NDArray[np.uint8], at: float, kind: Tissue) -> float:
    """Largest thickness at a fraction of the foot's length."""
    plane = round(at * MEAN_BONE_LENGTH_MM / LATTICE.spacing_mm)
    return float((tissues[:, plane] == kind).sum(axis=1).max() * LATTICE.spacing_mm)


def stretch(mask: NDArray[np.bool_]) -> tuple[float, float]:
    """Range of a mask along the foot, as fractions of its length."""
    at = LATTICE.planes_mm()[1][mask.any(axis=(0, 2))] / MEAN_BONE_LENGTH_MM
    return float(at.min()), float(at.max())


@pytest.fixture(scope="module")
def healthy() -> NDArray[np.uint8]:
    """Add one without a lesion."""
    return with_aponeurosis()


def test_the_aponeurosis_thins_from_heel_to_toes(healthy: NDArray[np.uint8]) -> None:
    """From 3 mm at its origin to 1 mm under the metatarsal heads."""
    result = [thickness_mm(healthy, at, Tissue.TENDON) for at in (0.12, 0.40, 0.70)]

    assert result == pytest.approx([3.0, 2.0, 1.0], abs=0.51)


def test_the_aponeurosis_replaces_only_fat(healthy: NDArray[np.uint8]) -> None:
    """Muscle above stays, and so does fat proximal and distal to it."""
    _, _, dorsal = LATTICE.planes_mm()

    assert (healthy[:, :, dorsal > 0] == Tissue.MUSCLE).all()
    start, stop = stretch(healthy == Tissue.TENDON)
    assert start == pytest.approx(0.10, abs=0.01)
    assert stop == pytest.approx(0.72, abs=0.01)


@pytest.mark.parametrize(("at", "parts"), [(0.3, 1), (0.66, 5)])
def test_the_aponeurosis_divides_into_a_slip_for_each_ray(
    healthy: NDArray[np.uint8], at: float, parts: int
) -> None:
    """One sheet under the midfoot, five slips under the forefoot."""
    plane = round(at * MEAN_BONE_LENGTH_MM / LATTICE.spacing_mm)
    is_tendon = (healthy[:, plane] == Tissue.TENDON).any(axis=1)

    assert np.count_nonzero(np.diff(is_tendon.astype(int)) == 1) == parts


def test_the_aponeurosis_lies_at_the_sole_only() -> None:
    """There is none where the fascia does not face the sole."""
    assert not (with_aponeurosis(plantar=0.3) == Tissue.TENDON).any()


def test_thickening_is_confined_to_the_heel(healthy: NDArray[np.uint8]) -> None:
    """3 mm more at the origin; no voxel changes elsewhere."""
    thick = with_aponeurosis(fascia_thickening_mm=3.0)

    start, stop = stretch(thick != healthy)
    assert HEEL[0] <= start < stop <= HEEL[1]
    more = [thickness_mm(t, 0.12, Tissue.TENDON) for t in (thick, healthy)]
    assert more[0] - more[1] == pytest.approx(3, abs=0.5)


def test_oedema_is_confined_to_the_heel(healthy: NDArray[np.uint8]) -> None:
    """2.5 mm of oedema under the origin; the aponeurosis stays."""
    with_oedema = with_aponeurosis(oedema_mm=2.5)

    start, stop = stretch(with_oedema == Tissue.OEDEMA)
    assert HEEL[0] <= start < stop <= HEEL[1]
    assert thickness_mm(with_oedema, 0.12, Tissue.OEDEMA) == pytest.approx(2.5, abs=0.5)
    np.testing.assert_array_equal(with_oedema == Tissue.TENDON, healthy == Tissue.TENDON)
    assert not (healthy == Tissue.OEDEMA).any()


def test_the_deep_fascia_has_its_thickness_in_fat() -> None:
    """Directly under the muscle, and absent at a thickness of 0."""
    dorsal = LATTICE.planes_mm()[2].astype(np.float32)
    fascia = np.broadcast_to(-dorsal, LATTICE.shape)
    for asked_mm, found_mm in ((0.0, 0.0), (1.0, 1.0)):
        tissues = np.where(fascia < 0, Tissue.MUSCLE, Tissue.FAT).astype(np.uint8)
        add_deep_fascia(tissues, fascia, FootShape(deep_fascia_mm=asked_mm))
        assert (tissues[fascia < 0] == Tissue.MUSCLE).all()
        sheet = (tissues == Tissue.TENDON).sum(axis=2) * LATTICE.spacing_mm
        np.testing.assert_allclose(sheet, found_mm)


@pytest.mark.parametrize("spacing_mm", [0.5, 1.0])
def test_septa_divide_the_pad_into_chambers(spacing_mm: float) -> None:
    """Septa replace 12 % of the plantar fat at any voxel size, and nothing else."""
    lattice = Lattice.over(np.array((-30.0, 0, -14)), np.array((34.0, 60, 3)), spacing_mm)
    dorsal = lattice.planes_mm()[2].astype(np.float32)
    fascia = np.broadcast_to(-dorsal, lattice.shape)
    parts = []
    for faces in (1.0, 0.0):
        tissues = np.where(fascia < 0, Tissue.MUSCLE, Tissue.FAT).astype(np.uint8)
        plantar = np.full(lattice.shape, faces, dtype=np.float32)
        add_pad_septa(tissues, fascia, plantar, lattice, FootShape(pad_septa_mm=0.8))
        parts.append((tissues[fascia > 0] == Tissue.TENDON).mean())
        assert (tissues[fascia < 0] == Tissue.MUSCLE).all()
    assert parts[0] == pytest.approx(0.12, abs=0.06)
    assert parts[1] == 0
