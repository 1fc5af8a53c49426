"""Participants of a simulated study."""

import numpy as np
import pytest

from pipeline.domain.scan import Side
from pipeline.errors import ConfigError
from pipeline.phantom.cohort.draw_cohort import (
    GROUPS,
    REARFOOT_MUSCLES,
    PhantomParticipant,
    draw_cohort,
)


@pytest.fixture(scope="module")
def cohort() -> tuple[PhantomParticipant, ...]:
    """Draw 150 participants per group; no foot is built."""
    return draw_cohort(150, seed=4)


def mean_volumes_cm3(cohort: tuple[PhantomParticipant, ...], group: str) -> dict[int, float]:
    """Mean volume of each muscle over a group."""
    shapes = [m.shape for m in cohort if m.participant.group == group]
    return {
        label: float(np.mean([s.muscle_volumes_cm3[label] for s in shapes]))
        for label in shapes[0].muscle_volumes_cm3
    }


def test_groups_alternate_and_have_one_size(cohort: tuple[PhantomParticipant, ...]) -> None:
    """Labels start at 01."""
    people = [m.participant for m in cohort]

    assert [p.label for p in people[:3]] == ["01", "02", "03"]
    assert [p.group for p in people] == list(GROUPS) * 150


def test_rearfoot_muscles_are_smaller_in_plantar_fasciitis(
    cohort: tuple[PhantomParticipant, ...],
) -> None:
    """They lose 15 to 20 % relative to the others, which differ only randomly."""
    healthy, patients = (mean_volumes_cm3(cohort, group) for group in GROUPS)

    ratios = {label: patients[label] / healthy[label] for label in healthy}
    rearfoot = [r for label, r in ratios.items() if label in REARFOOT_MUSCLES]
    others = [r for label, r in ratios.items() if label not in REARFOOT_MUSCLES]
    assert np.mean(rearfoot) / np.mean(others) == pytest.approx(0.825, abs=0.02)
    assert others == pytest.approx([np.mean(others)] * len(others), abs=0.08)


def test_body_mass_is_human_and_the_same_in_both_groups(
    cohort: tuple[PhantomParticipant, ...],
) -> None:
    """Masses are within 45 to 95 kg with a mean of 62 kg in both groups."""
    masses = np.array([m.participant.body_mass_kg for m in cohort], dtype=float).reshape(-1, 2)

    assert 45 <= masses.min() < masses.max() <= 95
    np.testing.assert_allclose(masses.mean(axis=0), 62, atol=2)


def test_feet_are_right_feet(cohort: tuple[PhantomParticipant, ...]) -> None:
    """The study measures the right foot."""
    assert (
        {m.participant.side for m in cohort} == {m.shape.side for m in cohort} == {Side.RIGHT}
    )


def test_a_participant_does_not_depend_on_how_many_are_drawn() -> None:
    """The first four of ten are those of a cohort of four."""
    few, many = draw_cohort(2, seed=9), draw_cohort(5, seed=9)

    for short, long in zip(few, many, strict=False):
        assert short.participant == long.participant
        assert short.shape == long.shape
        assert short.seed.generate_state(2).tolist() == long.seed.generate_state(2).tolist()


@pytest.mark.parametrize(("first", "second"), [((1, 9), (1, 10)), ((2, 9), (2, 8))])
def test_another_seed_gives_other_feet(first: tuple[int, int], second: tuple[int, int]) -> None:
    """Shapes and scan seeds differ."""
    ours, theirs = (draw_cohort(n, seed)[0] for n, seed in (first, second))

    assert ours.shape != theirs.shape
    assert ours.seed.generate_state(2).tolist() != theirs.seed.generate_state(2).tolist()


def test_an_empty_group_is_refused() -> None:
    """The message gives the smallest size."""
    with pytest.raises(ConfigError, match=r"at least 1 participant: got 0"):
        draw_cohort(0, seed=1)


def test_a_negative_seed_is_refused() -> None:
    """The message gives the rule and the seed."""
    with pytest.raises(ConfigError, match=r"whole number from 0 up: got -3"):
        draw_cohort(1, seed=-3)
