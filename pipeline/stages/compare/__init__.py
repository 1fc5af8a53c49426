"""The comparison: one row per participant, then one row per outcome."""

from pipeline.stages.compare.groups import (
    OUTCOMES,
    STATISTICS_COLUMNS,
    CompareParams,
    compare,
)
from pipeline.stages.compare.volumes import FAILED, OK, VOLUME_COLUMNS, volume_row

__all__ = [
    "FAILED",
    "OK",
    "OUTCOMES",
    "STATISTICS_COLUMNS",
    "VOLUME_COLUMNS",
    "CompareParams",
    "compare",
    "volume_row",
]
