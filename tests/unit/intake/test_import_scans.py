"""Sources in, a raw BIDS dataset out, with nobody's name in it."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pydicom
import pytest
from makers import make_taken_scan

from pipeline.config import IntakeParams, PipelineConfig
from pipeline.domain.scan import Contrast, Scan, Side
from pipeline.errors import ArtefactError, ConfigError, LostWorkerError, ScanError
from pipeline.intake.check_scans import Tables, check_source
from pipeline.intake.import_scans import intake_source
from pipeline.run.executors import InProcess
from pipeline.simulate.dicom_export import write_dicom_series
from pipeline.store import bids
from pipeline.store.files import read_json, write_json
from pipeline.store.images import read_scan, write_scan
from pipeline.store.names import sidecar_of
from pipeline.store.participants import read_participants_table
from pipeline.store.raw_scans import find_scan

HEADER = "participant_id\tgroup\tbody_mass_kg\tside\tname\n"
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


@pytest.fixture
def scan() -> Scan:
    """Make a scan of 5 x 6 x 7 voxels of 0.5 x 0.7 x 3 mm."""
    return make_taken_scan()


def bring(source: Path, bids_dir: Path, **given: Any) -> list[Path]:
    """Run intake with what is given and defaults for the rest."""
    return intake_source(
        source,
        bids_dir,
        given.get("table"),
        given.get("side"),
        given.get("params", IntakeParams()),
        given.get("patients"),
        InProcess(),
    )


def test_a_dicom_folder_becomes_a_participant(scan: Scan, tmp_path: Path) -> None:
    """The image, its sidecar, the table and the description are there."""
    write_dicom_series(scan, tmp_path / "sub-07", label="07", side=Side.RIGHT)

    (image,) = bring(tmp_path / "sub-07", tmp_path / "raw")

    assert image == tmp_path / "raw/sub-07/anat/sub-07_T1w.nii.gz"
    back = read_scan(image)
    np.testing.assert_array_equal(back.intensity, scan.intensity)
    assert back.side is Side.RIGHT
    assert back.acquisition["MagneticFieldStrength"] == 3
    assert (tmp_path / "raw/participants.tsv").read_text() == (
        "participant_id\tgroup\tbody_mass_kg\nsub-07\tn/a\tn/a\n"
    )
    assert read_json(tmp_path / "raw/dataset_description.json")["DatasetType"] == "raw"


def test_no_person_is_named_anywhere(
    scan: Scan,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A mark planted in 30 elements, dates and identifiers reach no file, name or message."""
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


def test_a_refusal_names_no_person(scan: Scan, tmp_path: Path) -> None:
    """The sentence for a broken series quotes no header text."""
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


def test_a_folder_of_participants_is_taken_one_by_one(scan: Scan, tmp_path: Path) -> None:
    """DICOM folders and images side by side; groups come from the table, names do not."""
    source, raw = tmp_path / "in", tmp_path / "raw"
    write_dicom_series(scan, source / "sub-02", label="02", side=Side.RIGHT)
    write_scan(scan, source / "sub-01_acq-x_PDw.nii", like=None)
    write_json({"Laterality": "R", "EchoTime": 0.03}, source / "sub-01_acq-x_PDw.json")
    table = tmp_path / "table.tsv"
    rows = ("03\tpf\t80\tR\tC\n", "02\tpf\t71.5\tR\tB\n", "01\thealthy\tn/a\tn/a\tA\n")
    table.write_text(HEADER + "".join(rows))

    written = bring(source, raw, table=table)

    assert [path.name for path in written] == ["sub-01_acq-x_PDw.nii.gz", "sub-02_T1w.nii.gz"]
    assert read_json(raw / "sub-01/anat/sub-01_acq-x_PDw.json") == {
        "EchoTime": 0.03,
        "Laterality": "R",
    }
    assert (raw / "participants.tsv").read_text() == (
        "participant_id\tgroup\tbody_mass_kg\tside\n"
        "sub-01\thealthy\tn/a\tn/a\nsub-02\tpf\t71.5\tR\n"
    )


