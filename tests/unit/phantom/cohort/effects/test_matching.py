"""Matching of muscle volumes and body masses to effect sizes."""

import numpy as np
import pytest

from pipeline.errors import ConfigError
from pipeline.phantom.cohort.effects import TargetD
from pipeline.phantom.cohort.effects.matching import (
    Sample,
    cohens_ds,
    match_masses,
    match_volumes,
)
from pipeline.stages.compare.effect_size import cohens_d


@pytest.fixture
def sample() -> Sample:
    """Twelve people, two muscles: one proximal and one distal to the border."""
    shared = np.random.default_rng(6).normal(10, 2, (12, 1))
    return Sample(shared * (1, 0), shared * (0, 1.2), np.arange(12) % 2 == 0)


@pytest.mark.parametrize("region", [0, 1, 2])
def test_effect_sizes_are_those_of_the_comparison(region: int) -> None:
    """Groups of unequal size; the comparison computes the same d."""
    rng = np.random.default_rng(3)
    rearfoot, forefoot = rng.uniform(1, 2, (2, 9, 3))
    masses = rng.uniform(50, 70, 9)
    is_reference = np.arange(9) < 5

    outcomes = np.array((rearfoot.sum(1), forefoot.sum(1), (rearfoot + forefoot).sum(1)))
    values = outcomes[region] / masses
    expected, _ = cohens_d(values[is_reference], values[~is_reference])
    result = cohens_ds(Sample(rearfoot, forefoot, is_reference), masses)[region]
    assert result == pytest.approx(expected, rel=1e-12)


def test_masses_that_would_not_be_human_are_refused(sample: Sample) -> None:
    """Masses alone cannot give rearfoot and forefoot opposite effects."""
    masses = np.full(12, 60.0)

    with pytest.raises(ConfigError, match=r"human body masses can have: asked for rearfoot 3"):
        match_masses(sample, masses, TargetD(rearfoot=3, forefoot=-3))


@pytest.mark.integration
def test_matching_is_reproducible(sample: Sample) -> None:
    """Factors are equal to the bit and rounded to six decimals."""
    masses = np.linspace(50, 80, 12)
    is_smaller = np.array((True, False))
    target = TargetD(rearfoot=0.8, forefoot=0.1)

    first, second = (match_volumes(sample, masses, is_smaller, target) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, np.round(first, 6))
