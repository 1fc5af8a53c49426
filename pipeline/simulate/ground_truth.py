"""Ground truth of a digital foot, and of a sample of them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipeline.domain.anatomy import PLANTAR_MUSCLES, REGION_NAMES
from pipeline.domain.fat_map import FatMap
from pipeline.domain.measurement_table import MeasurementTable
from pipeline.domain.participant import Participant
from pipeline.domain.region_split import RegionSplit
from pipeline.domain.scan import Scan
from pipeline.phantom.anatomy.digital_foot import make_foot
from pipeline.phantom.anatomy.foot import Foot
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.phantom.cohort.draw_cohort import RegionVolumes
from pipeline.settings.compare import CompareParams
from pipeline.settings.measure import MeasureParams
from pipeline.settings.regions import RegionsParams
from pipeline.stages.compare.groups import compare
from pipeline.stages.compare.statistics_table import statistics_table
from pipeline.stages.compare.volume_row import OK, volume_row
from pipeline.stages.measure import measure
from pipeline.stages.regions import regions

COARSE_SPACING_MM = 2.0


def coarse_region_volumes(shape: FootShape) -> RegionVolumes:
    """Measure the region volumes of a foot of this shape approximately, in 2 mm voxels."""
    _, table = measure_ground_truth(make_foot(shape, COARSE_SPACING_MM))
    return region_volumes(table)


def measure_ground_truth(foot: Foot) -> tuple[RegionSplit, MeasurementTable]:
    """Measure a foot's exact labels and fat with the stages of the pipeline."""
    split = regions(foot.truth, RegionsParams())
    image = Scan(foot.tissues.astype(np.float32), foot.grid)
    lean = np.zeros(foot.grid.shape, dtype=np.float32)
    fat = FatMap.known(lean if foot.fat_fraction is None else foot.fat_fraction, foot.grid)
    return split, measure(split, image, MeasureParams(), fat)


def region_volumes(table: MeasurementTable) -> RegionVolumes:
    """Give the rearfoot and forefoot volume of each plantar muscle, shape (2, 10), cm3."""
    volumes = {(row.region, row.muscle): row.volume_mm3 or 0.0 for row in table.rows}
    return np.array(
        [
            [volumes[region, m] / 1e3 for m in PLANTAR_MUSCLES]
            for region in REGION_NAMES.values()
        ]
    )


def ground_truth_statistics(
    people: Sequence[Participant], tables: Sequence[MeasurementTable], reference: str
) -> pd.DataFrame:
    """Compare the ground-truth volumes of the groups, as ``footvol compare`` does."""
    rows = [
        volume_row(
            person,
            table,
            status=OK,
            reason=None,
            footvol_version="",
            run_id="",
            scan_sha256=None,
        )
        for person, table in zip(people, tables, strict=True)
    ]
    return statistics_table(compare(pd.DataFrame(rows), CompareParams(reference=reference)))
