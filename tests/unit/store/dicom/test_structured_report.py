"""The report has every number of the table, and says why others are left out."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from exported import (
    CAUTION,
    VERSION,
    groups_in,
    make_measurements,
    make_result,
    source_of,
    texts_in,
    values_in,
)
from highdicom.sr import srread
from makers import make_taken_scan
from pydicom import Dataset
from pydicom.sr.codedict import codes

from pipeline.domain.measurement_table import MeasurementTable
from pipeline.domain.scan import Side
from pipeline.simulate.dicom_export import write_dicom_series
from pipeline.store.dicom.result_objects import MUSCLES, REPORT, make_result_objects
from pipeline.store.dicom.source_images import SourceImages

VOLUME = "Volume"
CONTRACTILE = "Contractile volume"
FAT = "Fat fraction"
LARGEST = "Largest anatomical cross-sectional area"
LOW, HIGH = (
    f"{end} limit of the 95 % prediction interval of the volume" for end in ("Lower", "Upper")
)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> SourceImages:
    """Write the series of a right foot."""
    folder = tmp_path_factory.mktemp("series")
    write_dicom_series(make_taken_scan(), folder, label="01", side=Side.RIGHT)
    return source_of(folder)


@pytest.fixture(scope="module")
def made(source: SourceImages) -> Mapping[str, Dataset]:
    """Make the objects of the foot, once, as they are only read."""
    return make_result_objects(make_result(make_taken_scan().grid), source)


@pytest.fixture(scope="module")
def groups(made: Mapping[str, Dataset]) -> Mapping[str, Dataset]:
    """Give the measurement groups of its report."""
    return groups_in(made[REPORT])


@pytest.fixture
def table() -> MeasurementTable:
    """Give the table that it was made from."""
    return make_measurements()


def test_a_muscle_has_its_numbers_in_every_region(
    groups: Mapping[str, Dataset], table: MeasurementTable
) -> None:
    """In cm3, cm2 and fractions, with seven digits."""
    for row in (r for r in table.rows if r.muscle == "ABH"):
        name = "ABH right" if row.region == "total" else f"ABH right {row.region}"
        values = values_in(groups[name])

        assert row.volume_mm3
        assert values[VOLUME] == pytest.approx(row.volume_mm3 / 1000, rel=1e-6)
        assert values[CONTRACTILE] == pytest.approx(0.75 * row.volume_mm3 / 1000, rel=1e-6)
        assert values[FAT] == 0.25
        assert values[LARGEST] == 1.2
        assert values[LOW] == pytest.approx(0.9 * row.volume_mm3 / 1000, rel=1e-6)
        assert values[HIGH] == pytest.approx(1.2 * row.volume_mm3 / 1000, rel=1e-6)
        assert not texts_in(groups[name], "Measurement left out")


def test_units_are_those_of_ucum(groups: Mapping[str, Dataset]) -> None:
    """Each number with its own."""
    units = {
        item.ConceptNameCodeSequence[0].CodeMeaning: (
            item.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0]
        )
        for item in groups["ABH right"].ContentSequence
        if item.ValueType == "NUM"
    }

    assert {unit.CodingSchemeDesignator for unit in units.values()} == {"UCUM"}
    assert units[VOLUME].CodeValue == units[CONTRACTILE].CodeValue == "cm3"
    assert units[LARGEST].CodeValue == "cm2"
    assert units[FAT].CodeValue == "1"


def test_unknown_values_are_left_out_with_the_reason(groups: Mapping[str, Dataset]) -> None:
    """They are not 0."""
    group = groups["FDB right forefoot"]

    assert values_in(group) == {VOLUME: 0.5, LARGEST: 0.8}
    left_out = texts_in(group, "Measurement left out")
    assert len(left_out) == 6
    assert "Fat fraction: the image or the size of the muscle does not allow" in left_out[3]
    assert "interval of the volume: the errors of the segmenter" in left_out[0]


def test_an_absent_muscle_has_volume_zero_and_no_segment(
    groups: Mapping[str, Dataset],
) -> None:
    """It was looked for."""
    group = groups["QP right"]

    assert values_in(group)[VOLUME] == 0
    assert not [item for item in group.ContentSequence if item.ValueType == "IMAGE"]


def test_a_muscle_cut_by_the_image_says_so(groups: Mapping[str, Dataset]) -> None:
    """Its volume is a lower bound."""
    texts = texts_in(groups["FDB right"], "Muscle cut by the edge of the image")

    assert texts == ["a lower bound, as the image cuts the muscle"]


def test_the_whole_muscle_refers_to_its_segment(
    made: Mapping[str, Dataset], groups: Mapping[str, Dataset]
) -> None:
    """By number, and with the tracking identifier of the segment."""
    shown = made[MUSCLES]
    for segment in list(shown.SegmentSequence)[:2]:
        items = {
            item.ConceptNameCodeSequence[0].CodeMeaning: item
            for item in groups[segment.TrackingID].ContentSequence
        }
        image = items["Referenced Segment"].ReferencedSOPSequence[0]

        assert image.ReferencedSOPInstanceUID == shown.SOPInstanceUID
        assert image.ReferencedSegmentNumber == segment.SegmentNumber
        assert segment.TrackingUID == items["Tracking Unique Identifier"].UID


def test_the_sum_says_what_it_depends_on(
    groups: Mapping[str, Dataset], table: MeasurementTable
) -> None:
    """Border, muscles, cautions; its interval is that of the sum."""
    group = groups["chosen muscles right"]
    values = values_in(group)

    assert texts_in(group, "Border between rearfoot and forefoot") == [
        "tmt1: a plane perpendicular to the long axis, 118.5 mm from the heel"
    ]
    assert texts_in(group, "Muscles in the sum") == ["ABH"]
    assert texts_in(group, "Caution") == [f"low-certainty: {CAUTION.message}"]
    assert values[VOLUME] == pytest.approx(table.volume_cm3("total"), rel=1e-6)
    assert (values[LOW], values[HIGH]) == (1.1, 1.4)
    assert values["Length of the foot along its long axis"] == 241.5
    assert values["Change of the rearfoot volume by border position"] == 0.41
    assert values_in(groups["chosen muscles right rearfoot"])[HIGH] == 0.5


def test_regions_are_modifiers_of_the_place(groups: Mapping[str, Dataset]) -> None:
    """Beside the side."""
    (site,) = (
        item
        for item in groups["ABH right forefoot"].ContentSequence
        if item.ConceptNameCodeSequence[0].CodeMeaning == "Finding Site"
    )

    modifiers = [item.ConceptCodeSequence[0].CodeMeaning for item in site.ContentSequence]
    assert modifiers == ["Right", "Forefoot, on the toe side of the border"]


def test_every_group_names_algorithm_and_version(groups: Mapping[str, Dataset]) -> None:
    """That of the run which measured."""
    for group in groups.values():
        assert texts_in(group, "Algorithm Name") == ["footvol network"]
        assert texts_in(group, "Algorithm Version") == [VERSION]


def test_another_reader_finds_muscles_by_their_tracking_uid(
    made: Mapping[str, Dataset], tmp_path: Path
) -> None:
    """As a TID 1500 report."""
    made[REPORT].save_as(tmp_path / "sr.dcm")
    content: Any = srread(tmp_path / "sr.dcm").content

    segment = made[MUSCLES].SegmentSequence[0]
    (group,) = content.get_volumetric_roi_measurement_groups(tracking_uid=segment.TrackingUID)
    volume = group.get_measurements(codes.SCT.Volume)
    assert [measurement.value for measurement in volume] == [1.234568]
    assert made[REPORT].VerificationFlag == "UNVERIFIED"
    assert made[REPORT].CompletionFlag == "COMPLETE"


def test_an_unmeasured_sum_is_left_out(source: SourceImages) -> None:
    """Where one of the chosen muscles is unknown, or limits are."""
    result = make_result(make_taken_scan().grid)
    unsure = replace(result.table, muscles=("ABH", "EHB"), ci95_cm3={}, foot_length_mm=None)

    made = make_result_objects(replace(result, table=unsure), source)

    group = groups_in(made[REPORT])["chosen muscles right"]
    assert set(values_in(group)) == {
        "Fat fraction",
        "Lower limit of the fat fraction by its calibration",
        "Upper limit of the fat fraction by its calibration",
        "Change of the rearfoot volume by border position",
    }
    assert "Volume: it could not be measured" in texts_in(group, "Measurement left out")
