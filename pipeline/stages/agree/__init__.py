"""Agreement of label maps: overlap within a foot, and of volumes across feet."""

from pipeline.stages.agree.agreement_plot import plot_agreement
from pipeline.stages.agree.decisions import DECISION_COLUMNS, agree_on_decisions
from pipeline.stages.agree.overlap import OVERLAP_COLUMNS, Structures, overlap
from pipeline.stages.agree.reliability import RELIABILITY_COLUMNS, reliability

__all__ = [
    "DECISION_COLUMNS",
    "OVERLAP_COLUMNS",
    "RELIABILITY_COLUMNS",
    "Structures",
    "agree_on_decisions",
    "overlap",
    "plot_agreement",
    "reliability",
]
