"""The report: HTML pages, statistics as text, and plots."""

from pipeline.stages.report.border_plot import plot_border
from pipeline.stages.report.effect_plot import plot_effects
from pipeline.stages.report.foot_page import participant_page
from pipeline.stages.report.group_plot import plot_groups
from pipeline.stages.report.histogram_plot import plot_histogram
from pipeline.stages.report.methods_text import ReportFacts
from pipeline.stages.report.overlay import ReportParams, overlay
from pipeline.stages.report.probability_map import draw_probability
from pipeline.stages.report.profile_plot import plot_profile
from pipeline.stages.report.statistics_text import context_of, latex, markdown
from pipeline.stages.report.study_page import Study, report
from pipeline.stages.report.surface import surface
from pipeline.stages.report.thumbnail import thumbnail

__all__ = [
    "ReportFacts",
    "ReportParams",
    "Study",
    "context_of",
    "draw_probability",
    "latex",
    "markdown",
    "overlay",
    "participant_page",
    "plot_border",
    "plot_effects",
    "plot_groups",
    "plot_histogram",
    "plot_profile",
    "report",
    "surface",
    "thumbnail",
]
