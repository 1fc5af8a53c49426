"""Shapes of feet: values out of range, and random shapes."""

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np
import pytest

from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.domain.scan import Side
from pipeline.errors import ConfigError
from pipeline.phantom.anatomy.shape import (
    MEAN_BONE_LENGTH_MM,
    MEAN_VOLUMES_CM3,
    FootShape,
    draw_shape,
)


@pytest.fixture(scope="module")
def drawn() -> Sequence[FootShape]:
    """Draw 300 shapes from one generator; no foot is built."""
    rng = np.random.default_rng(6)
    return [draw_shape(rng) for _ in range(300)]


def test_the_mean_plantar_volume_is_the_published_one() -> None:
    """Labels 1 to 10 sum to 113.3 cm3 (Chang et al. 2012) minus the reduction of three."""
    assert sum(MEAN_VOLUMES_CM3[i] for i in range(1, 11)) == pytest.approx(109.3, abs=0.1)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("bone_length_mm", -230.0, r"bone_length_mm from 120 to 340: got -230\. Give a value"),
        ("bone_length_mm", np.nan, r"bone_length_mm from 120 to 340: got nan"),
        ("width", 0.0, r"width from 0\.7 to 1\.4: got 0"),
        ("height", np.inf, r"height from 0\.7 to 1\.4: got inf"),
        ("arch", 0.06, r"arch from -0\.05 to 0\.05: got 0\.06"),
        ("adduction", -0.2, r"adduction from -0\.1 to 0\.1: got -0\.2"),
        ("toe_length", 1.6, r"toe_length from 0\.5 to 1\.5: got 1\.6"),
        ("hallux_valgus_deg", 60.0, r"hallux_valgus_deg from 0 to 45: got 60"),
        ("toe_splay_deg", 11.0, r"toe_splay_deg from -5 to 10: got 11"),
        ("plantarflexion_deg", 90.0, r"plantarflexion_deg from -15 to 55: got 90"),
        ("pad_scale", -1.0, r"pad_scale from 0\.3 to 2: got -1"),
        ("skin_scale", 3.5, r"skin_scale from 0\.4 to 3: got 3\.5"),
        ("septum_mm", -0.1, r"septum_mm from 0 to 3: got -0\.1"),
        ("cortex_mm", 0.0, r"cortex_mm from 0\.3 to 3: got 0"),
        ("fascia_thickening_mm", -1.0, r"fascia_thickening_mm from 0 to 6: got -1"),
        ("oedema_mm", 9.0, r"oedema_mm from 0 to 8: got 9"),
        ("atrophy", {2: 1.2}, r"atrophy\[2\] from 0 to 1: got 1\.2"),
        ("atrophy", {4: -0.1}, r"atrophy\[4\] from 0 to 1: got -0\.1"),
        ("fat_fractions", {10: 0.95}, r"fat_fractions\[10\] from 0 to 0\.9: got 0\.95"),
        ("muscle_volumes_cm3", {1: -3.0}, r"muscle_volumes_cm3\[1\] from 0 to 100: got -3"),
    ],
)
def test_values_out_of_range_are_refused(field: str, value: object, words: str) -> None:
    """The message gives parameter, limits and value."""
    with pytest.raises(ConfigError, match=words):
        FootShape(**{field: value})  # type: ignore[arg-type]


def test_limits_themselves_are_accepted() -> None:
    """Complete atrophy and the largest joint angle are allowed."""
    shape = FootShape(atrophy=MappingProxyType({2: 1.0}), hallux_valgus_deg=45.0)

    assert shape.remaining_volumes_cm3[2] == 0


def test_atrophy_reduces_the_volume_by_its_fraction() -> None:
    """Only of the named muscles; the healthy volumes stay."""
    shape = FootShape(atrophy=MappingProxyType({1: 0.4}))

    left = shape.remaining_volumes_cm3
    assert left.pop(1) == pytest.approx(0.6 * MEAN_VOLUMES_CM3[1])
    assert left == {k: v for k, v in MEAN_VOLUMES_CM3.items() if k != 1}
    assert shape.muscle_volumes_cm3 == MEAN_VOLUMES_CM3


def test_same_generator_same_shape() -> None:
    """All randomness comes from the given generator."""
    first, second = (draw_shape(np.random.default_rng(8)) for _ in range(2))

    assert first == second


def test_all_random_shapes_differ(drawn: Sequence[FootShape]) -> None:
    """No two have the same muscle volume or texture seed."""
    assert len({shape.muscle_volumes_cm3[1] for shape in drawn}) == 300
    assert len({shape.texture_seed for shape in drawn}) == 300


def test_random_feet_are_healthy_except_for_a_little_fat(drawn: Sequence[FootShape]) -> None:
    """No atrophy or lesion of the fascia; one fat fraction up to 6 % in all muscles."""
    for shape in drawn:
        assert not shape.atrophy
        assert shape.fascia_thickening_mm == shape.oedema_mm == 0
        assert set(shape.fat_fractions) == set(MUSCLE_NAMES)
        (fraction,) = set(shape.fat_fractions.values())
        assert 0 <= fraction <= 0.06


@pytest.mark.parametrize("side", Side)
def test_the_side_is_the_given_one(side: Side) -> None:
    """The bone length does not depend on it."""
    shape = draw_shape(np.random.default_rng(8), side)

    assert shape.side is side
    assert shape.bone_length_mm == draw_shape(np.random.default_rng(8)).bone_length_mm


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("bone_length_mm", 212, 278),
        ("width", 0.87, 1.13),
        ("height", 0.87, 1.13),
        ("arch", -0.025, 0.025),
        ("adduction", -0.03, 0.03),
        ("toe_length", 0.85, 1.15),
        ("hallux_valgus_deg", 0, 35),
        ("toe_splay_deg", -1.5, 4),
        ("plantarflexion_deg", 0, 45),
        ("pad_scale", 0.8, 1.2),
        ("skin_scale", 0.7, 1.4),
        ("septum_mm", 0.3, 1.0),
        ("cortex_mm", 1.0, 1.7),
    ],
)
def test_random_feet_stay_within_human_limits(
    drawn: Sequence[FootShape], name: str, low: float, high: float
) -> None:
    """They use most of the range."""
    values = np.array([getattr(shape, name) for shape in drawn])

    assert low <= values.min() < values.max() <= high
    assert np.ptp(values) > 0.6 * (high - low)


def test_muscle_volumes_vary_as_published(drawn: Sequence[FootShape]) -> None:
    """At one length: given mean, CV 25 %, correlation of 0.6 within a foot."""
    at_mean_length = np.array(
        [
            np.array([*s.muscle_volumes_cm3.values()])
            / (s.bone_length_mm / MEAN_BONE_LENGTH_MM) ** 1.25
            for s in drawn
        ]
    )

    mean = at_mean_length.mean(axis=0)
    np.testing.assert_allclose(mean, [*MEAN_VOLUMES_CM3.values()], rtol=0.05)
    np.testing.assert_allclose(at_mean_length.std(axis=0) / mean, 0.25, atol=0.04)
    correlation = np.corrcoef(np.log(at_mean_length).T)[np.triu_indices(12, 1)]
    assert correlation.mean() == pytest.approx(0.6, abs=0.06)
