"""How groups are made to differ, to the printed decimals."""

import pickle
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from pipeline.domain.anatomy import MUSCLES, PLANTAR_LABELS
from pipeline.errors import ConfigError
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.phantom.cohort.draw_cohort import (
    PhantomParticipant,
    RegionVolumes,
    draw_cohort,
    with_matched_masses,
)
from pipeline.phantom.cohort.effects import Effect, TargetD, effect_names
from pipeline.phantom.cohort.effects.matching import (
    Sample,
    cohens_ds,
    match_masses,
    match_volumes,
)
from pipeline.stages.compare.effect_size import cohens_d

REARFOOT_SHARE = np.array((0.86, 0.79, 0.89, 1.0, 0.2, 0.17, 0.32, 0.0, 0.43, 0.03))
PRINTED = {"rearfoot": 1.13, "forefoot": 0.3, "total": 0.92}
CHEUNG = Effect(
    description="as printed",
    muscles=("ABH", "FDB", "ADM", "QP"),
    atrophy=0.18,
    cohens_d=TargetD(**PRINTED),
)


def survey(shape: FootShape) -> RegionVolumes:
    """Share out the volumes asked for as the mean foot does: no foot is built."""
    volumes = np.array([shape.remaining_volumes_cm3[label] for label in PLANTAR_LABELS])
    return np.array((volumes * REARFOOT_SHARE, volumes * (1 - REARFOOT_SHARE)))


survey_all = partial(map, survey)


def built(cohort: tuple[PhantomParticipant, ...]) -> list[RegionVolumes]:
    """Give volumes as a finer foot would have them: near those surveyed, not the same."""
    rng = np.random.default_rng(8)
    return [survey(m.shape) * rng.normal(1, 0.01, (2, 10)) for m in cohort]


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
    """Draw ten in each group."""
    return draw_cohort(10, seed=0, effect=CHEUNG, survey=survey_all)


@pytest.mark.parametrize("per_group", [2, 3, 10])
def test_sample_effect_sizes_are_those_printed(per_group: int) -> None:
    """Of volumes as built and masses as solved, whatever the sample's size."""
    cohort = draw_cohort(per_group, seed=5, effect=CHEUNG, survey=survey_all)
    truth = built(cohort)

    values = per_kg(with_matched_masses(cohort, CHEUNG, truth), truth)

    for region, groups in values.items():
        d, _ = cohens_d(groups["healthy"], groups["plantar_fasciitis"])
        assert d == pytest.approx(PRINTED[region], abs=1e-3)


def test_masses_stay_near_those_drawn(cohort: tuple[PhantomParticipant, ...]) -> None:
    """Muscle volumes do the work; masses are human and in grams."""
    matched = with_matched_masses(cohort, CHEUNG, built(cohort))

    drawn, solved = (
        np.array([m.participant.body_mass_kg for m in who], dtype=float)
        for who in (cohort, matched)
    )
    np.testing.assert_allclose(solved, drawn, atol=3.0)
    np.testing.assert_array_equal(solved, np.round(solved, 3))
    assert 45 <= solved.min() < solved.max() <= 95


def test_participants_travel_to_other_processes(
    cohort: tuple[PhantomParticipant, ...],
) -> None:
    """And come out as they were."""
    there = pickle.loads(pickle.dumps(cohort[1]))

    assert (there.participant, there.shape) == (cohort[1].participant, cohort[1].shape)
    assert there.seed.generate_state(2).tolist() == cohort[1].seed.generate_state(2).tolist()


def test_only_volumes_are_matched(cohort: tuple[PhantomParticipant, ...]) -> None:
    """Feet, scans and masses drawn are those of the same seed without effect sizes."""
    plain = draw_cohort(10, seed=0, effect=replace_d(TargetD()))

    for ours, theirs in zip(cohort, plain, strict=True):
        assert ours.participant == theirs.participant
        volumes = theirs.shape.muscle_volumes_cm3
        assert replace(ours.shape, muscle_volumes_cm3=volumes) == theirs.shape
        assert ours.seed.generate_state(2).tolist() == theirs.seed.generate_state(2).tolist()


def replace_d(target: TargetD) -> Effect:
    """Ask for other effect sizes."""
    return CHEUNG.model_copy(update={"cohens_d": target})


def test_muscles_change_by_two_factors_per_person(
    cohort: tuple[PhantomParticipant, ...],
) -> None:
    """One for the muscles of the effect and one for the others, dorsal ones untouched."""
    plain = draw_cohort(10, seed=0, effect=replace_d(TargetD()))

    for ours, theirs in zip(cohort, plain, strict=True):
        factors = {
            label: volume / theirs.shape.muscle_volumes_cm3[label]
            for label, volume in ours.shape.muscle_volumes_cm3.items()
        }
        assert len({round(factors[label], 6) for label in (1, 2, 3, 4)}) == 1
        assert len({round(factors[label], 6) for label in range(5, 11)}) == 1
        assert (factors[11], factors[12]) == (1, 1)


