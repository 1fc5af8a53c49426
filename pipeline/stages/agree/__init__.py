"""Agreement: label by label in one foot, then volume by volume across feet."""

from pipeline.stages.agree.across import RELIABILITY_COLUMNS, reliability
from pipeline.stages.agree.overlap import OVERLAP_COLUMNS, Structures, overlap
from pipeline.stages.agree.plot import plot_agreement

__all__ = [
    "OVERLAP_COLUMNS",
    "RELIABILITY_COLUMNS",
    "Structures",
    "overlap",
    "plot_agreement",
    "reliability",
]
