"""The measure stage: tables of one foot."""

from dataclasses import asdict

from pipeline.domain.fat_map import FatMap
from pipeline.domain.labels import LabelMap
from pipeline.domain.scan import Scan
from pipeline.errors import GridMismatchError
from pipeline.run.outputs import (
    BORDER,
    FAT,
    PREPROC,
    PROFILE,
    VOLUMES,
    WATER,
)
from pipeline.run.stages.context import StageContext
from pipeline.run.stages.inputs import read_split_of
from pipeline.stages.measure import measure
from pipeline.stages.measure.border_sweep import SWEEP_COLUMNS, sweep_border
from pipeline.stages.measure.fat import DixonPair, find_fat
from pipeline.stages.measure.prediction_intervals import with_intervals
from pipeline.stages.measure.profile import PROFILE_COLUMNS, SECTION_MM, profile
from pipeline.store.images import (
    read_scan,
)
from pipeline.store.tables import write_measurements, write_table


def run(context: StageContext) -> None:
    """Measure every muscle in every region."""
    scan = read_scan(context.read[PREPROC])
    split = read_split_of(context)
    fat = _read_fat(context, split.muscles, scan)
    table = with_intervals(measure(split, scan, context.config.measure, fat), scan)
    fields = context.sidecar_fields("measure")
    write_measurements(
        table,
        context.write[VOLUMES],
        {"Settings": fields["settings"], "Sources": list(fields["sources"])},
    )
    sweep = sweep_border(split, context.config.measure.muscles)
    write_table(sweep, context.write[BORDER], SWEEP_COLUMNS)
    facts = {"SectionThickness_mm": SECTION_MM, "Border": asdict(split.landmarks.border)}
    write_table(profile(split, fat), context.write[PROFILE], PROFILE_COLUMNS, facts)


def _read_fat(context: StageContext, muscles: LabelMap, scan: Scan) -> FatMap | None:
    """Compute the fat map, of a Dixon pair from the raw images.

    Preprocessing scales the images of a pair separately.
    """
    if FAT not in context.read:
        return find_fat(muscles, scan)
    water, fat = read_scan(context.read[WATER], context.contrast), read_scan(context.read[FAT])
    if not water.grid.matches(fat.grid):
        msg = (
            "Water and fat images must lie on one grid: got shapes "
            f"{water.grid.shape} and {fat.grid.shape}, corners up to "
            f"{water.grid.max_offset_mm(fat.grid):.2f} mm apart. Take both from one "
            "acquisition, or move the fat image away."
        )
        raise GridMismatchError(msg)
    return find_fat(muscles, scan, DixonPair(water, fat))
