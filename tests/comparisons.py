"""Tables of volumes to compare, and comparisons to report."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from pipeline.domain.comparison import (
    AdjustedDifference,
    Adjustment,
    Comparison,
    EffectSize,
    Interval,
    MeanTest,
    MeasurementError,
    PermutationTest,
    Sample,
    Tests,
    TTestResult,
    UnpairedTests,
)
from pipeline.domain.outcomes import OUTCOMES, Outcome, Quantity
from pipeline.settings.compare import CompareParams
from pipeline.stages.compare.groups import compare
from pipeline.stages.compare.statistics_table import statistics_table
from pipeline.stages.plot_style import Picture

# Student 1908, hours of sleep gained under two drugs; results as R 4 prints them
SLEEP_A = (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0)
SLEEP_B = (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4)
A, B = (61.0, 58.0, 72.0, 66.0, 70.0), (55.0, 60.0, 57.0, 63.0, 59.0)
MASSES = (60.0, 71.0, 66.0, 80.0, 58.0, 75.0, 63.0, 69.0, 82.0, 74.0)
_LENGTHS = (231.0, 244.0, 239.0, 252.0, 228.0, 240.0, 236.0, 251.0, 247.0, 233.0)

Groups = Mapping[str, Sequence[float | None]]


def volumes_of(groups: Groups, **columns: Any) -> pd.DataFrame:
    """Make a table in which every outcome has the same values."""
    values = [value for group in groups.values() for value in group]
    return pd.DataFrame(
        {
            "participant_id": [f"sub-{number:02d}" for number in range(len(values))],
            "group": [name for name, group in groups.items() for _ in group],
            "status": "ok",
            "body_mass_kg": (MASSES * 4)[: len(values)],
            "foot_length_mm": (_LENGTHS * 4)[: len(values)],
            **dict.fromkeys(OUTCOMES, values),
        }
    ).assign(**columns)


def two_groups(a: Sequence[float | None], b: Sequence[float | None]) -> pd.DataFrame:
    """Make a table of healthy participants and patients."""
    return volumes_of({"healthy": a, "plantar_fasciitis": b})


def statistics_of(volumes: pd.DataFrame, params: CompareParams | None = None) -> pd.DataFrame:
    """Compare, and give the rows of statistics.tsv."""
    return statistics_table(compare(volumes, params or CompareParams()))


def first_row(volumes: pd.DataFrame, params: CompareParams | None = None) -> pd.Series:
    """Give the statistics of the first outcome."""
    return statistics_of(volumes, params).iloc[0]


def make_comparison(
    p: float = 0.01,
    p_holm: float = 0.03,
    *,
    difference: float = 4.0,
    outcome: Outcome = Outcome("rearfoot", Quantity.VOLUME),  # noqa: B008 frozen
    other_p: float = 0.02,
    adjusted_p: float = 0.01,
    mdc95: float = 1.0,
) -> Comparison:
    """Make a comparison of five healthy participants with five patients."""
    around = Interval(difference - 3.0, difference + 3.0)
    t = TTestResult(2.0, 8.0, p)
    return Comparison(
        outcome,
        Sample("healthy", 5, 60.0 + difference, 2.0),
        Sample("patient", 5, 60.0, 3.0),
        Tests(
            MeanTest("welch", t, around),
            EffectSize(1.2, Interval(0.2, 2.2), 1.1, Interval(0.1, 2.1), 1.0, 0.8),
            unpaired=UnpairedTests(t, t, 0.01, None),
            permutation=PermutationTest(other_p, "exact, 252"),
        ),
        Adjustment(
            ("body_mass_kg", "foot_length_mm"),
            9,
            AdjustedDifference(difference, around, adjusted_p),
        ),
        MeasurementError(mdc95 / 2, mdc95, "repeats of 5 participants"),
        p_holm,
        3,
    )


def untested(reason: str) -> Comparison:
    """Make a comparison whose second group has no values."""
    comparison = make_comparison()
    return replace(
        comparison,
        b=Sample("patient", 0),
        tests=None,
        adjustment=None,
        error=None,
        p_holm=None,
        notes=(reason,),
    )


def check_plot(plot: Picture | None, *words: str) -> Picture:
    """Check the form of a plot, and its text, which matplotlib repeats in comments."""
    assert plot is not None
    assert plot.png.startswith(b"\x89PNG")
    assert b"<dc:date>" not in plot.svg
    for word in words:
        assert f"<!-- {word} -->".encode() in plot.svg
    return plot
