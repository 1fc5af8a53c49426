"""The pages that people read: one per participant, one for the study."""

from pipeline.stages.report.overlay import ReportParams, overlay
from pipeline.stages.report.pages import ReportFacts, participant_page, report
from pipeline.stages.report.printed import context_of, latex, markdown

__all__ = [
    "ReportFacts",
    "ReportParams",
    "context_of",
    "latex",
    "markdown",
    "overlay",
    "participant_page",
    "report",
]
