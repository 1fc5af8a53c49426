"""The pages that people read: one per participant, one for the study."""

from pipeline.stages.report.overlay import ReportParams, overlay
from pipeline.stages.report.pages import ReportFacts, participant_page, report

__all__ = ["ReportFacts", "ReportParams", "overlay", "participant_page", "report"]
