"""The measurements of a foot as a DICOM structured report (TID 1500, Comprehensive 3D SR)."""

from collections.abc import Sequence
from dataclasses import dataclass

from highdicom import sr
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import generate_uid

from pipeline.domain.anatomy import MUSCLES, TOTAL
from pipeline.domain.measurement_table import MeasurementTable
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


def make_report(
    muscles: ReportedMuscles, source: SourceImages, identity: ResultIdentity
) -> sr.Comprehensive3DSR:
    """Make a report with a group of measurements for the sum, and for each muscle.

    Values that are unknown are left out, with the reason as text.

    Parameters
    ----------
    source
        The images that were measured.
    identity
        Of the report.
    """
    groups = (_muscle_group(muscle, muscles, source, identity) for muscle in muscles.known)
    content = sr.MeasurementReport(
        observation_context=_observer(identity),
        procedure_reported=codes.cid100.MRIUnspecifiedBodyRegion,
        imaging_measurements=[_sum_group(muscles.table, identity), *filter(None, groups)],
    )
    made = sr.Comprehensive3DSR(
        evidence=[muscles.segmentation, *source.headers],
        content=content,
        series_instance_uid=identity.uid("series"),
        series_number=identity.series_number,
        sop_instance_uid=identity.uid("instance"),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=MANUFACTURER,
        software_versions=identity.version,
        device_serial_number=identity.version,
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


def _algorithm(identity: ResultIdentity) -> sr.AlgorithmIdentification:
    return sr.AlgorithmIdentification(
        name=identity.algorithm,
        version=identity.version,
        manufacturer=MANUFACTURER,
        family=codes.DCM.ArtificialIntelligence,
    )


def _sum_group(table: MeasurementTable, identity: ResultIdentity) -> _Group:
    """Report the sum over the chosen muscles, and what it depends on."""
    readings = list(sums_of(table))
    name = f"chosen muscles {table.side}"
    laterality = SIDES[table.side]
    group = sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(identity.uid(name), name),
        finding_category=codes.SCT.AnatomicalStructure,
        finding_type=concepts.CHOSEN_MUSCLES,
        finding_sites=[sr.FindingSite(FOOT, laterality)],
        algorithm_id=_algorithm(identity),
        measurements=_measurements(readings, FOOT, laterality),
    )
    border = table.border
    _add_text(
        group,
        (
            concepts.BORDER,
            f"{border.definition}, a plane perpendicular to the long axis, "
            f"{border.position_mm:.1f} mm from the heel",
        ),
        (concepts.MUSCLES_USED, ";".join(table.muscles)),
        *((concepts.LEFT_OUT, text) for text in left_out(readings)),
        *((concepts.CAUTION, f"{c.code}: {c.message}") for c in table.cautions),
    )
    return group


def _muscle_group(
    muscle: Structure,
    muscles: ReportedMuscles,
    source: SourceImages,
    identity: ResultIdentity,
) -> _Group | None:
    """Report a muscle, with its segment if it has voxels; None if it was not measured."""
    abbreviation = _ABBREVIATIONS[muscle.label]
    rows = [row for row in muscles.table.rows if row.muscle == abbreviation]
    if not rows:
        return None
    readings = readings_of(rows)
    laterality = SIDES[muscles.table.side]
    described = {
        "finding_category": codes.SCT.AnatomicalStructure,
        "finding_type": muscle.code,
        "finding_sites": [sr.FindingSite(muscle.code, laterality)],
        "algorithm_id": _algorithm(identity),
        "measurements": _measurements(readings, muscle.code, laterality),
    }
    group: _Group
    if muscle in muscles.present:
        number = muscles.present.index(muscle) + 1
        segment = muscles.segmentation.SegmentSequence[number - 1]
        group = sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
            tracking_identifier=sr.TrackingIdentifier(segment.TrackingUID, segment.TrackingID),
            referenced_segment=sr.ReferencedSegment(
                muscles.segmentation.SOPClassUID,
                muscles.segmentation.SOPInstanceUID,
                number,
                source_series=sr.SourceSeriesForSegmentation(
                    source.headers[0].SeriesInstanceUID
                ),
            ),
            **described,
        )
    else:
        name = muscle.tracking_id
        group = sr.MeasurementsAndQualitativeEvaluations(
            tracking_identifier=sr.TrackingIdentifier(identity.uid(name), name), **described
        )
    truncated = [row.region for row in rows if row.is_truncated]
    _add_text(
        group,
        *((concepts.TRUNCATED, f"{region}: a lower bound") for region in truncated),
        *((concepts.LEFT_OUT, text) for text in left_out(readings)),
    )
    return group


def _measurements(
    readings: Sequence[Reading], place: Code, laterality: Code
) -> list[sr.Measurement]:
    """Give the known values; those of a region are modified by it."""
    return [
        sr.Measurement(
            reading.quantity.concept,
            reading.value,
            reading.quantity.unit,
            finding_sites=None
            if reading.region == TOTAL
            else [sr.FindingSite(place, laterality, concepts.REGION_CODES[reading.region])],
        )
        for reading in readings
        if reading.value is not None
    ]


def _add_text(
    group: sr.MeasurementsAndQualitativeEvaluations, *texts: tuple[Code, str]
) -> None:
    content = group[0].ContentSequence
    for name, text in texts:
        content.append(sr.TextContentItem(name, text, sr.RelationshipTypeValues.CONTAINS))
