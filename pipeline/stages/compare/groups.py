"""Groups compared in each outcome, two at a time."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations, groupby

import numpy as np
import pandas as pd

from pipeline.domain.comparison import Comparison, Tests
from pipeline.domain.outcomes import MUSCLE_OUTCOMES, REGION_OUTCOMES, Outcome
from pipeline.settings.compare import CompareParams
from pipeline.stages.compare.ancova import adjust
from pipeline.stages.compare.anova import compare_many
from pipeline.stages.compare.check_design import complete_pairs
from pipeline.stages.compare.descriptives import (
    NO_VALUES,
    Values,
    has_spread,
    summarise,
    why_untested,
)
from pipeline.stages.compare.design import Design, read_design
from pipeline.stages.compare.measurement_error import measurement_error
from pipeline.stages.compare.paired import (
    compare_pairs,
    has_spread_of_differences,
    why_no_pairs,
)
from pipeline.stages.compare.two_groups import compare_two

Samples = dict[str | None, Values]


def compare(volumes: pd.DataFrame, params: CompareParams) -> tuple[Comparison, ...]:
    """Compare groups in each outcome.

    Parameters
    ----------
    volumes
        Rows of ``volumes.tsv``, with the columns of ``participants.tsv`` that the settings
        name, and with ``<muscle>_total_cm3`` of ``muscles.tsv`` where single muscles are
        compared as well. Rows whose status is not ``ok`` and rows without a group are
        ignored; a row without a value is left out of that outcome only.

    Returns
    -------
    tuple of Comparison
        One per outcome and pair of groups. Every test needs two participants and some
        spread in each group; with fewer than two groups, only the means are given.

    Raises
    ------
    ConfigError
        If the settings name a column, reference, pair or covariate that does not fit.
    ArtefactError
        If a column is missing, or contains a value that is not a number.

    Notes
    -----
    Cohen's d has the pooled SD as its unit, so its interval assumes equal variances;
    Welch's test does not. Outcomes of one family are corrected by Holm's method. The
    families are the three regions, absolute, per body mass and per foot length, and the
    muscles, absolute and per body mass.
    """
    design = read_design(volumes, params)
    columns = set(volumes.columns)
    muscles = (o for o in MUSCLE_OUTCOMES if o.volume_column in columns)
    return _with_holm(
        comparison
        for outcome in (*REGION_OUTCOMES, *muscles)
        for comparison in _compare_outcome(design, outcome, params)
    )


def _compare_outcome(
    design: Design, outcome: Outcome, params: CompareParams
) -> list[Comparison]:
    """Compare each pair of groups in one outcome."""
    values = design.values(outcome)
    error = measurement_error(
        design.volumes, values, outcome, design.people[values.index], params.mdc95_percent
    )
    if design.pairs is None:
        comparisons = _unpaired(design, values, outcome, params)
    else:
        pairs = design.pairs[values.index]
        comparisons = [_paired(design, values, pairs, outcome, params)]
    return [replace(comparison, error=error) for comparison in comparisons]


def _unpaired(
    design: Design, values: "pd.Series[float]", outcome: Outcome, params: CompareParams
) -> list[Comparison]:
    """Compare each pair of groups of different people."""
    groups = design.groups[values.index]
    samples: Samples = {
        name: np.sort(np.asarray(values[groups == name], dtype=np.float64))
        for name in design.names
    }
    tests = _unpaired_tests(samples, params)
    comparisons = []
    for a, b in combinations(design.names, 2):
        sample_a, sample_b = summarise(a, samples[a]), summarise(b, samples[b])
        notes = why_untested(str(a), samples[a])
        notes += why_untested(b or "another group", samples[b])
        of_pair, adjustment = tests.get((a, b)), None
        if of_pair:
            notes += _why_undefined(of_pair, expects_levene=not notes)
        if of_pair and outcome.is_absolute and params.covariates:
            both = values[groups.isin((a, b))]
            adjustment = adjust(both, groups[both.index] == a, design.covariates)
            notes += [adjustment.note] if adjustment.note else []
        comparisons.append(
            Comparison(outcome, sample_a, sample_b, of_pair, adjustment, notes=tuple(notes))
        )
    return comparisons


def _unpaired_tests(
    samples: Samples, params: CompareParams
) -> dict[tuple[str | None, ...], Tests]:
    """Test each pair of groups with spread; beyond two groups, corrected for their number."""
    testable = {str(n): v for n, v in samples.items() if n is not None and has_spread(v)}
    tests: dict[tuple[str | None, ...], Tests] = {
        (a, b): compare_two(testable[a], testable[b], params)
        for a, b in combinations(testable, 2)
    }
    if len(testable) > 2:
        anova, of_means = compare_many(testable, params)
        return {
            names: replace(tests[names], mean=test, anova=anova)
            for names, test in of_means.items()
        }
    return tests


def _paired(
    design: Design,
    values: "pd.Series[float]",
    pairs: "pd.Series[str]",
    outcome: Outcome,
    params: CompareParams,
) -> Comparison:
    """Compare two groups of the same people."""
    groups = design.groups[values.index]
    table = complete_pairs(values, groups, pairs)
    a, b = (_column(table, name) for name in design.names)
    if a.size != b.size:
        a, b = NO_VALUES, NO_VALUES
    notes = why_no_pairs(a, b)
    alone = int(groups.notna().sum()) - a.size - b.size
    if alone:
        notes.append(f"{alone} participants without a partner left out")
    tests = compare_pairs(a, b, params) if has_spread_of_differences(a, b) else None
    if tests:
        notes += _why_undefined(tests, expects_levene=False)
    name_a, name_b = design.names
    return Comparison(
        outcome, summarise(name_a, a), summarise(name_b, b), tests, notes=tuple(notes)
    )


def _column(table: pd.DataFrame, name: str | None) -> Values:
    return table[name].to_numpy(dtype=float) if name in table else NO_VALUES


def _why_undefined(tests: Tests, *, expects_levene: bool) -> list[str]:
    """Give the reasons why results of a test that was made are undefined."""
    notes = []
    if tests.effect.cohens_d_ci95 is None:
        notes.append("groups too far apart for an interval of d")
    if expects_levene and tests.unpaired and tests.unpaired.levene_p is None:
        notes.append("all as far from their medians: no Levene")
    return notes


def _with_holm(comparisons: Iterable[Comparison]) -> tuple[Comparison, ...]:
    """Correct p within each family, over the outcomes that could be tested.

    With more than two groups, p is already corrected for all comparisons within an outcome;
    the outcome is ranked by its smallest p (statsmodels' multipletests has no such groups of
    tests).
    """
    corrected: list[Comparison] = []
    for _, members in groupby(comparisons, lambda c: c.outcome.family):
        family = list(members)
        factors = _holm_factors(family)
        for comparison in family:
            p_holm = None
            if comparison.p is not None:
                left, reached = factors[comparison.outcome]
                p_holm = min(max(left * comparison.p, reached), 1.0)
            corrected.append(replace(comparison, p_holm=p_holm, family_tests=len(factors)))
    return tuple(corrected)


def _holm_factors(family: Sequence[Comparison]) -> dict[Outcome, tuple[int, float]]:
    """Give the factor of each tested outcome, and the corrected p that precedes it."""
    smallest: dict[Outcome, float] = {}
    for comparison in family:
        if comparison.p is not None:
            p = smallest.get(comparison.outcome, comparison.p)
            smallest[comparison.outcome] = min(p, comparison.p)
    factors, reached = {}, 0.0
    for rank, (outcome, p) in enumerate(sorted(smallest.items(), key=lambda item: item[1])):
        left = len(smallest) - rank
        factors[outcome] = left, reached
        reached = min(max(reached, left * p), 1.0)
    return factors