def test_without_effect_sizes_atrophy_is_all_that_happens() -> None:
    """Of four muscles 18 % are gone in the second group, and masses are as drawn."""
    plain = replace_d(TargetD())
    cohort = draw_cohort(2, seed=3, effect=plain)
    whole = draw_cohort(2, seed=3, effect=plain.model_copy(update={"atrophy": 0.0}))

    for k, (ours, theirs) in enumerate(zip(cohort, whole, strict=True)):
        kept = {label: 0.82 if k % 2 and label < 5 else 1.0 for label in range(1, 13)}
        assert ours.shape.remaining_volumes_cm3 == pytest.approx(
            {n: v * kept[n] for n, v in theirs.shape.remaining_volumes_cm3.items()}
        )
    assert with_matched_masses(cohort, plain, built(cohort)) == cohort


def test_disease_shows_in_the_affected_group_only() -> None:
    """Fat in what is left of the muscles, a thick fascia and oedema around its origin."""
    ill = {"fat_fraction": 0.4, "fascia_thickening_mm": 2.1, "oedema_mm": 1.2}
    plain = replace_d(TargetD())

    pair = draw_cohort(1, 3, plain.model_copy(update=ill))
    for member, before in zip(pair, draw_cohort(1, 3, plain), strict=True):
        is_ill = member.participant.group == "plantar_fasciitis"
        shape, lean = member.shape, before.shape.fat_fractions
        assert shape.fascia_thickening_mm == (2.1 if is_ill else 0)
        assert shape.oedema_mm == (1.2 if is_ill else 0)
        assert dict(shape.fat_fractions) == {
            label: 0.4 if is_ill and label < 5 else lean[label] for label in lean
        }


def test_groups_are_named_by_the_effect() -> None:
    """The reference group comes first."""
    named = CHEUNG.model_copy(update={"reference": "before", "affected": "after"})

    groups = [m.participant.group for m in draw_cohort(2, 1, named, survey_all)]
    assert groups == ["before", "after", "before", "after"]


def test_one_effect_size_alone_can_be_asked_for() -> None:
    """What is not asked for is left to chance; larger patients are possible."""
    target = TargetD(total=-0.5)
    cohort = draw_cohort(4, 2, replace_d(target), survey_all)

    values = per_kg(cohort, [survey(m.shape) for m in cohort])["total"]
    d, _ = cohens_d(values["healthy"], values["plantar_fasciitis"])
    assert d == pytest.approx(-0.5, abs=1e-3)


@pytest.mark.parametrize("region", [0, 1, 2])
def test_effect_sizes_are_those_of_the_comparison(region: int) -> None:
    """Two ways to the same d, by hand-made groups of other sizes."""
    rng = np.random.default_rng(3)
    rearfoot, forefoot = rng.uniform(1, 2, (2, 9, 3))
    masses = rng.uniform(50, 70, 9)
    is_reference = np.arange(9) < 5

    outcomes = np.array((rearfoot.sum(1), forefoot.sum(1), (rearfoot + forefoot).sum(1)))
    values = outcomes[region] / masses
    expected, _ = cohens_d(values[is_reference], values[~is_reference])
    found = cohens_ds(Sample(rearfoot, forefoot, is_reference), masses)[region]
    assert found == pytest.approx(expected, rel=1e-12)


def test_one_participant_has_no_effect_size() -> None:
    """Two are needed for a spread."""
    with pytest.raises(ConfigError, match=r"at least 2 participants for an effect size: got 1"):
        draw_cohort(1, 1, CHEUNG, survey_all)


def test_effect_sizes_need_a_survey() -> None:
    """A bug of ours, not of the user's."""
    with pytest.raises(ValueError, match=r"need a survey"):
        draw_cohort(2, 1, CHEUNG)


def test_effect_sizes_that_contradict_one_another_are_refused() -> None:
    """Both parts larger and the whole smaller is no foot."""
    odd = replace_d(TargetD(rearfoot=1, forefoot=1, total=-3))

    with pytest.raises(
        ConfigError,
        match=r"human muscle volumes can have: asked for rearfoot 1, forefoot 1, total -3 in "
        r"4 participants per group, got no nearer than .*smaller or more alike",
    ):
        draw_cohort(4, 1, odd, survey_all)


def test_masses_that_would_not_be_human_are_refused(sample: Sample) -> None:
    """Masses alone cannot part rearfoot from forefoot."""
    masses = np.full(12, 60.0)

    with pytest.raises(ConfigError, match=r"human body masses can have: asked for rearfoot 3"):
        match_masses(sample, masses, TargetD(rearfoot=3, forefoot=-3))


@pytest.fixture
def sample() -> Sample:
    """Twelve people, two muscles: one behind and one before the border."""
    shared = np.random.default_rng(6).normal(10, 2, (12, 1))
    return Sample(shared * (1, 0), shared * (0, 1.2), np.arange(12) % 2 == 0)


def test_matching_is_the_same_again(sample: Sample) -> None:
    """To the last bit: it ends in round figures."""
    masses = np.linspace(50, 80, 12)
    is_smaller = np.array((True, False))
    target = TargetD(rearfoot=0.8, forefoot=0.1)

    first, second = (match_volumes(sample, masses, is_smaller, target) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, np.round(first, 6))


def test_labels_of_an_effect_are_the_contract_s() -> None:
    """Abbreviations in any order."""
    turned = CHEUNG.model_copy(update={"muscles": ("EHB", "FDB")})

    assert turned.labels == (2, 12)
    assert [MUSCLES[label - 1].abbreviation for label in turned.labels] == ["FDB", "EHB"]


def test_footvol_brings_the_effect_of_the_paper() -> None:
    """By name."""
    assert effect_names() == ("cheung2016",)
