"""The figures stage: pictures of one foot."""

from pipeline.run.outputs import (
    HISTOGRAM,
    OVERLAY,
    PREPROC,
    PROBABILITY,
    PROBABILITY_MAP,
    PROFILE,
    PROFILE_PLOT,
    SURFACE,
    THUMBNAIL,
)
from pipeline.run.stages.context import StageContext
from pipeline.run.stages.inputs import read_split_of
from pipeline.stages.report.histogram_plot import plot_histogram
from pipeline.stages.report.overlay import overlay
from pipeline.stages.report.probability_map import draw_probability
from pipeline.stages.report.profile_plot import plot_profile
from pipeline.stages.report.surface import surface
from pipeline.stages.report.thumbnail import thumbnail
from pipeline.store.files import written_whole
from pipeline.store.images import (
    read_probability,
    read_scan,
)
from pipeline.store.tables import read_table


def run(context: StageContext) -> None:
    """Draw the labels on the scan, and what was measured of it."""
    scan, split = read_scan(context.read[PREPROC]), read_split_of(context)
    table = read_table(context.read[PROFILE])
    pictures = {
        OVERLAY: overlay(scan, split, context.config.report),
        THUMBNAIL: thumbnail(scan, split),
        SURFACE: surface(split),
        PROFILE_PLOT: plot_profile(table, split.landmarks.border),
        HISTOGRAM: plot_histogram(scan, split),
    }
    if PROBABILITY in context.read:
        probability = read_probability(context.read[PROBABILITY])
        pictures[PROBABILITY_MAP] = draw_probability(scan, split, probability)
    for name, picture in pictures.items():
        with written_whole(context.write[name]) as scratch:
            scratch.write_bytes(picture)
