"""How one foot differs from another: one number varied at a time."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.domain.scan import Side
from pipeline.phantom.shape import (
    MEAN_BONE_LENGTH_MM,
    MEAN_VOLUMES_CM3,
    FootShape,
    draw_shape,
)
from pipeline.phantom.tubes import DORSAL, LATERAL, LONG, reference_tubes

MEAN = FootShape()


def moved_mm(shape: FootShape, name: str) -> NDArray[np.float64]:
    """How far each station of a structure lies from where the mean foot has it."""
    return shape.tubes()[name].centres - MEAN.tubes()[name].centres


@pytest.fixture(scope="module")
def drawn() -> Sequence[FootShape]:
    """Draw 300 feet from one generator; no foot is built."""
    rng = np.random.default_rng(6)
    return [draw_shape(rng) for _ in range(300)]


def test_the_mean_foot_is_the_reference_in_millimetres() -> None:
    """Centres scale with the bone length, squared semi-axes with its square."""
    tubes = MEAN.tubes()

    for name, reference in reference_tubes().items():
        tube = tubes[name]
        np.testing.assert_allclose(tube.centres, reference.centres * 222.5)
        np.testing.assert_allclose(tube.sections, reference.sections * 222.5**2)


def test_the_mean_plantar_volume_is_the_published_one() -> None:
    """Labels 1 to 10 sum to the 113.3 cm3 of Chang et al. 2012."""
    assert sum(MEAN_VOLUMES_CM3[i] for i in range(1, 11)) == pytest.approx(113.3, abs=0.2)


def test_a_longer_foot_is_larger_in_every_direction() -> None:
    """Bone length scales all."""
    longer = FootShape(bone_length_mm=MEAN_BONE_LENGTH_MM * 1.1)

    for name in ("calcaneus", "tibia", "lumbrical_3"):
        np.testing.assert_allclose(
            longer.tubes()[name].reach, MEAN.tubes()[name].reach * 1.1, atol=1e-9
        )


@pytest.mark.parametrize(
    ("wider", "axis"), [(FootShape(width=1.12), LATERAL), (FootShape(height=1.12), DORSAL)]
)
@pytest.mark.parametrize("name", ["calcaneus", "metatarsal_5", "adductor_hallucis_transverse"])
def test_width_and_height_scale_their_own_axis(wider: FootShape, axis: int, name: str) -> None:
    """Centres and, where ellipses lie in that axis, sections too; the others stay."""
    tube, mean = wider.tubes()[name], MEAN.tubes()[name]

    factors = np.where(np.arange(3) == axis, 1.12, 1.0)
    np.testing.assert_allclose(tube.centres, mean.centres * factors)
    in_slice = factors[[a for a in range(3) if a != tube.axis]]
    np.testing.assert_allclose(tube.sections, mean.sections * np.outer(in_slice, in_slice))


def test_width_and_height_scale_upright_tubes_too() -> None:
    """A wider tibia is wider to the side, as deep as before, and as tall."""
    tube, mean = FootShape(width=1.12, height=1.05).tubes()["tibia"], MEAN.tubes()["tibia"]

    np.testing.assert_allclose(np.ptp(tube.reach[:, LONG]), np.ptp(mean.reach[:, LONG]))
    assert np.ptp(tube.reach[:, LATERAL]) == pytest.approx(
        1.12 * np.ptp(mean.reach[:, LATERAL])
    )
    assert np.ptp(tube.reach[:, DORSAL]) == pytest.approx(1.05 * np.ptp(mean.reach[:, DORSAL]))


def test_a_higher_arch_lifts_the_midfoot_only() -> None:
    """The navicular rises by most of 0.02 bone lengths, heel and toes hardly."""
    high = FootShape(arch=0.02)

    navicular = moved_mm(high, "navicular")[:, DORSAL]
    assert 3.5 < navicular.min() <= navicular.max() <= 0.02 * 222.5
    assert np.abs(moved_mm(high, "distal_phalanx_1")[:, DORSAL]).max() < 0.01
    assert moved_mm(high, "calcaneus")[0, DORSAL] < 0.1
    np.testing.assert_allclose(moved_mm(high, "navicular")[:, :DORSAL], 0, atol=1e-9)


def test_adduction_bends_the_forefoot_toward_the_little_toe() -> None:
    """Most at the toes, not at all at the heel."""
    bent = FootShape(adduction=0.03)

    assert moved_mm(bent, "distal_phalanx_2")[-1, LATERAL] == pytest.approx(6.4, abs=0.5)
    assert 0 < moved_mm(bent, "cuboid")[-1, LATERAL] < 0.5
    np.testing.assert_allclose(moved_mm(bent, "calcaneus")[:-1], 0, atol=1e-9)


def test_longer_toes_leave_the_rest_alone() -> None:
    """Only what lies beyond the metatarsal heads moves, and only along."""
    longer = FootShape(toe_length=1.15)

    assert 6 < moved_mm(longer, "distal_phalanx_2")[-1, LONG] < 9
    np.testing.assert_allclose(moved_mm(longer, "metatarsal_3"), 0, atol=1.0)
    np.testing.assert_allclose(moved_mm(longer, "calcaneus"), 0, atol=1e-9)
    np.testing.assert_allclose(
        moved_mm(longer, "distal_phalanx_2")[:, [LATERAL, DORSAL]], 0, atol=1e-9
    )


def test_a_wave_moves_by_no_more_than_its_height() -> None:
    """In its own direction only, and not everything alike."""
    waved = FootShape(waves=((0.0, 0.0, 0.01, 0.0, 9.0, 0.0, 0.4),))

    lift = moved_mm(waved, "abductor_hallucis")[:, DORSAL]
    assert np.abs(lift).max() <= 0.01 * 222.5
    assert np.ptp(lift) > 1
    np.testing.assert_allclose(moved_mm(waved, "abductor_hallucis")[:, :DORSAL], 0, atol=1e-9)


def test_stations_stay_in_order_under_any_wave() -> None:
    """A wave that would fold tubes back on themselves only squeezes them."""
    folding = FootShape(waves=((0.05, 0.05, 0.05, 20.0, 60.0, 40.0, 0.0),))

    for name, tube in folding.tubes().items():
        assert (np.diff(tube.centres[:, tube.axis]) > 0).all(), name


def test_same_generator_same_shape() -> None:
    """Everything random comes from the generator given."""
    first, second = (draw_shape(np.random.default_rng(8)) for _ in range(2))

    assert first == second


def test_every_draw_is_another_foot(drawn: Sequence[FootShape]) -> None:
    """No two share their length."""
    assert len({shape.bone_length_mm for shape in drawn}) > 295


@pytest.mark.parametrize("side", Side)
def test_the_side_is_the_one_asked_for(side: Side) -> None:
    """Nothing else depends on it."""
    shape = draw_shape(np.random.default_rng(8), side)

    assert shape.side is side
    assert shape.bone_length_mm == draw_shape(np.random.default_rng(8)).bone_length_mm


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("bone_length_mm", 190, 255),
        ("width", 0.87, 1.13),
        ("height", 0.87, 1.13),
        ("arch", -0.02, 0.02),
        ("adduction", -0.03, 0.03),
        ("toe_length", 0.85, 1.15),
        ("pad_scale", 0.8, 1.2),
        ("skin_scale", 0.7, 1.4),
        ("septum_mm", 0.3, 1.0),
        ("cortex_mm", 1.0, 1.7),
    ],
)
def test_drawn_feet_stay_within_human_limits(
    drawn: Sequence[FootShape], name: str, low: float, high: float
) -> None:
    """And use most of the range."""
    values = np.array([getattr(shape, name) for shape in drawn])

    assert low <= values.min() < values.max() <= high
    assert np.ptp(values) > 0.6 * (high - low)


def test_drawn_muscles_vary_as_published(drawn: Sequence[FootShape]) -> None:
    """At one length: mean as given, CV 22 %, correlated 0.6 within a foot."""
    at_mean_length = np.array(
        [
            np.array([*s.muscle_volumes_cm3.values()])
            / (s.bone_length_mm / MEAN_BONE_LENGTH_MM) ** 3
            for s in drawn
        ]
    )

    mean = at_mean_length.mean(axis=0)
    np.testing.assert_allclose(mean, [*MEAN_VOLUMES_CM3.values()], rtol=0.05)
    np.testing.assert_allclose(at_mean_length.std(axis=0) / mean, 0.22, atol=0.03)
    correlation = np.corrcoef(np.log(at_mean_length).T)[np.triu_indices(12, 1)]
    assert correlation.mean() == pytest.approx(0.6, abs=0.06)