def test_rows_that_were_there_stay(scan: Scan, tmp_path: Path) -> None:
    """A later intake adds a row and leaves the others, and their columns, alone."""
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "participants.tsv").write_text(
        "participant_id\tgroup\tbody_mass_kg\tshoe_size\nsub-01\thealthy\t70\t43\n"
    )
    write_json({"Name": "Ours"}, raw / "dataset_description.json")
    write_scan(scan, tmp_path / "sub-02.nii", like=None)

    bring(tmp_path / "sub-02.nii", raw, side=Side.RIGHT)

    assert read_json(raw / "dataset_description.json") == {"Name": "Ours"}
    assert (raw / "participants.tsv").read_text() == (
        "participant_id\tgroup\tbody_mass_kg\tshoe_size\n"
        "sub-01\thealthy\t70\t43\nsub-02\tn/a\tn/a\tn/a\n"
    )


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("07.nii.gz", "sub-07_T1w.nii.gz"),
        ("sub-07_T2w.nii", "sub-07_T2w.nii.gz"),
        ("sub-07_dixon_water.nii", "sub-07_acq-water_T1w.nii.gz"),
    ],
)
def test_the_name_follows_the_source(
    source: str, name: str, scan: Scan, tmp_path: Path
) -> None:
    """Weighting and Dixon part are taken of the file's name."""
    write_scan(scan, tmp_path / source, like=None)

    (image,) = bring(tmp_path / source, tmp_path / "raw")

    assert image.name == name


def test_what_the_sidecar_says_is_kept(scan: Scan, tmp_path: Path) -> None:
    """The image is named by it, and the measuring stages find it."""
    write_scan(scan, tmp_path / "sub-07.nii", like=None)
    facts = {"Laterality": "R", "ImageType": ["DERIVED", "PRIMARY", "W", "W", "SMITH"]}
    write_json(facts, tmp_path / "sub-07.json")

    (image,) = bring(tmp_path / "sub-07.nii", tmp_path / "raw")

    assert image.name == "sub-07_acq-water_T1w.nii.gz"
    assert read_json(image.with_name("sub-07_acq-water_T1w.json"))["ImageType"] == [
        "DERIVED",
        "PRIMARY",
        "W",
        "W",
    ]
    assert read_scan(image).contrast is Contrast.WATER


def test_a_name_that_contradicts_the_sidecar_is_refused(scan: Scan, tmp_path: Path) -> None:
    """Before anything is written."""
    write_scan(scan, tmp_path / "sub-07_fat.nii", like=None)
    write_json({"ImageType": ["WATER"]}, tmp_path / "sub-07_fat.json")

    with pytest.raises(
        ScanError, match="got water from the sidecar but fat from the file name"
    ):
        bring(tmp_path / "sub-07_fat.nii", tmp_path / "raw")
    assert not (tmp_path / "raw").exists()


def test_anothers_image_is_refused(scan: Scan, tmp_path: Path) -> None:
    """One foot's volume must not stand in another's row."""
    for label in ("01", "02"):
        write_scan(scan, tmp_path / "in" / f"sub-{label}" / "sub-02_T1w.nii", like=None)

    words = r"participant's name or none: got 'sub-02_T1w\.nii' in the source of sub-01"
    with pytest.raises(ScanError, match=words):
        bring(tmp_path / "in", tmp_path / "raw", side=Side.RIGHT)
    assert [p.name for p in (tmp_path / "raw").glob("sub-*")] == ["sub-02"]


def test_the_weighting_may_be_set(scan: Scan, tmp_path: Path) -> None:
    """DICOM has no word for it."""
    write_dicom_series(scan, tmp_path / "sub-07", label="07", side=Side.RIGHT)

    (image,) = bring(tmp_path / "sub-07", tmp_path / "raw", params=IntakeParams(suffix="T2w"))

    assert image.name == "sub-07_T2w.nii.gz"


def test_one_refusal_does_not_stop_the_others(scan: Scan, tmp_path: Path) -> None:
    """What is sound is written, what is not is told by its label."""
    source, raw = tmp_path / "in", tmp_path / "raw"
    write_dicom_series(scan, source / "sub-01", label="01", side=Side.LEFT)
    write_dicom_series(scan, source / "sub-02", label="02", side=Side.RIGHT)

    with pytest.raises(ScanError, match=r"^sub-01: The study measures right feet"):
        bring(source, raw)
    assert [p.name for p in raw.glob("sub-*")] == ["sub-02"]


def test_a_scan_that_exists_does_not_stop_the_others(scan: Scan, tmp_path: Path) -> None:
    """A source grown by one participant can be brought in again."""
    source, raw = tmp_path / "in", tmp_path / "raw"
    write_scan(scan, source / "sub-01.nii", like=None)
    bring(source, raw)
    write_scan(scan, source / "sub-02.nii", like=None)

    with pytest.raises(ConfigError, match=r"^sub-01: A raw scan is never overwritten"):
        bring(source, raw)
    assert (raw / "participants.tsv").read_text().count("sub-") == 2


