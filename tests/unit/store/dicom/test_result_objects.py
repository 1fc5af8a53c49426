"""The objects of a foot: identifiers, the patient, and headers that do not allow for them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from dicom_makers import edit, setting
from exported import CAUTION, VERSION, groups_in, make_result, source_of, texts_in
from makers import make_taken_scan
from pydicom import Dataset

from pipeline.domain.labels import LabelMap
from pipeline.domain.scan import Side
from pipeline.errors import ScanError, SegmentationError
from pipeline.simulate.dicom_export import write_dicom_series
from pipeline.store.dicom.result_objects import (
    BONES,
    MUSCLES,
    REPORT,
    FootResult,
    make_result_objects,
)


@pytest.fixture
def series(tmp_path: Path) -> Path:
    """Write the series of a right foot."""
    folder = tmp_path / "series"
    write_dicom_series(make_taken_scan(), folder, label="01", side=Side.RIGHT)
    return folder


@pytest.fixture
def result() -> FootResult:
    """Make what is known of the foot."""
    return make_result(make_taken_scan().grid)


def as_bytes(made: Dataset, folder: Path) -> bytes:
    """Give the file of an object."""
    made.save_as(folder / "made.dcm", enforce_file_format=True)
    return (folder / "made.dcm").read_bytes()


def test_the_same_result_gives_the_same_bytes(
    result: FootResult, series: Path, tmp_path: Path
) -> None:
    """Whenever it is made; bones only if they are wanted."""
    first, second = (make_result_objects(result, source_of(series)) for _ in range(2))

    assert list(first) == [MUSCLES, REPORT]
    for name, made in first.items():
        assert as_bytes(made, tmp_path) == as_bytes(second[name], tmp_path)


def relabelled(result: FootResult) -> FootResult:
    """Change the label of one voxel."""
    labels = result.segmentation.muscles
    voxels = labels.voxels.copy()
    voxels[0, 0, 0] = 1 + voxels[0, 0, 0] % 3
    changed = LabelMap(voxels, labels.grid, labels.names)
    return replace(result, segmentation=replace(result.segmentation, muscles=changed))


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        (relabelled, {MUSCLES, BONES, REPORT}),
        (lambda r: replace(r, version="9"), {MUSCLES, BONES, REPORT}),
        (lambda r: replace(r, table=replace(r.table, foot_length_mm=1.0)), {REPORT}),
    ],
)
def test_another_result_has_other_identifiers(
    change: Callable[[FootResult], FootResult],
    changed: set[str],
    result: FootResult,
    series: Path,
) -> None:
    """Those of an object that stays the same are kept."""
    first, second = (
        make_result_objects(each, source_of(series), with_bones=True)
        for each in (result, change(result))
    )

    for key in ("SOPInstanceUID", "SeriesInstanceUID"):
        assert {name for name in first if first[name][key] != second[name][key]} == changed


def test_objects_belong_to_the_patient_and_study(result: FootResult, series: Path) -> None:
    """Names keep their letters, whatever the character set of the source."""
    edit(
        series,
        setting(
            SpecificCharacterSet="ISO_IR 100",
            PatientName="Größe^Ægir",
            PatientBirthDate="19700102",
            PatientSex="F",
            StudyDate="20240203",
            StudyTime="112233",
        ),
    )
    original = pydicom.dcmread(next(iter(series.iterdir())))

    for made in make_result_objects(result, source_of(series)).values():
        assert str(made.PatientName) == "Größe^Ægir"
        assert made.SpecificCharacterSet == "ISO_IR 192"
        assert made.StudyInstanceUID == original.StudyInstanceUID
        assert made.SeriesInstanceUID != original.SeriesInstanceUID
        assert str(made.ContentDate) == "20240203"
        assert (made.PatientID, made.PatientSex) == ("sub-01", "F")
        assert made.SoftwareVersions == VERSION


def test_a_name_in_another_encoding_is_written_whole(
    result: FootResult, series: Path, tmp_path: Path
) -> None:
    """It is encoded again."""
    edit(series, setting(SpecificCharacterSet="ISO_IR 100", PatientName="Größe^Ægir"))

    made = make_result_objects(result, source_of(series))[REPORT]

    as_bytes(made, tmp_path)
    back = pydicom.dcmread(tmp_path / "made.dcm")
    assert str(back.PatientName) == "Größe^Ægir"
    assert CAUTION.message in texts_in(groups_in(back)["chosen muscles right"], "Caution")[0]


@pytest.mark.parametrize(
    "elements",
    [
        {"PatientSex": "U"},
        {"PatientName": None},
        {"StudyDate": None, "StudyTime": None, "AccessionNumber": None, "StudyID": None},
        {"PatientName": "Single"},
        {"PatientBirthDate": None, "PatientSex": None, "ReferringPhysicianName": None},
    ],
)
def test_sparse_headers_are_enough(
    elements: dict[str, Any], result: FootResult, series: Path
) -> None:
    """As anonymisers leave them."""
    edit(series, setting(**elements))

    assert len(make_result_objects(result, source_of(series))) == 2


def test_rounded_directions_are_enough(result: FootResult, series: Path) -> None:
    """Scanners round them differently from slice to slice."""
    cosines = [1, 0, 0, 0, 0.99995, 0.00001]
    edit(series, setting(ImageOrientationPatient=cosines), slice(1, 2))

    assert len(make_result_objects(result, source_of(series))) == 2


def test_a_header_that_cannot_be_referred_to_is_refused(
    result: FootResult, series: Path
) -> None:
    """The message does not quote it."""
    source = source_of(series)
    for header in source.headers:
        header["StudyTime"]._value = "Smith"  # as a file may have it

    with pytest.raises(
        ScanError, match=r"must have a valid DICOM header: got .*(ValueError)"
    ) as e:
        make_result_objects(result, source)
    assert "Smith" not in str(e.value)


def test_a_foot_without_muscles_is_refused(result: FootResult, series: Path) -> None:
    """A segmentation needs a segment."""
    labels = result.segmentation.muscles
    empty = LabelMap(np.zeros_like(labels.voxels), labels.grid, labels.names)
    bare = replace(result, segmentation=replace(result.segmentation, muscles=empty))

    with pytest.raises(SegmentationError, match="must have a muscle: got none"):
        make_result_objects(bare, source_of(series))


def test_bones_that_are_absent_make_no_object(result: FootResult, series: Path) -> None:
    """Even if they are wanted."""
    labels = result.segmentation.bones
    empty = LabelMap(np.zeros_like(labels.voxels), labels.grid, labels.names)
    bare = replace(result, segmentation=replace(result.segmentation, bones=empty))

    made = make_result_objects(bare, source_of(series), with_bones=True)

    assert list(made) == [MUSCLES, REPORT]


@pytest.mark.parametrize(
    ("segmenter", "kind"),
    [
        ("network", "AUTOMATIC"),
        ("network+corrected", "SEMIAUTOMATIC"),
        ("corrected", "MANUAL"),
    ],
)
def test_labels_changed_by_hand_are_told_apart(
    segmenter: str, kind: str, result: FootResult, series: Path
) -> None:
    """In every segment."""
    by_hand = replace(result, segmentation=replace(result.segmentation, segmenter=segmenter))

    made = make_result_objects(by_hand, source_of(series))[MUSCLES]

    assert {item.SegmentAlgorithmType for item in made.SegmentSequence} == {kind}


def test_a_left_foot_is_a_left_foot(series: Path) -> None:
    """In modifiers, codes and names."""
    result = make_result(make_taken_scan().grid, Side.LEFT)

    made = make_result_objects(result, source_of(series))

    kind = made[MUSCLES].SegmentSequence[0].SegmentedPropertyTypeCodeSequence[0]
    assert (kind.CodeValue, kind.CodeMeaning) == ("37460", "Left abductor hallucis")
    assert kind.SegmentedPropertyTypeModifierCodeSequence[0].CodeMeaning == "Left"
    assert "ABH left" in groups_in(made[REPORT])
