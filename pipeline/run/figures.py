"""The plots over all participants, as files and for the page."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from pipeline.run.cohort_results import CohortResults
from pipeline.run.comparison_input import add_participant_columns
from pipeline.stages.compare import OK
from pipeline.stages.report import plot_border, plot_effects, plot_groups
from pipeline.stages.report.group_plot import groups_of
from pipeline.store.files import written_whole
from pipeline.store.tables import read_table


def write_figures(
    gathered: CohortResults, volumes: pd.DataFrame, statistics: pd.DataFrame, tables: Path
) -> Mapping[str, bytes]:
    """Write ``OUT/figures`` from the tables in a folder; gives the SVG of each plot by name."""
    cohort = gathered.cohort
    params = cohort.config.compare
    measured = add_participant_columns(cohort, volumes)
    measured = measured[measured["status"] == OK]
    groups = groups_of(measured, params.group_column)
    sweep = read_table(tables / "border_sweep.tsv")
    moved = read_table(tables / "border_statistics.tsv", ("group_a", "group_b"))
    plots = {
        "groups": plot_groups(measured, statistics, params.group_column, params.reference),
        "effects": plot_effects(statistics),
        "border": plot_border(sweep, moved, groups.set_axis(measured["participant_id"])),
    }
    for name, plot in plots.items():
        for ending in ("svg", "png") if plot else ():
            with written_whole(cohort.out / "figures" / f"{name}.{ending}") as scratch:
                scratch.write_bytes(getattr(plot, ending))
    return {name: plot.svg for name, plot in plots.items() if plot}
