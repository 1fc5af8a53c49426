"""The table that compares digital feet with published measurements."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.domain.anatomy import MUSCLES
from pipeline.phantom.anatomy.foot_kind import FootKind
from validation.population import (
    COUNT_FOR_SPREADS,
    LARGEST_SECTION_CM2,
    VOLUMES_CM3,
    assess,
    checks,
    correlations,
    population,
)
from validation.population_kinds import (
    REACHED,
    STATIONS,
    VISIBLE_MAN_SHARE,
    Check,
    assess_kind,
    kind_checks,
    kind_lines,
)


@pytest.fixture
def feet() -> pd.DataFrame:
    """Draw feet with the published figures: CV 25 %, muscles hardly correlated."""
    rng = np.random.default_rng(2)
    spread = rng.normal(0, 1, (400, 12))
    spread = 1 + 0.25 * (spread - spread.mean(axis=0)) / spread.std(axis=0)
    columns = {name: v * s for (name, v), s in zip(VOLUMES_CM3.items(), spread.T, strict=True)}
    sections = {
        f"{n} section": np.full(400, mean) for n, (mean, _) in LARGEST_SECTION_CM2.items()
    }
    whole = {"plantar": 113.3 * spread[:, 0], "muscle share": np.full(400, 31.0)}
    return pd.DataFrame(
        columns | sections | whole | {"foot length": rng.uniform(215, 295, 400)}
    )


def unmet(feet: pd.DataFrame) -> list[str]:
    """List the figures out of bounds."""
    return [check.what for check in checks(feet) if not check.is_met]


def test_feet_with_the_published_figures_pass(feet: pd.DataFrame) -> None:
    """All figures are checked: every muscle, cross-section and spread."""
    names = [check.what for check in checks(feet)]

    assert unmet(feet) == []
    assert {f"{m.abbreviation} volume, cm3" for m in MUSCLES} < set(names)
    assert {f"{m.abbreviation} CV, %" for m in MUSCLES} < set(names)
    assert len(names) == len(set(names)) == 1 + 12 + 5 + 3 + 13


@pytest.mark.parametrize(
    ("column", "factor", "names"),
    [
        ("QP", 1.21, ["QP volume, cm3"]),
        ("QP", 0.79, ["QP volume, cm3"]),
        ("ADM section", 1.30, ["ADM section, cm2"]),
        ("plantar", 1.10, ["plantar total, cm3"]),
        ("muscle share", 0.73, ["muscle at the metatarsals, %"]),
        ("foot length", 0.97, ["shortest foot, mm"]),
        ("foot length", 1.03, ["longest foot, mm"]),
    ],
)
def test_a_figure_out_of_bounds_is_listed(
    feet: pd.DataFrame, column: str, factor: float, names: list[str]
) -> None:
    """One column at a time."""
    assert unmet(feet.assign(**{column: feet[column] * factor})) == names


def test_a_spread_that_is_too_small_is_listed(feet: pd.DataFrame) -> None:
    """The CV has a lower bound, too."""
    alike = feet["INT"].mean() + 0.5 * (feet["INT"] - feet["INT"].mean())

    assert unmet(feet.assign(INT=alike)) == ["INT CV, %"]


def test_spreads_of_few_feet_are_not_checked(feet: pd.DataFrame) -> None:
    """Their CV is too uncertain."""
    names = [check.what for check in checks(feet.head(COUNT_FOR_SPREADS - 1))]

    assert not any("CV" in name for name in names)


def test_bounds_are_inclusive() -> None:
    """Both bounds are allowed; NaN is not."""
    check = Check("length", 2.0, 2.0, 3.0, "here")

    assert check.is_met
    assert replace(check, found=3.0).is_met
    assert not replace(check, found=3.01).is_met
    assert not replace(check, found=float("nan")).is_met


def test_every_pair_of_muscles_is_correlated_once(feet: pd.DataFrame) -> None:
    """Of twelve muscles there are 66 pairs."""
    pairs = correlations(feet)

    assert pairs.shape == (66,)
    assert np.abs(pairs).max() < 0.25


@pytest.mark.integration
def test_one_foot_gives_every_column_that_is_checked(feet: pd.DataFrame) -> None:
    """The figures are plausible in 3 mm voxels, and reproducible."""
    row = assess(3, seed=1, spacing_mm=3.0)

    assert set(feet) <= set(row)
    assert row == assess(3, seed=1, spacing_mm=3.0)
    assert row["bone length"] < row["foot length"] < row["bone length"] + 25
    assert 10 < row["muscle share"] < 50
    assert sum(row[m.abbreviation] for m in MUSCLES if m.is_plantar) == pytest.approx(
        row["plantar"], rel=1e-6
    )


@pytest.mark.slow
def test_the_population_is_that_of_the_sources() -> None:
    """Every figure of the table, on 60 feet in voxels of 1.5 mm."""
    assert unmet(population(60, seed=9002, spacing_mm=1.5, jobs=2)) == []


def two_feet(short_of: str = "") -> pd.DataFrame:
    """Give one foot at the lower and one at the upper bounds, except in one column."""
    spans = {name: (low, high) for name, (_, low, high, _) in REACHED.items()}
    spans |= {
        f"share at {s}": (0.0, v) for s, v in zip(STATIONS, VISIBLE_MAN_SHARE, strict=True)
    }
    feet = pd.DataFrame(spans).assign(kind=["sparse", "filled"])
    return feet.assign(asked=feet["plantar"], **{"largest share": 50.0}).assign(
        **{short_of: feet[short_of] * 0.99} if short_of else {}
    )


def test_kinds_that_cover_both_bounds_pass() -> None:
    """Every figure measured on single feet is checked."""
    found = list(kind_checks(two_feet()))

    assert all(check.is_met for check in found)
    assert len(found) == 2 * len(REACHED) + len(STATIONS)


@pytest.mark.parametrize("name", ["plantar", "INT", "bones off", "share at 0.625"])
def test_a_figure_that_no_foot_reaches_is_listed(name: str) -> None:
    """One column at a time stays below its upper bound."""
    missed = [check.what for check in kind_checks(two_feet(name)) if not check.is_met]

    assert len(missed) == 1
    assert missed[0].startswith("greatest")
    assert any("OUTSIDE" in line for line in kind_lines(two_feet(name)))


@pytest.mark.integration
def test_a_foot_of_a_kind_gives_every_column_that_is_checked() -> None:
    """In 3 mm voxels."""
    row = assess_kind(0, kind=FootKind.TAPERED, seed=1, spacing_mm=3.0)

    assert set(two_feet()) - {"kind"} == set(row)
    assert 0.8 * row["asked"] < row["plantar"] < 1.1 * row["asked"]
    assert 0 < row["bones off"] < 3
