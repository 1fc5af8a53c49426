"""Cohorts with an effect: effect sizes, atrophy and disease."""

import pickle
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from pipeline.domain.anatomy import PLANTAR_LABELS
from pipeline.errors import ConfigError
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.phantom.cohort.draw_cohort import (
    PhantomParticipant,
    RegionVolumes,
    draw_cohort,
    with_matched_masses,
)
from pipeline.phantom.cohort.effects import Effect, TargetD
from pipeline.stages.compare.effect_size import cohens_d

REARFOOT_FRACTION = np.array((0.86, 0.79, 0.89, 1.0, 0.2, 0.17, 0.32, 0.0, 0.43, 0.03))
PRINTED = {"rearfoot": 1.13, "forefoot": 0.3, "total": 0.92}
CHEUNG = Effect(
    description="as printed",
    muscles=("ABH", "FDB", "ADM", "QP"),
    atrophy=0.18,
    cohens_d=TargetD(**PRINTED),
)


def region_volumes(shape: FootShape) -> RegionVolumes:
    """Divide the target volumes between regions as in the mean foot; no foot is built."""
    volumes = np.array([shape.remaining_volumes_cm3[label] for label in PLANTAR_LABELS])
    return np.array((volumes * REARFOOT_FRACTION, volumes * (1 - REARFOOT_FRACTION)))


measure_all = partial(map, region_volumes)


def built(cohort: tuple[PhantomParticipant, ...]) -> list[RegionVolumes]:
    """Give volumes as measured on a finer foot: near the coarse ones, but not equal."""
    rng = np.random.default_rng(8)
    return [region_volumes(m.shape) * rng.normal(1, 0.01, (2, 10)) for m in cohort]


def per_kg(
    cohort: tuple[PhantomParticipant, ...], truth: list[RegionVolumes]
) -> dict[str, dict[str, np.ndarray]]:
    """Plantar volume per body mass, by region and group, mm3/kg."""
    masses = np.array([m.participant.body_mass_kg for m in cohort], dtype=float)
    rearfoot, forefoot = 1e3 * np.array(truth).sum(axis=2).T / masses
    groups = np.array([m.participant.group for m in cohort])
    outcomes = {"rearfoot": rearfoot, "forefoot": forefoot, "total": rearfoot + forefoot}
    return {
        region: {group: values[groups == group] for group in set(groups)}
        for region, values in outcomes.items()
    }


@pytest.fixture(scope="module")
def cohort() -> tuple[PhantomParticipant, ...]:
    """Draw ten participants per group."""
    return draw_cohort(10, seed=0, effect=CHEUNG, measure=measure_all)


@pytest.mark.integration
@pytest.mark.parametrize("per_group", [2, 3, 10])
def test_sample_effect_sizes_are_those_printed(per_group: int) -> None:
    """For the final volumes and masses, at any sample size."""
    cohort = draw_cohort(per_group, seed=5, effect=CHEUNG, measure=measure_all)
    truth = built(cohort)

    values = per_kg(with_matched_masses(cohort, CHEUNG, truth), truth)

    for region, groups in values.items():
        d, _ = cohens_d(groups["healthy"], groups["plantar_fasciitis"])
        assert d == pytest.approx(PRINTED[region], abs=1e-3)


@pytest.mark.integration
def test_masses_stay_near_the_drawn_ones(cohort: tuple[PhantomParticipant, ...]) -> None:
    """They change by at most 3 kg, stay within 45 to 95 kg and are rounded to grams."""
    matched = with_matched_masses(cohort, CHEUNG, built(cohort))

    drawn, solved = (
        np.array([m.participant.body_mass_kg for m in who], dtype=float)
        for who in (cohort, matched)
    )
    np.testing.assert_allclose(solved, drawn, atol=3.0)
    np.testing.assert_array_equal(solved, np.round(solved, 3))
    assert 45 <= solved.min() < solved.max() <= 95


@pytest.mark.integration
def test_participants_can_be_pickled(
    cohort: tuple[PhantomParticipant, ...],
) -> None:
    """The copy is equal."""
    copy = pickle.loads(pickle.dumps(cohort[1]))

    assert (copy.participant, copy.shape) == (cohort[1].participant, cohort[1].shape)
    assert copy.seed.generate_state(2).tolist() == cohort[1].seed.generate_state(2).tolist()


