"""The comparison: one row per participant, then one row per outcome."""

from pipeline.stages.compare.columns import STATISTICS_COLUMNS
from pipeline.stages.compare.compare_params import CompareParams
from pipeline.stages.compare.groups import check_design, compare
from pipeline.stages.compare.outcomes import MUSCLE_OUTCOMES
from pipeline.stages.compare.volume_row import FAILED, OK, VOLUME_COLUMNS, volume_row

__all__ = [
    "FAILED",
    "MUSCLE_OUTCOMES",
    "OK",
    "STATISTICS_COLUMNS",
    "VOLUME_COLUMNS",
    "CompareParams",
    "check_design",
    "compare",
    "volume_row",
]
