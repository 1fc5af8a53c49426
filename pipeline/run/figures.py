"""The plots over all participants, as files and for the page."""

from collections.abc import Mapping, Sequence

import pandas as pd

from pipeline.domain.comparison import BorderComparison, Comparison
from pipeline.domain.dependent_scans import why_not_compared
from pipeline.run.cohort_results import CohortResults
from pipeline.run.comparison_input import add_participant_columns
from pipeline.run.muscle_tables import compared, sweep_of
from pipeline.stages.compare.volume_row import OK
from pipeline.stages.report.border_plot import plot_border
from pipeline.stages.report.effect_plot import plot_effects
from pipeline.stages.report.group_plot import groups_of, plot_groups
from pipeline.store.files import written_whole


def write_figures(
    results: CohortResults,
    volumes: pd.DataFrame,
    statistics: Sequence[Comparison],
    border_statistics: Sequence[BorderComparison],
) -> Mapping[str, bytes]:
    """Write ``OUT/figures``; returns the SVG of each plot by name.

    There are none if several scans of one participant were measured, as their means and
    intervals would be those of dependent values.
    """
    if why_not_compared(volumes.to_dict("records")):
        return {}
    cohort = results.cohort
    params = cohort.config.compare
    measured = add_participant_columns(cohort, volumes)
    measured = measured[measured["status"] == OK]
    groups = groups_of(measured, params.group_column).set_axis(measured["participant_id"])
    sweep = sweep_of(compared(results.entries))
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
