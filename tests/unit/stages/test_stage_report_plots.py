"""Plots over all participants: who is in them, and the same bytes each time."""

import re

import numpy as np
import pandas as pd
import pytest

from pipeline.domain.anatomy import REGIONS
from pipeline.stages.compare import VOLUME_COLUMNS, CompareParams, compare
from pipeline.stages.measure.border_sweep import OFFSETS_MM, compare_borders
from pipeline.stages.plot_style import Picture
from pipeline.stages.report import plot_border, plot_effects, plot_groups
from pipeline.stages.report.group_plot import groups_of

PNG_START = b"\x89PNG"
PER_KG = [f"{region}_mm3_per_kg" for region in REGIONS]
REARFOOT_CM3 = [50.0, 54.0, 57.0, 41.0, 46.0, 44.0]


@pytest.fixture
def volumes() -> pd.DataFrame:
    """Make three participants per group, told apart by a column of their own, too."""
    table = pd.DataFrame({"rearfoot_cm3": REARFOOT_CM3}).reindex(columns=list(VOLUME_COLUMNS))
    table["participant_id"] = [f"sub-{k:02d}" for k in range(6)]
    table["group"], table["status"] = ["healthy"] * 3 + ["patient"] * 3, "ok"
    table["body_mass_kg"], table["foot_length_mm"] = [60.0, 72, 66, 80, 81, 75], 240.0
    table["forefoot_cm3"] = table["rearfoot_cm3"] * 0.5 + [3, 1, 2, 4, 1, 3]
    table["total_cm3"] = table["rearfoot_cm3"] + table["forefoot_cm3"]
    for region in REGIONS:
        cm3 = table[f"{region}_cm3"]
        table[f"{region}_mm3_per_kg"] = 1000 * cm3 / table["body_mass_kg"]
    return table.assign(sport=["run", "swim", "run", "swim", "run", "swim"])


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


def check(plot: Picture | None, *words: str) -> Picture:
    """Hold a plot to its form; gives it. Text in the SVG is told by matplotlib's comments."""
    assert plot is not None
    assert plot.png.startswith(PNG_START)
    assert b"<dc:date>" not in plot.svg
    for word in words:
        assert f"<!-- {word} -->".encode() in plot.svg
    return plot


def test_groups_are_those_of_the_settings(volumes: pd.DataFrame) -> None:
    """A column that only participants.tsv has tells the groups as well as `group`."""
    params = CompareParams(group_column="sport", reference="swim")
    plot = check(plot_groups(volumes, compare(volumes, params), "sport", "swim"), "swim", "run")

    assert plot.svg.index(b"<!-- swim -->") < plot.svg.index(b"<!-- run -->")
    assert b"<!-- healthy -->" not in plot.svg


def test_plots_are_the_same_each_time(volumes: pd.DataFrame) -> None:
    """No clock, no chance: two drawings are one file."""
    statistics = compare(volumes, CompareParams())
    sweep = make_sweep(volumes)
    moved = compare_borders(volumes, sweep, CompareParams())
    groups = groups_of(volumes, "group").set_axis(volumes["participant_id"])

    for once, again in (
        [plot_groups(volumes, statistics, "group", "healthy") for _ in range(2)],
        [plot_effects(statistics) for _ in range(2)],
        [plot_border(sweep, moved, groups) for _ in range(2)],
    ):
        assert check(once) == again


def test_everyone_measured_has_a_mark(volumes: pd.DataFrame) -> None:
    """Six panels with a mark each, less those whose body mass is not known."""
    volumes.loc[0, PER_KG] = np.nan
    plot = check(plot_groups(volumes, compare(volumes, CompareParams()), "group", "healthy"))

    assert (plot.svg.count(b"<!-- n = 2 -->"), plot.svg.count(b"<!-- n = 3 -->")) == (3, 9)
    marks = re.findall(rb"<use [^>]*fill-opacity: 0.75[^>]*/>", plot.svg)
    assert len(marks) == 3 * 6 + 3 * 5


def test_an_outcome_that_nobody_has_says_so(volumes: pd.DataFrame) -> None:
    """Without body masses the lower panels are empty, and the effects are absolute."""
    volumes = volumes.assign(body_mass_kg=np.nan)
    volumes[PER_KG] = np.nan
    statistics = compare(volumes, CompareParams())

    check(plot_groups(volumes, statistics, "group", "healthy"), "not known")
    words = "Cohen's d of volume, 95 % interval; right of 0 the first group has more"
    check(plot_effects(statistics), words)


def test_without_groups_there_are_no_plots(volumes: pd.DataFrame) -> None:
    """One scan of nobody's group."""
    alone = volumes.iloc[:1].assign(group=None)
    statistics = compare(alone, CompareParams())
    groups = groups_of(alone, "group").set_axis(alone["participant_id"])
    sweep = make_sweep(alone)

    assert plot_groups(alone, statistics, "group", "healthy") is None
    assert plot_effects(statistics) is None
    assert plot_border(sweep, compare_borders(alone, sweep, CompareParams()), groups) is None


def test_one_group_is_shown_and_not_tested(volumes: pd.DataFrame) -> None:
    """Its volumes move with the border; of a difference nothing is drawn."""
    healthy = volumes.iloc[:3]
    sweep = make_sweep(healthy)
    moved = compare_borders(healthy, sweep, CompareParams())
    groups = groups_of(healthy, "group").set_axis(healthy["participant_id"])

    check(plot_border(sweep, moved, groups), "not tested: needs two of each group")


def test_muscles_come_below_the_regions(volumes: pd.DataFrame) -> None:
    """Rows of statistics.tsv that are of single muscles are drawn with their names."""
    statistics = compare(volumes, CompareParams())
    muscle = statistics[statistics["outcome"] == "total_mm3_per_kg"]
    muscle = muscle.assign(outcome="ABH_total_mm3_per_kg")
    plot = plot_effects(pd.concat([muscle, statistics]))

    svg = check(plot, "total", "abductor hallucis (ABH)").svg
    assert svg.index(b"<!-- total -->") < svg.index(b"<!-- abductor hallucis (ABH) -->")


def test_groups_by_whole_numbers_keep_their_names() -> None:
    """A missing cell makes pandas read 1 as 1.0, which is no group's name."""
    groups = groups_of(pd.DataFrame({"arm": [1.0, 2.0, np.nan]}), "arm")

    assert groups.dropna().tolist() == ["1", "2"]
    assert groups_of(pd.DataFrame({"arm": [1]}), "group").isna().all()