def test_header_and_table_must_agree(scan: Scan, tmp_path: Path) -> None:
    """The contradiction is told before anything is written."""
    write_dicom_series(scan, tmp_path / "sub-01", label="01", side=Side.LEFT)
    (tmp_path / "t.tsv").write_text(HEADER + "01\ta\t70\tright\tA\n")

    with pytest.raises(
        ScanError, match=r"right from participants\.tsv but left from DICOM Lat"
    ):
        bring(tmp_path / "sub-01", tmp_path / "raw", table=tmp_path / "t.tsv")
    assert not (tmp_path / "raw").exists()


def test_a_scan_is_never_overwritten(scan: Scan, tmp_path: Path) -> None:
    """A second intake of one participant is refused and changes nothing."""
    write_scan(scan, tmp_path / "sub-01.nii", like=None)
    (image,) = bring(tmp_path / "sub-01.nii", tmp_path / "raw")
    before = image.read_bytes()

    with pytest.raises(ConfigError, match=r"never overwritten: got 'sub-01_T1w.nii.gz'"):
        bring(tmp_path / "sub-01.nii", tmp_path / "raw")
    assert image.read_bytes() == before


def test_a_sidecar_of_somebody_is_never_overwritten(scan: Scan, tmp_path: Path) -> None:
    """It may belong to an image that is kept elsewhere."""
    write_scan(scan, tmp_path / "foot.nii", like=None)
    beside = tmp_path / "raw/sub-foot/anat/sub-foot_T1w.json"
    beside.parent.mkdir(parents=True)
    beside.write_text('{"mine": true}')

    with pytest.raises(ConfigError, match=r"never overwritten: got 'sub-foot_T1w\.json'"):
        bring(tmp_path / "foot.nii", tmp_path / "raw")
    assert [path.name for path in beside.parent.iterdir()] == [beside.name]
    assert read_json(beside) == {"mine": True}


def test_descriptions_of_columns_stay(scan: Scan, tmp_path: Path) -> None:
    """What the dataset's owner wrote about its columns is kept; what is missing is added."""
    write_scan(scan, tmp_path / "foot.nii", like=None)
    own = {"group": {"Levels": {"a": "runners"}}, "shoe": {"Description": "EU size"}}
    write_json(own, tmp_path / "raw/participants.json")
    bring(tmp_path / "foot.nii", tmp_path / "raw")

    described = read_json(tmp_path / "raw/participants.json")
    assert described == own | {"body_mass_kg": {"Description": "Body mass in kg"}}


@pytest.mark.parametrize(
    ("name", "text", "kind", "words"),
    [
        ("participants.json", "[", ArtefactError, "participants.json' must be JSON"),
        ("participants.tsv", "participant_id\nsub-01\n", ConfigError, "must have the columns"),
    ],
)
def test_a_dataset_that_cannot_be_completed_is_told_first(
    scan: Scan, tmp_path: Path, name: str, text: str, kind: type[Exception], words: str
) -> None:
    """Before any scan is written that would then be in no table."""
    write_scan(scan, tmp_path / "foot.nii", like=None)
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / name).write_text(text)

    with pytest.raises(kind, match=words):
        bring(tmp_path / "foot.nii", tmp_path / "raw")
    assert [path.name for path in (tmp_path / "raw").iterdir()] == [name]


