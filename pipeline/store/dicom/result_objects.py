"""The DICOM objects of one measured foot: segmentations and a structured report."""

import hashlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

from pydicom import Dataset

from pipeline.domain.labels import Segmentation
from pipeline.domain.measurement_table import MeasurementTable
from pipeline.errors import ScanError, SegmentationError
from pipeline.store.dicom.coded_anatomy import bones_of, muscles_of
from pipeline.store.dicom.result_identity import ResultIdentity
from pipeline.store.dicom.segmentation_object import make_segmentation, present_in
from pipeline.store.dicom.source_images import SourceImages
from pipeline.store.dicom.structured_report import ReportedMuscles, make_report

MUSCLES, BONES, REPORT = "seg-muscles", "seg-bones", "sr"


@dataclass(frozen=True, slots=True)
class FootResult:
    """What is known of a measured foot.

    Parameters
    ----------
    version
        Of the footvol that measured it.
    """

    segmentation: Segmentation
    table: MeasurementTable
    version: str


def make_result_objects(
    result: FootResult, source: SourceImages, *, with_bones: bool = False
) -> Mapping[str, Dataset]:
    """Make the DICOM objects of a foot; nothing is written.

    The same images, labels, measurements and version give the same objects, to the byte.

    Parameters
    ----------
    source
        The images that were measured, to which the objects refer.
    with_bones
        Whether to make a segmentation of the bones, too.

    Returns
    -------
    Mapping
        The objects `MUSCLES`, `BONES` if wanted and there are any, and `REPORT`, in this order.

    Raises
    ------
    ScanError
        If no object can refer to the images.
    SegmentationError
        If no muscle has voxels.
    """
    try:
        with warnings.catch_warnings():
            # Warnings and errors of highdicom quote values, which may name a person.
            warnings.simplefilter("ignore")
            return _make(result, source, with_bones=with_bones)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        msg = (
            "The original images must have a valid DICOM header: got one that no object can "
            f"refer to ({type(error).__name__}). Export the series again."
        )
        raise ScanError(msg) from None


def _make(
    result: FootResult, source: SourceImages, *, with_bones: bool
) -> Mapping[str, Dataset]:
    labels, side = result.segmentation, result.segmentation.side
    identity = _identity(result, source)
    known = muscles_of(side)
    muscles = present_in(labels.muscles, known)
    if not muscles:
        msg = "A label map must have a muscle: got none. Look at the labels of this foot."
        raise SegmentationError(msg)
    shown = make_segmentation(labels.muscles, muscles, side, source, identity)
    made: dict[str, Dataset] = {MUSCLES: shown}
    bones = present_in(labels.bones, bones_of(side)) if with_bones else ()
    if bones:
        own = identity.of("bones", labels.bones.voxels.tobytes())
        made[BONES] = make_segmentation(labels.bones, bones, side, source, own)
    report = identity.of("report", repr(result.table).encode())
    reported = ReportedMuscles(result.table, known, muscles, shown)
    made[REPORT] = make_report(reported, source, report)
    return made


def _identity(result: FootResult, source: SourceImages) -> ResultIdentity:
    digest = hashlib.sha256(result.segmentation.muscles.voxels.tobytes())
    for header in source.headers:
        digest.update(str(header.SOPInstanceUID).encode())
    segmenter = result.segmentation.segmenter
    return ResultIdentity("muscles", result.version, segmenter, digest.hexdigest())
