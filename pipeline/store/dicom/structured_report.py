"""The measurements of a foot as a DICOM structured report (TID 1500, Comprehensive 3D SR)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from highdicom import sr
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import generate_uid

from pipeline.domain.anatomy import MUSCLES, REGIONS, TOTAL
from pipeline.domain.measurement_table import MeasurementTable
from pipeline.domain.scan import Side
from pipeline.store.dicom import report_concepts as concepts
from pipeline.store.dicom.coded_anatomy import FOOT, SIDES, Structure
from pipeline.store.dicom.report_readings import Reading, left_out, readings_of, sums_of
from pipeline.store.dicom.result_identity import MANUFACTURER, ResultIdentity
from pipeline.store.dicom.source_images import SourceImages

_ABBREVIATIONS = {muscle.index: muscle.abbreviation for muscle in MUSCLES}
_Group = (
    sr.MeasurementsAndQualitativeEvaluations
    | sr.VolumetricROIMeasurementsAndQualitativeEvaluations
)
_Texts = Iterable[tuple[Code, str]]


@dataclass(frozen=True, slots=True)
class ReportedMuscles:
    """The measurements to report, and the segmentation that they belong to.

    Parameters
    ----------
    known
        All muscles.
    present
        Those with voxels; the n-th is segment n of `segmentation`, from 1.
    """

    table: MeasurementTable
    known: tuple[Structure, ...]
    present: tuple[Structure, ...]
    segmentation: Dataset


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a group of measurements is about: a structure, or the part of it in a region."""

    name: str
    code: Code
    place: Code
    side: Side
    region: str = TOTAL


def make_report(
    muscles: ReportedMuscles, source: SourceImages, identity: ResultIdentity
) -> sr.Comprehensive3DSR:
    """Make a report with a group of measurements for each muscle and region, and their sums.

    The group of a whole muscle refers to its segment and has its tracking identifier. Values
    that are unknown are left out, with the reason as text.

    Parameters
    ----------
    source
        The images that were measured.
    identity
        Of the report.
    """
    groups = [
        *_sum_groups(muscles.table, identity),
        *(
            group
            for muscle in muscles.known
            for group in _muscle_groups(muscle, muscles, source, identity)
        ),
    ]
    made = sr.Comprehensive3DSR(
        evidence=[muscles.segmentation, *source.headers],
        content=sr.MeasurementReport(
            observation_context=_observer(identity),
            procedure_reported=codes.cid100.MRIUnspecifiedBodyRegion,
            imaging_measurements=groups,
        ),
        is_complete=True,
        series_description=f"{MANUFACTURER} measurements of the {muscles.table.side} foot",
        **identity.general(source.headers[0]),
    )
    identity.make_repeatable(made)
    return made


def _observer(identity: ResultIdentity) -> sr.ObservationContext:
    device = sr.DeviceObserverIdentifyingAttributes(
        uid=generate_uid(entropy_srcs=[MANUFACTURER, identity.version]),
        name=MANUFACTURER,
        manufacturer_name=MANUFACTURER,
        model_name=MANUFACTURER,
        serial_number=identity.version,
    )
    return sr.ObservationContext(
        observer_device_context=sr.ObserverContext(
            observer_type=codes.DCM.Device, observer_identifying_attributes=device
        )
    )


def _sum_groups(table: MeasurementTable, identity: ResultIdentity) -> Iterator[_Group]:
    """Report the sum over the chosen muscles, with what it depends on."""
    border = table.border
    facts = [
        (
            concepts.BORDER,
            f"{border.definition}: a plane perpendicular to the long axis, "
            f"{border.position_mm:.1f} mm from the heel",
        ),
        (concepts.MUSCLES_USED, ";".join(table.muscles)),
        *((concepts.CAUTION, f"{c.code}: {c.message}") for c in table.cautions),
    ]
    for region in reversed(REGIONS):
        name = f"chosen muscles {table.side}"
        subject = _Subject(name, concepts.CHOSEN_MUSCLES, FOOT, table.side, region)
        texts = facts if region == TOTAL else ()
        yield _group(subject, sums_of(table, region), texts, identity)


def _muscle_groups(
    muscle: Structure,
    muscles: ReportedMuscles,
    source: SourceImages,
    identity: ResultIdentity,
) -> Iterator[_Group]:
    """Report a muscle in each region that was measured, the whole first."""
    rows = {
        row.region: row
        for row in muscles.table.rows
        if row.muscle == _ABBREVIATIONS[muscle.label]
    }
    side = muscles.table.side
    for region in reversed(REGIONS):
        if region in rows:
            subject = _Subject(muscle.tracking_id, muscle.code, muscle.code, side, region)
            cut = "a lower bound, as the image cuts the muscle"
            texts = [(concepts.TRUNCATED, cut)] if rows[region].is_truncated else []
            number = muscles.present.index(muscle) + 1 if muscle in muscles.present else 0
            segment = (
                _segment(muscles.segmentation, number, source)
                if number and region == TOTAL
                else None
            )
            yield _group(subject, readings_of(rows[region]), texts, identity, segment)


def _segment(
    segmentation: Dataset, number: int, source: SourceImages
) -> tuple[sr.TrackingIdentifier, sr.ReferencedSegment]:
    described = segmentation.SegmentSequence[number - 1]
    return (
        sr.TrackingIdentifier(described.TrackingUID, described.TrackingID),
        sr.ReferencedSegment(
            segmentation.SOPClassUID,
            segmentation.SOPInstanceUID,
            number,
            source_series=sr.SourceSeriesForSegmentation(source.headers[0].SeriesInstanceUID),
        ),
    )


def _group(
    subject: _Subject,
    readings: Iterable[Reading],
    texts: _Texts,
    identity: ResultIdentity,
    segment: tuple[sr.TrackingIdentifier, sr.ReferencedSegment] | None = None,
) -> _Group:
    """Make a group of measurements, with a segment if these are of all its voxels."""
    values = list(readings)
    own_name = subject.name if subject.region == TOTAL else f"{subject.name} {subject.region}"
    shared = {
        "finding_category": codes.SCT.AnatomicalStructure,
        "finding_type": subject.code,
        "finding_sites": [
            sr.FindingSite(
                subject.place, SIDES[subject.side], concepts.REGION_CODES.get(subject.region)
            )
        ],
        "algorithm_id": sr.AlgorithmIdentification(identity.algorithm, identity.version),
        "measurements": [
            sr.Measurement(v.quantity.concept, v.value, v.quantity.unit)
            for v in values
            if v.value is not None
        ],
    }
    group: _Group
    if segment:
        tracked, referenced = segment
        group = sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
            tracking_identifier=tracked, referenced_segment=referenced, **shared
        )
    else:
        tracked = sr.TrackingIdentifier(identity.uid(own_name), own_name)
        group = sr.MeasurementsAndQualitativeEvaluations(tracking_identifier=tracked, **shared)
    for name, text in (*texts, *((concepts.LEFT_OUT, words) for words in left_out(values))):
        group[0].ContentSequence.append(
            sr.TextContentItem(name, text, sr.RelationshipTypeValues.CONTAINS)
        )
    return group
