"""The report: HTML pages, statistics as text, and plots."""

from pipeline.stages.report.border_plot import plot_border
from pipeline.stages.report.effect_plot import plot_effects
from pipeline.stages.report.group_plot import plot_groups
from pipeline.stages.report.overlay import ReportParams, overlay
from pipeline.stages.report.pages import ReportFacts, participant_page, report
from pipeline.stages.report.statistics_text import context_of, latex, markdown

__all__ = [
    "ReportFacts",
    "ReportParams",
    "context_of",
    "latex",
    "markdown",
    "overlay",
    "participant_page",
    "plot_border",
    "plot_effects",
    "plot_groups",
    "report",
]
