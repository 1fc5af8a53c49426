"""The plots over all participants, as files and for the page."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from pipeline.domain.comparison import BorderComparison, Comparison
from pipeline.run.cohort_results import CohortResults
from pipeline.run.comparison_input import add_participant_columns
from pipeline.stages.compare.volume_row import OK
from pipeline.stages.report.border_plot import plot_border
from pipeline.stages.report.effect_plot import plot_effects
from pipeline.stages.report.group_plot import groups_of, plot_groups
from pipeline.store.files import written_whole
from pipeline.store.tables import read_table


def write_figures(
    results: CohortResults,
    volumes: pd.DataFrame,
    statistics: Sequence[Comparison],
    border_statistics: Sequence[BorderComparison],
    tables: Path,
) -> Mapping[str, bytes]:
    """Write ``OUT/figures``; returns the SVG of each plot by name.

    Parameters
    ----------
    tables
        Folder with ``border_sweep.tsv``.
    """
    cohort = results.cohort
    params = cohort.config.compare
    measured = add_participant_columns(cohort, volumes)
    measured = measured[measured["status"] == OK]
    groups = groups_of(measured, params.group_column).set_axis(measured["participant_id"])
    sweep = read_table(tables / "border_sweep.tsv")
    columns = params.group_column, params.reference
    plots = {
        "main": plot_groups(measured, statistics, *columns, (params.main_quantity,)),
        "groups": plot_groups(measured, statistics, *columns),
        "effects": plot_effects(statistics),
        "border": plot_border(sweep, border_statistics, groups),
    }
    for name, plot in plots.items():
        for ending in ("svg", "png") if plot else ():
            with written_whole(cohort.out / "figures" / f"{name}.{ending}") as scratch:
                scratch.write_bytes(getattr(plot, ending))
    return {name: plot.svg for name, plot in plots.items() if plot}
