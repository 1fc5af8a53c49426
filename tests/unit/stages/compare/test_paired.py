"""The paired design."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from comparisons import A, B, first_row, statistics_of, volumes_of
from scipy import stats

from pipeline.errors import ConfigError
from pipeline.settings.compare import CompareParams

PAIRED = CompareParams(design="paired", covariates=())


def test_pairs_are_found_by_name_not_by_place() -> None:
    """Limbs may be in any order; participants without a partner are left out with a note."""
    volumes = volumes_of({"healthy": A, "pf": (*B, 99.0)}, pair=[*"abcde", *"edcba", "z"])

    row = first_row(volumes, PAIRED)

    expected = stats.ttest_rel(A, B[::-1])
    assert (row["n_a"], row["n_b"], row["test"]) == (5, 5, "paired")
    assert row["p"] == pytest.approx(expected.pvalue)
    assert row["wilcoxon_p"] == pytest.approx(stats.wilcoxon(A, B[::-1]).pvalue)
    assert row["note"] == "1 participants without a partner left out"
    assert pd.isna(row["mann_whitney_p"])


def test_d_of_pairs_is_over_the_differences_and_over_both() -> None:
    """The first has an exact interval; the second is comparable with unpaired studies."""
    row = first_row(volumes_of({"healthy": A, "pf": B}, pair=[*"abcde"] * 2), PAIRED)

    differences = np.subtract(A, B)
    both = np.sqrt((np.var(A, ddof=1) + np.var(B, ddof=1)) / 2)
    d, root_n = row["cohens_d"], np.sqrt(5)
    assert d == pytest.approx(differences.mean() / differences.std(ddof=1))
    assert row["cohens_d_av"] == pytest.approx(differences.mean() / both)
    low = row["cohens_d_ci95_low"] * root_n
    assert stats.nct.sf(d * root_n, 4, low) == pytest.approx(0.025)


@pytest.mark.parametrize(
    ("a", "b", "reason"),
    [
        ((5.0,), (4.0,), "1 complete pairs: no test"),
        ((5.0, 7.0, 9.0), (4.0, 6.0, 8.0), "all pairs differ alike: no test"),
        ((5.0, 7.0), (4.0, 5.0), "two complete pairs: no Shapiro-Wilk, no Hedges' g"),
        ((5.0, 7.0), (None, None), "0 complete pairs: no test"),
    ],
)
def test_pairs_that_cannot_be_tested_have_a_reason(
    a: Sequence[float], b: Sequence[float | None], reason: str
) -> None:
    """A constant difference has no spread."""
    row = first_row(volumes_of({"healthy": a, "pf": b}, pair=[*range(len(a))] * 2), PAIRED)

    assert reason in row["note"]
    assert pd.isna(row["hedges_g"])


def test_a_pair_with_two_of_one_group_is_refused() -> None:
    """The message names the pair and the group."""
    volumes = volumes_of({"healthy": A, "pf": B}, pair=[*"aacde", *"abcde"])

    with pytest.raises(ConfigError, match=r"pair 'a' with more than one in 'healthy'"):
        statistics_of(volumes, PAIRED)
