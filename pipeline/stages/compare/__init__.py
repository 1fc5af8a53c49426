"""The comparison: one row per participant, then one comparison per outcome."""

from pipeline.stages.compare.compare_borders import (
    BORDER_COLUMNS,
    border_table,
    compare_borders,
)
from pipeline.stages.compare.groups import check_design, compare
from pipeline.stages.compare.statistics_table import STATISTICS_COLUMNS, statistics_table
from pipeline.stages.compare.volume_row import (
    FAILED,
    OK,
    VOLUME_COLUMNS,
    body_mass_missing,
    volume_row,
)

__all__ = [
    "BORDER_COLUMNS",
    "FAILED",
    "OK",
    "STATISTICS_COLUMNS",
    "VOLUME_COLUMNS",
    "body_mass_missing",
    "border_table",
    "check_design",
    "compare",
    "compare_borders",
    "statistics_table",
    "volume_row",
]
