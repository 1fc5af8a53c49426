"""Personal text of headers and tables is neither copied nor printed."""

from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import pydicom
import pytest

from pipeline.config import PipelineConfig
from pipeline.domain.scan import Scan, Side
from pipeline.errors import ConfigError, ScanError
from pipeline.intake.check_scans import Tables, check_source
from pipeline.simulate.dicom_export import write_dicom_series
from pipeline.store.images import write_scan

Bring = Callable[..., list[Path]]
MARK = "MUSTERMANN"
MARKED_DATE = "19570413"
# Every kind of text that a scanner, an archive or a technician may fill in.
PLANTED = {
    "PatientName": MARK,
    "PatientID": MARK,
    "OtherPatientNames": MARK,
    "PatientBirthName": MARK,
    "PatientComments": MARK,
    "PatientAddress": MARK,
    "AccessionNumber": MARK,
    "StudyID": MARK,
    "StudyDescription": MARK,
    "SeriesDescription": MARK,
    "ProtocolName": MARK,
    "ImageComments": MARK,
    "InstitutionName": MARK,
    "InstitutionAddress": MARK,
    "InstitutionalDepartmentName": MARK,
    "StationName": MARK,
    "DeviceSerialNumber": MARK,
    "ReferringPhysicianName": MARK,
    "PerformingPhysicianName": MARK,
    "OperatorsName": MARK,
    "RequestedProcedureDescription": MARK,
    "PerformedProcedureStepDescription": MARK,
    "ReceiveCoilName": MARK,
    "SequenceName": MARK,
    "BodyPartExamined": MARK,
    "PatientBirthDate": MARKED_DATE,
    "StudyDate": MARKED_DATE,
    "SeriesDate": MARKED_DATE,
    "AcquisitionDate": MARKED_DATE,
    "ContentDate": MARKED_DATE,
}
TAKEN = "participant_id\tgroup\tbody_mass_kg\tage\tsex\theight_cm\tsymptom_years\tcity\n"


def test_no_person_is_named_anywhere(
    scan: Scan,
    bring: Bring,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A mark in 30 elements, dates and identifiers get into no file, name or message."""
    series = tmp_path / "sub-07"
    write_dicom_series(scan, series, label="07", side=Side.RIGHT)
    identifiers: set[str] = set()
    for path in sorted(series.iterdir()):
        dataset = pydicom.dcmread(path)
        for keyword, value in PLANTED.items():
            setattr(dataset, keyword, value)
        identifiers |= {dataset.StudyInstanceUID, dataset.SeriesInstanceUID}
        dataset.save_as(path)
    caplog.set_level("DEBUG")

    (image,) = bring(series, tmp_path / "raw")
    nib.save(nib.load(image), tmp_path / "raw" / "unpacked.nii")
    said = [*capfd.readouterr(), caplog.text]
    for path in (tmp_path / "raw").rglob("*"):
        said += [path.name, path.read_bytes().decode("latin-1") if path.is_file() else ""]

    for mark in (MARK, MARKED_DATE, *identifiers):
        assert not [text for text in said if mark.lower() in text.lower()], mark


def test_a_refusal_names_no_person(scan: Scan, bring: Bring, tmp_path: Path) -> None:
    """The message for a broken series quotes no header text."""
    series = tmp_path / "sub-07"
    write_dicom_series(scan, series, label="07", side=Side.RIGHT)
    for number, path in enumerate(sorted(series.iterdir())):
        dataset = pydicom.dcmread(path)
        for keyword, value in PLANTED.items():
            setattr(dataset, keyword, value)
        dataset.SeriesNumber = number % 2
        dataset.save_as(path.with_name(f"{MARK}{number}.dcm"))
        path.unlink()

    with pytest.raises(ScanError, match="have one series number") as refused:
        bring(series, tmp_path / "raw")
    assert MARK not in str(refused.value)
    assert not (tmp_path / "raw").exists()


def test_personal_cells_of_a_table_are_kept_as_written(
    scan: Scan, bring: Bring, tmp_path: Path
) -> None:
    """Numbers in range and known words; a group may be called NA."""
    write_scan(scan, tmp_path / "sub-01.nii", like=None)
    row = "01 \tNA\t070.50\t089\tFemale\tn/a\t1.5\tX\t\n"
    (tmp_path / "t.tsv").write_text(TAKEN + row)

    bring(tmp_path / "sub-01.nii", tmp_path / "raw", table=tmp_path / "t.tsv")

    assert (tmp_path / "raw/participants.tsv").read_text() == (
        "participant_id\tgroup\tbody_mass_kg\tsex\tage\theight_cm\tsymptom_years\n"
        "sub-01\tNA\t070.50\tFemale\t089\tn/a\t1.5\n"
    )


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        *(("age", cell) for cell in ("1957-04-13", "19570413", "1957", "089Y", "", "NA", "-1")),
        *(("sex", cell) for cell in (MARK, "1957", "")),
        *(("height_cm", cell) for cell in ("19570413", "1.75", "5 ft", MARK)),
        *(("symptom_years", cell) for cell in ("2019", "since 2019", "nan", "\uff13")),
    ],
)
def test_a_possible_name_or_date_is_refused_and_not_quoted(
    column: str, cell: str, scan: Scan, bring: Bring, tmp_path: Path
) -> None:
    """Before anything is written; the check gives the same message."""
    write_scan(scan, tmp_path / "sub-01.nii", like=None)
    cells = {"age": "31", "sex": "n/a", "height_cm": "171", "symptom_years": "0"}
    cells[column] = cell
    row = "\t".join(("01", "a", "70", *cells.values(), "X"))
    (tmp_path / "t.tsv").write_text(TAKEN + row)

    with pytest.raises(ConfigError, match=rf"t\.tsv sub-01: {column} must be") as refused:
        bring(tmp_path / "sub-01.nii", tmp_path / "raw", table=tmp_path / "t.tsv")
    assert not cell or cell not in str(refused.value)
    assert not (tmp_path / "raw").exists()

    tables = Tables(tmp_path / "t.tsv")
    with pytest.raises(ConfigError, match=f"{column} must be"):
        next(check_source(tmp_path / "sub-01.nii", tables, None, PipelineConfig()))


def test_the_first_row_of_a_table_without_header_is_not_quoted(
    scan: Scan, bring: Bring, tmp_path: Path
) -> None:
    """The first person's row is then taken for the names of columns."""
    write_scan(scan, tmp_path / "sub-01.nii", like=None)
    (tmp_path / "t.tsv").write_text(f"01\ta\t70\t{MARK}\n")

    with pytest.raises(
        ConfigError, match=r"got no participant_id, .* among 4 others"
    ) as refused:
        bring(tmp_path / "sub-01.nii", tmp_path / "raw", table=tmp_path / "t.tsv")
    assert MARK not in str(refused.value)