@pytest.mark.integration
def test_only_volumes_are_matched(cohort: tuple[PhantomParticipant, ...]) -> None:
    """Everything else is as for the same seed without effect sizes."""
    plain = draw_cohort(10, seed=0, effect=replace_d(TargetD()))

    for ours, theirs in zip(cohort, plain, strict=True):
        assert ours.participant == theirs.participant
        volumes = theirs.shape.muscle_volumes_cm3
        assert replace(ours.shape, muscle_volumes_cm3=volumes) == theirs.shape
        assert ours.seed.generate_state(2).tolist() == theirs.seed.generate_state(2).tolist()


def replace_d(target: TargetD) -> Effect:
    """Give the effect with other effect sizes."""
    return CHEUNG.model_copy(update={"cohens_d": target})


@pytest.mark.integration
def test_muscles_change_by_two_factors_per_person(
    cohort: tuple[PhantomParticipant, ...],
) -> None:
    """One for the muscles of the effect, one for the others; dorsal ones are unchanged."""
    plain = draw_cohort(10, seed=0, effect=replace_d(TargetD()))

    for ours, theirs in zip(cohort, plain, strict=True):
        factors = {
            label: volume / theirs.shape.muscle_volumes_cm3[label]
            for label, volume in ours.shape.muscle_volumes_cm3.items()
        }
        assert len({round(factors[label], 6) for label in (1, 2, 3, 4)}) == 1
        assert len({round(factors[label], 6) for label in range(5, 11)}) == 1
        assert (factors[11], factors[12]) == (1, 1)


def test_without_effect_sizes_only_atrophy_is_applied() -> None:
    """Four muscles lose 18 % in the second group; masses stay."""
    plain = replace_d(TargetD())
    cohort = draw_cohort(2, seed=3, effect=plain)
    whole = draw_cohort(2, seed=3, effect=plain.model_copy(update={"atrophy": 0.0}))

    for k, (ours, theirs) in enumerate(zip(cohort, whole, strict=True)):
        kept = {label: 0.82 if k % 2 and label < 5 else 1.0 for label in range(1, 13)}
        assert ours.shape.remaining_volumes_cm3 == pytest.approx(
            {n: v * kept[n] for n, v in theirs.shape.remaining_volumes_cm3.items()}
        )
    assert with_matched_masses(cohort, plain, built(cohort)) == cohort


def test_disease_is_in_the_affected_group_only() -> None:
    """Fatty muscle, a thick fascia and oedema at its origin."""
    disease = {"fat_fraction": 0.4, "fascia_thickening_mm": 2.1, "oedema_mm": 1.2}
    plain = replace_d(TargetD())

    pair = draw_cohort(1, 3, plain.model_copy(update=disease))
    for member, before in zip(pair, draw_cohort(1, 3, plain), strict=True):
        is_affected = member.participant.group == "plantar_fasciitis"
        shape, lean = member.shape, before.shape.fat_fractions
        assert shape.fascia_thickening_mm == (2.1 if is_affected else 0)
        assert shape.oedema_mm == (1.2 if is_affected else 0)
        assert dict(shape.fat_fractions) == {
            label: 0.4 if is_affected and label < 5 else lean[label] for label in lean
        }


def test_groups_are_named_by_the_effect() -> None:
    """The reference group comes first."""
    named = CHEUNG.model_copy(update={"reference": "before", "affected": "after"})

    groups = [m.participant.group for m in draw_cohort(2, 1, named, measure_all)]
    assert groups == ["before", "after", "before", "after"]


def test_a_single_effect_size_can_be_given() -> None:
    """The others are not controlled; negative effect sizes are possible."""
    target = TargetD(total=-0.5)
    cohort = draw_cohort(4, 2, replace_d(target), measure_all)

    values = per_kg(cohort, [region_volumes(m.shape) for m in cohort])["total"]
    d, _ = cohens_d(values["healthy"], values["plantar_fasciitis"])
    assert d == pytest.approx(-0.5, abs=1e-3)


def test_effect_sizes_need_two_participants_per_group() -> None:
    """The message gives the smallest size."""
    with pytest.raises(ConfigError, match=r"at least 2 participants for an effect size: got 1"):
        draw_cohort(1, 1, CHEUNG, measure_all)


def test_effect_sizes_need_a_measuring_function() -> None:
    """It is a programming error."""
    with pytest.raises(ValueError, match=r"need a function that measures"):
        draw_cohort(2, 1, CHEUNG)


def test_contradictory_effect_sizes_are_refused() -> None:
    """Both regions cannot be larger if the total is smaller."""
    odd = replace_d(TargetD(rearfoot=1, forefoot=1, total=-3))

    with pytest.raises(
        ConfigError,
        match=r"human muscle volumes can have: asked for rearfoot 1, forefoot 1, total -3 in "
        r"4 participants per group, got no nearer than .*smaller or more alike",
    ):
        draw_cohort(4, 1, odd, measure_all)