def test_a_full_disk_leaves_no_scan_without_its_sidecar(
    scan: Scan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are written, and the same command can be given again."""
    for label in ("01", "02"):
        write_scan(scan, tmp_path / f"in/sub-{label}_T1w.nii", like=None)

    def fill(content: dict[str, Any], path: Path) -> None:
        if path.name == "sub-01_T1w.json":
            raise OSError(28, "No space left on device")
        write_json(content, path)

    with monkeypatch.context() as patch:
        patch.setattr("pipeline.store.bids.write_json", fill)
        with pytest.raises(
            ConfigError, match=r"sub-01: .*got 'No space left on device'\. Check"
        ):
            bring(tmp_path / "in", tmp_path / "raw")
    assert "sub-02" in (tmp_path / "raw/participants.tsv").read_text()
    assert not [*(tmp_path / "raw").rglob("sub-01*.*")]
    assert len(bring(tmp_path / "in/sub-01_T1w.nii", tmp_path / "raw")) == 1


def test_a_participant_without_row_is_told(scan: Scan, tmp_path: Path) -> None:
    """The table that is given must know everyone."""
    write_scan(scan, tmp_path / "sub-09.nii", like=None)
    (tmp_path / "t.tsv").write_text(HEADER + "01\ta\t70\tright\tA\n")

    with pytest.raises(ConfigError, match=r"row in t\.tsv: got none for \['sub-09'\]"):
        bring(tmp_path / "sub-09.nii", tmp_path / "raw", table=tmp_path / "t.tsv")


@pytest.mark.parametrize(
    ("made", "source", "error", "words"),
    [
        ((), "nowhere", ConfigError, r"source must exist: got .*nowhere"),
        (("sub-01/",), "sub-01", ConfigError, "empty folder"),
        (("sub-_.nii",), "sub-_.nii", ConfigError, "letters and digits: got ''"),
        (("x/sub-01.nii", "x/sub-01.mha"), "x", ConfigError, r"several for \['sub-01'\]"),
        (("sub-01/a.nii", "sub-01/b.nii"), "sub-01", ScanError, "one image: got 2"),
        (("sub-01/a.txt",), "sub-01", ScanError, "one image: got 0"),
        (("sub-01.txt",), "sub-01.txt", ScanError, "one image: got 0"),
    ],
)
def test_a_source_that_is_none_is_told(
    made: tuple[str, ...], source: str, error: type[Exception], words: str, tmp_path: Path
) -> None:
    """Missing, empty, ambiguous and unnameable sources."""
    for name in made:
        path = tmp_path / name
        (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
        if not name.endswith("/"):
            path.write_bytes(b"")

    with pytest.raises(error, match=words):
        bring(tmp_path / source, tmp_path / "raw")


def test_water_and_fat_are_both_written(scan: Scan, tmp_path: Path) -> None:
    """Water is the image that the main job measures."""
    for number, part in enumerate(("WATER", "FAT"), start=1):
        facts = {**scan.acquisition, "ImageType": ["DERIVED", "PRIMARY", "M", part]}
        folder = tmp_path / "sub-07" / part
        image = replace(scan, acquisition=facts)
        write_dicom_series(
            image, folder, label="07", side=Side.RIGHT, number=number, study="one"
        )
        change(folder, SeriesInstanceUID=f"1.2.{number}")

    written = bring(tmp_path / "sub-07", tmp_path / "raw")

    assert [p.name for p in written] == [
        "sub-07_acq-water_T1w.nii.gz",
        "sub-07_acq-fat_T1w.nii.gz",
    ]
    assert find_scan(tmp_path / "raw", "07") == written[0]


def change(folder: Path, **elements: str) -> None:
    """Set elements of all slices of a series."""
    for number, path in enumerate(sorted(folder.iterdir())):
        dataset = pydicom.dcmread(path)
        for keyword, value in elements.items():
            setattr(dataset, keyword, value)
        dataset.SOPInstanceUID = f"{dataset.SeriesInstanceUID}.{number}"
        dataset.save_as(path)


def test_the_header_names_the_weighting(scan: Scan, tmp_path: Path) -> None:
    """A series that calls itself T2 is not written as T1."""
    write_dicom_series(scan, tmp_path / "sub-07", label="07", side=Side.RIGHT)
    change(tmp_path / "sub-07", SeriesDescription="T2_tse_sag", SeriesInstanceUID="1.2")

    (image,) = bring(tmp_path / "sub-07", tmp_path / "raw")

    assert image.name == "sub-07_T2w.nii.gz"


def test_one_study_is_one_participant(scan: Scan, tmp_path: Path) -> None:
    """A folder copied under a second label is refused, naming the first."""
    for label in ("01", "02"):
        write_dicom_series(scan, tmp_path / "in" / f"sub-{label}", label="x", side=Side.RIGHT)

    with pytest.raises(ScanError, match=r"^sub-02: A DICOM study must .* study of sub-01 once"):
        bring(tmp_path / "in", tmp_path / "raw")
    assert [p.name for p in (tmp_path / "raw").glob("sub-*")] == ["sub-01"]


def test_a_patient_map_names_the_participants(scan: Scan, tmp_path: Path) -> None:
    """Folders tell nothing then."""
    for label in ("A17", "B4"):
        write_dicom_series(scan, tmp_path / "in" / label[0], label=label, side=Side.RIGHT)
    (tmp_path / "map.tsv").write_text("patient_id\tparticipant_id\nsub-A17\t02\nsub-B4\t01\n")

    written = bring(tmp_path / "in", tmp_path / "raw", patients=tmp_path / "map.tsv")

    assert [p.name for p in written] == ["sub-01_T1w.nii.gz", "sub-02_T1w.nii.gz"]


def test_a_doubt_of_the_format_goes_along(scan: Scan, tmp_path: Path) -> None:
    """The raw image no longer shows that it was an Analyze file."""
    image = nib.AnalyzeImage(scan.intensity.astype(np.int16), scan.grid.matrix)
    nib.save(image, tmp_path / "sub-01_T1w.img")
    (tmp_path / "in").mkdir()
    for path in tmp_path.glob("sub-01_T1w.*"):
        path.rename(tmp_path / "in" / path.name)

    (written,) = bring(tmp_path / "in" / "sub-01_T1w.hdr", tmp_path / "raw", side=Side.RIGHT)

    assert [c.code for c in read_scan(written).cautions] == ["orientation-unknown"]


def test_several_at_a_time_give_the_same_bytes(scan: Scan, tmp_path: Path) -> None:
    """Also what is refused is the same, in the same order."""
    for label, side in (("01", Side.RIGHT), ("02", Side.LEFT), ("03", Side.RIGHT)):
        write_dicom_series(scan, tmp_path / "in" / f"sub-{label}", label=label, side=side)
    with ThreadPoolExecutor(2) as executor:
        told = []
        for number, workers in enumerate((InProcess(), executor)):
            raw = tmp_path / f"raw{number}"
            with pytest.raises(
                ScanError, match=r"^sub-02: The study measures right"
            ) as refused:
                intake_source(tmp_path / "in", raw, None, None, IntakeParams(), None, workers)
            files = sorted(p for p in raw.rglob("*") if p.is_file())
            told.append((str(refused.value), [(p.name, p.read_bytes()) for p in files]))

    assert told[0] == told[1]


TAKEN = "participant_id\tgroup\tbody_mass_kg\tage\tsex\theight_cm\tsymptom_years\tcity\n"


def test_what_a_table_says_of_a_person_is_kept_as_it_is_written(
    scan: Scan, tmp_path: Path
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
def test_what_may_be_a_name_or_a_day_is_refused_and_not_quoted(
    column: str, cell: str, scan: Scan, tmp_path: Path
) -> None:
    """Before anything is written; the check says the same."""
    write_scan(scan, tmp_path / "sub-01.nii", like=None)
    cells = {"age": "31", "sex": "n/a", "height_cm": "171", "symptom_years": "0"}
    cells[column] = cell
    row = "\t".join(("01", "a", "70", *cells.values(), "X"))
    (tmp_path / "t.tsv").write_text(TAKEN + row)

    with pytest.raises(ConfigError, match=rf"t\.tsv sub-01: {column} must be") as told:
        bring(tmp_path / "sub-01.nii", tmp_path / "raw", table=tmp_path / "t.tsv")
    assert not cell or cell not in str(told.value)
    assert not (tmp_path / "raw").exists()

    tables = Tables(tmp_path / "t.tsv")
    with pytest.raises(ConfigError, match=f"{column} must be"):
        next(check_source(tmp_path / "sub-01.nii", tables, None, PipelineConfig()))


def test_a_table_without_its_header_names_nobody(scan: Scan, tmp_path: Path) -> None:
    """The first row of persons then stands where the columns' names do."""
    write_scan(scan, tmp_path / "sub-01.nii", like=None)
    (tmp_path / "t.tsv").write_text(f"01\ta\t70\t{MARK}\n")

    with pytest.raises(ConfigError, match=r"got no participant_id, .* among 4 others") as told:
        bring(tmp_path / "sub-01.nii", tmp_path / "raw", table=tmp_path / "t.tsv")
    assert MARK not in str(told.value)


class Losing(InProcess):
    """Loses the process of sub-02."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Do the call, unless it is that one."""
        if args[1].participant.label != "02":
            return super().submit(fn, *args, **kwargs)
        future: Future[Any] = Future()
        future.set_exception(LostWorkerError("Run again with fewer --jobs."))
        return future


def test_a_lost_process_is_told_for_its_participant_alone(scan: Scan, tmp_path: Path) -> None:
    """The others are taken in, and have their rows."""
    for label in ("01", "02", "03"):
        write_dicom_series(scan, tmp_path / "in" / f"sub-{label}", label=label, side=Side.RIGHT)
    raw = tmp_path / "raw"
    with pytest.raises(ScanError, match=r"^sub-02: Run again with fewer --jobs\.$"):
        intake_source(tmp_path / "in", raw, None, None, IntakeParams(), None, Losing())

    assert [*read_participants_table(raw / "participants.tsv")] == ["01", "03"]


def test_no_scan_is_there_without_its_sidecar(
    scan: Scan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill between the two must not leave a scan whose side nobody knows."""
    write_dicom_series(scan, tmp_path / "in", label="01", side=Side.RIGHT)
    there = []

    def copy(_: Path, target: Path) -> None:
        there.append(read_json(sidecar_of(target))["Laterality"])

    monkeypatch.setattr(bids, "copy_image", copy)
    bring(tmp_path / "in", tmp_path / "raw")

    assert there == ["R"]
