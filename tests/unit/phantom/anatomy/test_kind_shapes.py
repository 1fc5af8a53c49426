"""Random shapes of each kind."""

import numpy as np
import pytest

from pipeline.domain.scan import Side
from pipeline.phantom.anatomy.foot_kind import FootKind
from pipeline.phantom.anatomy.kind_shapes import as_kind, draw_kind_shape
from pipeline.phantom.anatomy.shape import FootShape, draw_shape
from pipeline.phantom.anatomy.skeleton import NEUTRAL

TOTALS_CM3 = {
    FootKind.FILLED: (90, 250),
    FootKind.SPARSE: (40, 105),
    FootKind.CONTOURED: (52, 180),
}


def plantar_cm3(shape: FootShape) -> float:
    """Target volume of the plantar muscles."""
    return sum(shape.muscle_volumes_cm3[m] for m in range(1, 11))


@pytest.mark.parametrize("kind", TOTALS_CM3)
def test_a_kind_has_its_own_amount_of_muscle(kind: FootKind) -> None:
    """Totals cover the range of the kind."""
    low, high = TOTALS_CM3[kind]
    result = [plantar_cm3(draw_kind_shape(np.random.default_rng(k), kind)) for k in range(60)]

    assert low < min(result) < low * 1.35
    assert high * 0.7 < max(result) < high


@pytest.mark.parametrize("kind", TOTALS_CM3)
def test_a_kind_keeps_the_proportions(kind: FootKind) -> None:
    """Length, width and angles are those of the original shape."""
    plain = draw_shape(np.random.default_rng(4), Side.LEFT)
    shape = as_kind(plain, kind, np.random.default_rng(5))

    assert shape.kind is kind
    for name in ("side", "bone_length_mm", "width", "arch", "plantarflexion_deg", "waves"):
        assert getattr(shape, name) == getattr(plain, name)


def test_a_tapered_foot_is_one_of_the_population() -> None:
    """Its shape is unchanged."""
    first, second = (np.random.default_rng(6) for _ in range(2))

    assert draw_kind_shape(first, FootKind.TAPERED) == draw_shape(second)


def test_most_feet_of_other_kinds_are_posed() -> None:
    """Four in five have a posed skeleton; pads are 6 to 25 mm thick."""
    shapes = [draw_kind_shape(np.random.default_rng(k), FootKind.SPARSE) for k in range(60)]

    assert 36 < sum(shape.skeleton != NEUTRAL for shape in shapes) < 58
    pads_mm = [17 * shape.pad_scale for shape in shapes]
    assert 5 < min(pads_mm) < 8
    assert 22 < max(pads_mm) < 25
