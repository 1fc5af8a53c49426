"""The plot of all participants by group."""

import re

import numpy as np
import pandas as pd
import pytest
from comparisons import check_plot, make_comparison

from pipeline.settings.compare import CompareParams
from pipeline.stages.compare.groups import compare
from pipeline.stages.report.group_plot import groups_of, plot_groups

PER_KG = [f"{region}_mm3_per_kg" for region in ("rearfoot", "forefoot", "total")]


@pytest.mark.integration
def test_groups_are_those_of_the_settings(volumes: pd.DataFrame) -> None:
    """Any column of participants.tsv can define the groups."""
    params = CompareParams(group_column="sport", reference="swim")
    plot = plot_groups(volumes, compare(volumes, params), "sport", "swim")

    svg = check_plot(plot, "swim", "run").svg
    assert svg.index(b"<!-- swim -->") < svg.index(b"<!-- run -->")
    assert b"<!-- healthy -->" not in svg


@pytest.mark.integration
def test_the_group_plot_is_the_same_each_time(volumes: pd.DataFrame) -> None:
    """Two drawings have the same bytes."""
    once, again = (plot_groups(volumes, (), "group", "healthy") for _ in range(2))

    assert check_plot(once) == again


@pytest.mark.integration
def test_everyone_measured_has_a_mark(volumes: pd.DataFrame) -> None:
    """Six panels with a mark each, except per body mass where that is unknown."""
    volumes.loc[0, PER_KG] = np.nan
    plot = check_plot(plot_groups(volumes, (), "group", "healthy"))

    assert (plot.svg.count(b"<!-- n = 2 -->"), plot.svg.count(b"<!-- n = 3 -->")) == (3, 9)
    marks = re.findall(rb"<use [^>]*fill-opacity: 0.75[^>]*/>", plot.svg)
    assert len(marks) == 3 * 6 + 3 * 5


@pytest.mark.integration
def test_the_title_of_a_panel_is_its_result(volumes: pd.DataFrame) -> None:
    """Effect size and p of the outcome; nothing for outcomes that were not tested."""
    plot = check_plot(plot_groups(volumes, (make_comparison(p=0.0204),), "group", "healthy"))

    assert plot.svg.count(b"<!-- d = 1.20, p = 0.020 -->") == 1


def test_an_outcome_that_nobody_has_says_so(volumes: pd.DataFrame) -> None:
    """Without body masses the lower panels are empty."""
    volumes[PER_KG] = np.nan

    check_plot(plot_groups(volumes, (), "group", "healthy"), "not known")


def test_without_groups_there_is_no_group_plot(volumes: pd.DataFrame) -> None:
    """A scan without a group is not plotted."""
    alone = volumes.iloc[:1].assign(group=None)

    assert plot_groups(alone, (), "group", "healthy") is None


def test_groups_by_whole_numbers_keep_their_names() -> None:
    """Pandas reads 1 beside a missing cell as 1.0."""
    groups = groups_of(pd.DataFrame({"arm": [1.0, 2.0, np.nan]}), "arm")

    assert groups.dropna().tolist() == ["1", "2"]
    assert groups_of(pd.DataFrame({"arm": [1]}), "group").isna().all()
