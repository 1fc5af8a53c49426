"""The plot of the sensitivity to the border."""

import pandas as pd
import pytest
from comparisons import check_plot

from pipeline.domain.comparison import BorderComparison
from pipeline.settings.compare import CompareParams
from pipeline.stages.compare.compare_borders import compare_borders
from pipeline.stages.measure.border_sweep import OFFSETS_MM
from pipeline.stages.plot_style import Picture
from pipeline.stages.report.border_plot import plot_border
from pipeline.stages.report.group_plot import groups_of


def make_sweep(volumes: pd.DataFrame) -> pd.DataFrame:
    """Move a cubic centimetre per millimetre."""
    names = ["rearfoot_cm3", "forefoot_cm3"]
    steps = [
        volumes[["participant_id"]]
        .assign(offset_mm=mm)
        .join(volumes[names] + [mm * 1.0, mm * -1.0])
        for mm in OFFSETS_MM
    ]
    return pd.concat(steps)


def plot_of(volumes: pd.DataFrame, moved: tuple[BorderComparison, ...]) -> Picture | None:
    """Plot the sweep of these participants."""
    groups = groups_of(volumes, "group").set_axis(volumes["participant_id"])
    return plot_border(make_sweep(volumes), moved, groups)


@pytest.fixture
def moved(volumes: pd.DataFrame) -> tuple[BorderComparison, ...]:
    """Compare all participants with the border moved."""
    return compare_borders(volumes, make_sweep(volumes), CompareParams())


@pytest.mark.integration
def test_the_border_plot_is_the_same_each_time(
    volumes: pd.DataFrame, moved: tuple[BorderComparison, ...]
) -> None:
    """Two drawings have the same bytes."""
    once, again = (plot_of(volumes, moved) for _ in range(2))

    message = ("mean of healthy", "mean of patient", "healthy minus patient")
    assert check_plot(once, *message) == again


@pytest.mark.integration
def test_differences_are_per_body_mass_where_that_is_known(
    volumes: pd.DataFrame, moved: tuple[BorderComparison, ...]
) -> None:
    """Otherwise they are in cm³."""
    check_plot(plot_of(volumes, moved), "difference of means, mm³/kg")

    absolute = tuple(c for c in moved if c.comparison.outcome.is_absolute)
    check_plot(plot_of(volumes, absolute), "difference of means, cm³")


def test_without_groups_there_is_no_border_plot(volumes: pd.DataFrame) -> None:
    """A scan without a group is not plotted."""
    assert plot_of(volumes.iloc[:1].assign(group=None), ()) is None


@pytest.mark.integration
def test_one_group_is_shown_and_not_tested(volumes: pd.DataFrame) -> None:
    """Its volumes are drawn, but no difference."""
    healthy = volumes.iloc[:3]
    moved = compare_borders(healthy, make_sweep(healthy), CompareParams())

    check_plot(plot_of(healthy, moved), "not tested: needs two participants in each group")
