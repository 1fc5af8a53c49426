"""Agreement of label maps: overlap within a foot, and of volumes across feet."""

from pipeline.stages.agree.agreement_plot import plot_agreement
from pipeline.stages.agree.overlap import OVERLAP_COLUMNS, Structures, overlap
from pipeline.stages.agree.reliability import RELIABILITY_COLUMNS, reliability

__all__ = [
    "OVERLAP_COLUMNS",
    "RELIABILITY_COLUMNS",
    "Structures",
    "overlap",
    "plot_agreement",
    "reliability",
]
