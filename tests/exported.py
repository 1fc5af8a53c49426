"""Small measured feet with their original DICOM series, and their objects read back."""

import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
from fake_stages import make_table
from numpy.typing import NDArray
from pydicom import Dataset

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.cautions import Caution
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap, Segmentation
from pipeline.domain.measurement_table import Measurement, MeasurementTable
from pipeline.domain.scan import Side
from pipeline.store.dicom.coded_anatomy import bones_of, muscles_of
from pipeline.store.dicom.import_series import read_images
from pipeline.store.dicom.result_identity import ResultIdentity
from pipeline.store.dicom.result_objects import FootResult
from pipeline.store.dicom.segmentation_object import make_segmentation, present_in
from pipeline.store.dicom.series_sorting import find_volumes
from pipeline.store.dicom.source_images import RAS_TO_LPS, SourceImages, read_source_images
from pipeline.store.images import to_canonical

VERSION = "1.2.3+0123456789ab"
# Background, and labels with gaps between them.
SOME_MUSCLES = (0, 1, 2, 7, 12)
SOME_BONES = (0, 1, 4, 16)
CAUTION = Caution("low-certainty", "The labels of 5 % of the voxels are in doubt (3 mm³).", "s")


def make_foot(grid: Grid, side: Side = Side.RIGHT, seed: int = 4) -> Segmentation:
    """Label every voxel at random by some muscles and bones, in RAS+ order."""
    rng = np.random.default_rng(seed)
    muscles, bones = (rng.choice(some, grid.shape) for some in (SOME_MUSCLES, SOME_BONES))
    return Segmentation(
        _ordered(muscles, grid, MUSCLE_NAMES),
        _ordered(bones, grid, BONE_NAMES),
        side,
        "network",
    )


def _ordered(labels: NDArray[Any], grid: Grid, names: Mapping[int, str]) -> LabelMap:
    voxels, affine = to_canonical(labels, grid.matrix)
    return LabelMap(voxels.astype(int), Grid.from_arrays(voxels.shape, affine), names)


def make_measurements() -> MeasurementTable:
    """Make a table with a muscle in full, an absent one, and one whose fat is unknown."""
    table = make_table(1234.5678)
    rows = tuple(
        replace(
            row,
            volume_ci95_low_mm3=0.9 * (row.volume_mm3 or 0),
            volume_ci95_high_mm3=1.2 * (row.volume_mm3 or 0),
            fat_fraction_low=0.2,
            fat_fraction_high=0.3,
        )
        for row in table.rows
    )
    absent = [Measurement("QP", r.region, 0.0, None, None, 0.0, None, 0.0) for r in rows]
    lean = [
        Measurement("FDB", r.region, 500.0, None, None, 80.0, 50.0, 60.0, is_truncated=True)
        for r in rows
    ]
    limits = {"rearfoot": (0.3, 0.5), "forefoot": (0.7, 0.9), "total": (1.1, 1.4)}
    return replace(table, rows=(*rows, *lean, *absent), cautions=(CAUTION,), ci95_cm3=limits)


def make_result(grid: Grid, side: Side = Side.RIGHT) -> FootResult:
    """Make all that is known of a foot."""
    table = replace(make_measurements(), side=side)
    return FootResult(make_foot(grid, side), table, VERSION)


def source_of(folder: Path) -> SourceImages:
    """Read the only volume of a folder as source images."""
    (volume,) = find_volumes(read_images([p for p in folder.rglob("*") if p.is_file()]))
    assert volume.grid
    return read_source_images(volume.slices, volume.grid)


def segmentation_of(result: FootResult, source: SourceImages, name: str = "muscles") -> Dataset:
    """Make one of the segmentations, without the report, which takes most of the time."""
    foot = result.segmentation
    labels, known = {
        "muscles": (foot.muscles, muscles_of(foot.side)),
        "bones": (foot.bones, bones_of(foot.side)),
    }[name]
    identity = ResultIdentity(name, result.version, foot.segmenter, "made")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # about the patient's name
        return make_segmentation(labels, present_in(labels, known), foot.side, source, identity)


def labels_in(made: Dataset, like: LabelMap) -> NDArray[Any]:
    """Read the voxels of a segmentation back, in the order of a label map."""
    segmentation = hd.seg.Segmentation.from_dataset(made)
    names = {name: label for label, name in like.names.items()}
    labels = [0, *(names[item.SegmentLabel] for item in segmentation.SegmentSequence)]
    volume = segmentation.get_volume(combine_segments=True)
    there = volume.match_geometry(geometry_of(like.grid), tol=0.1)
    voxels: NDArray[Any] = np.array(labels)[there.array]
    return voxels


def geometry_of(grid: Grid) -> hd.VolumeGeometry:
    """Give a grid as highdicom describes it."""
    return hd.VolumeGeometry(RAS_TO_LPS @ grid.matrix, grid.shape, coordinate_system="PATIENT")


def values_in(group: Dataset) -> dict[str, float]:
    """Give the numbers of a measurement group by their names."""
    return {
        item.ConceptNameCodeSequence[0].CodeMeaning: float(
            item.MeasuredValueSequence[0].NumericValue
        )
        for item in group.ContentSequence
        if item.ValueType == "NUM"
    }


def texts_in(group: Dataset, name: str) -> list[str]:
    """Give the texts of a measurement group that have a name."""
    return [
        item.TextValue
        for item in group.ContentSequence
        if item.ValueType == "TEXT" and item.ConceptNameCodeSequence[0].CodeMeaning == name
    ]


def groups_in(report: Dataset) -> Mapping[str, Dataset]:
    """Give the measurement groups of a report by their tracking identifiers."""
    (container,) = (item for item in report.ContentSequence if item.ValueType == "CONTAINER")
    return {
        texts_in(group, "Tracking Identifier")[0]: group for group in container.ContentSequence
    }
