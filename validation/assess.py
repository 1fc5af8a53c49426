"""Measure one scan of a foot whose volumes are known, and compare."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from pipeline.domain.anatomy import MUSCLES, PLANTAR_LABELS, REGIONS
from pipeline.domain.grid import Grid
from pipeline.domain.labels import Segmentation
from pipeline.domain.landmarks import FootFrame
from pipeline.domain.measurement_table import MeasurementTable
from pipeline.domain.region_split import RegionSplit, fraction_behind
from pipeline.domain.scan import Scan, Side
from pipeline.errors import ScanError, SegmentationError
from pipeline.phantom.anatomy.foot import Foot
from pipeline.segmenters.network.network_segmenter import NetworkSegmenter
from pipeline.segmenters.network.weights import Weights
from pipeline.settings.measure import MeasureParams
from pipeline.settings.preprocess import PreprocessParams
from pipeline.settings.regions import RegionsParams
from pipeline.simulate.ground_truth import measure_ground_truth
from pipeline.stages.measure import measure
from pipeline.stages.measure.fat import find_fat
from pipeline.stages.measure.prediction_intervals import with_intervals
from pipeline.stages.preprocess import preprocess
from pipeline.stages.regions import regions
from validation.label_overlap import dice, on_grid

Row = dict[str, object]
Volumes = Mapping[tuple[str, str], float]
PLANTAR = "plantar"
_FARTHEST_MM = 400.0  # from the heel; no border lies beyond


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What a foot really is.

    Parameters
    ----------
    muscles
        True label at the centre of each voxel of the scan, or the most frequent in it.
    volumes_cm3
        By muscle, or `PLANTAR`, and region. Single muscles may have a total only.
    """

    muscles: NDArray[np.integer[Any]]
    volumes_cm3: Volumes
    side: Side

    @classmethod
    def of_digital_foot(cls, foot: Foot, grid: Grid) -> "Truth":
        """Measure the exact labels of a digital foot."""
        _, table = measure_ground_truth(foot)
        return cls(on_grid(foot.truth.muscles, grid), volumes_cm3(table), foot.side)

    def border_mm(self, grid: Grid, frame: FootFrame) -> float:
        """Give the position, in a frame, that divides the plantar muscles as the truth does."""
        is_plantar = np.isin(self.muscles, PLANTAR_LABELS)
        due = self.volumes_cm3[PLANTAR, "rearfoot"] / self.volumes_cm3[PLANTAR, "total"]

        def excess(position_mm: float) -> float:
            return float(fraction_behind(grid, frame, position_mm)[is_plantar].mean()) - due

        return float(optimize.brentq(excess, 0.0, _FARTHEST_MM, xtol=0.01))


def measured(
    raw: Scan, weights: Weights | None = None
) -> tuple[Segmentation, RegionSplit, MeasurementTable]:
    """Take a scan from the scanner to its volumes, with the default settings.

    Parameters
    ----------
    weights
        Of the networks; by default the packaged ones.
    """
    scan = preprocess(raw, PreprocessParams())
    found = NetworkSegmenter(weights).segment(scan)
    split = regions(found, RegionsParams())
    table = measure(split, scan, MeasureParams(), find_fat(found.muscles, scan))
    return found, split, with_intervals(table, scan)


def assess(raw: Scan, truth: Truth, weights: Weights | None = None) -> Row:
    """Measure a scan, and give its errors, or why it was refused.

    Returns
    -------
    dict
        Dice of each muscle; measured and true volumes; errors of the regions in percent, and
        of the border in mm (positive toward the toes); whether the 95 % prediction intervals
        contain the truth, and half their widths in percent; cautions.
    """
    row: Row = {"plantar_total_true_cm3": truth.volumes_cm3[PLANTAR, "total"]}
    try:
        found, split, table = measured(raw, weights)
    except (ScanError, SegmentationError) as error:
        return row | {"refused": str(error)}
    labels = found.muscles.voxels
    row["dice"] = dice(*(np.isin(v, PLANTAR_LABELS) for v in (labels, truth.muscles)))
    landmarks = split.landmarks
    due_mm = truth.border_mm(found.muscles.grid, landmarks.frame)
    row["border_mm"] = landmarks.border.position_mm - due_mm
    row["is_side_right"] = found.side is truth.side
    row["cautions"] = ";".join(c.code for c in table.cautions)
    for muscle in MUSCLES:
        masks = (labels == muscle.index, truth.muscles == muscle.index)
        row[f"{muscle.abbreviation}_dice"] = dice(*masks)
    return row | _of_volumes(table, truth)


def _of_volumes(table: MeasurementTable, truth: Truth) -> Row:
    row: Row = {}
    got = volumes_cm3(table)
    for (name, region), due in truth.volumes_cm3.items():
        row[f"{name}_{region}_true_cm3"] = due
        row[f"{name}_{region}_cm3"] = got.get((name, region))
    for region in REGIONS:
        due, cm3 = truth.volumes_cm3[PLANTAR, region], got[PLANTAR, region]
        row[f"{region}_error"] = 100 * (cm3 / due - 1)
        if limits := table.ci95_cm3.get(region):
            row[f"{region}_covered"] = limits[0] <= due <= limits[1]
            row[f"{region}_half_width"] = 50 * (limits[1] - limits[0]) / cm3
    return row


def volumes_cm3(table: MeasurementTable) -> dict[tuple[str, str], float]:
    """Give the volume of every muscle in every region and in total, and their sums."""
    sums = {(PLANTAR, region): table.volume_cm3(region) or 0.0 for region in REGIONS}
    return sums | {(r.muscle, r.region): (r.volume_mm3 or 0.0) / 1e3 for r in table.rows}
