"""The plots over all participants, as files and for the page."""

from collections.abc import Mapping

import pandas as pd

from pipeline.run.tables import Gathered, with_groups
from pipeline.stages.compare import OK
from pipeline.stages.report import plot_border, plot_effects, plot_groups
from pipeline.stages.report.drawing import Picture
from pipeline.stages.report.group_plot import groups_of
from pipeline.store.files import written_whole
from pipeline.store.tables import read_table


def write_figures(
    gathered: Gathered, volumes: pd.DataFrame, statistics: pd.DataFrame
) -> Mapping[str, bytes]:
    """Write ``OUT/figures``, from the tables there; gives the SVG of each plot by name."""
    cohort = gathered.cohort
    params = cohort.config.compare
    measured = with_groups(cohort, volumes)
    measured = measured[measured["status"] == OK]
    groups = groups_of(measured, params.group_column)
    sweep = read_table(cohort.out / "border_sweep.tsv")
    moved = read_table(cohort.out / "border_statistics.tsv", ("group_a", "group_b"))
    plots = {
        "groups": plot_groups(measured, statistics, params.group_column, params.reference),
        "effects": plot_effects(statistics),
        "border": plot_border(sweep, moved, groups.set_axis(measured["participant_id"])),
    }
    for name, plot in plots.items():
        _write(gathered, name, plot)
    return {name: plot.svg for name, plot in plots.items() if plot}


def _write(gathered: Gathered, name: str, plot: Picture | None) -> None:
    """Write both forms of a plot; an older one must not outlive its numbers."""
    for ending in ("svg", "png"):
        path = gathered.cohort.out / "figures" / f"{name}.{ending}"
        if plot is None:
            path.unlink(missing_ok=True)
            continue
        with written_whole(path) as scratch:
            scratch.write_bytes(getattr(plot, ending))
