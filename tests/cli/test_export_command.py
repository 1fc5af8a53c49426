"""`footvol export` as it is called, and other programs' opinion of what it writes."""

import shutil
import subprocess
from pathlib import Path

import pydicom
import pytest
from dicom_makers import edit, setting
from exported import groups_in, make_result, source_of, values_in
from makers import make_grid, make_taken_scan
from measured_out import Measured, measure

from pipeline.cli import main
from pipeline.domain.scan import Scan, Side
from pipeline.errors import ArtefactError, ConfigError, ScanError
from pipeline.simulate.dicom_enhanced import write_enhanced_dicom
from pipeline.simulate.dicom_export import write_dicom_series
from pipeline.store.dicom.result_objects import make_result_objects
from pipeline.store.dicom.save_objects import save_objects

pytestmark = pytest.mark.integration
NAMED = {
    "PatientName": "Doe^Jane",
    "PatientBirthDate": "19700102",
    "PatientSex": "F",
    "StudyDate": "20240203",
    "StudyTime": "112233",
    "AccessionNumber": "A17",
}


@pytest.fixture
def measured(tmp_path: Path) -> Measured:
    """Take in and measure two tiny scans, by stages that take no time."""
    return measure(tmp_path)


def export(measured: Measured, dest: Path, *options: str) -> int:
    """Call the command."""
    words = ["export", str(measured.out), str(dest), "--dicom", str(measured.dicom)]
    return main([*words, *options])


def errors_of(program: str, file: Path) -> list[str]:
    """Give the errors that a checker finds in a file."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed (Debian: dicom3tools, dcmtk)")
    done = subprocess.run([path, file], capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    return [line for line in lines if line.startswith(("Error", "E:", "F:"))]


def test_every_foot_has_its_files(
    measured: Measured, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A segmentation and a report, and bones if wanted."""
    dest = tmp_path / "dest"

    assert export(measured, dest) == 0
    assert export(measured, tmp_path / "more", "--bones", "--participant-label", "02") == 0

    assert [file.name for file in sorted(dest.rglob("*.dcm"))] == [
        "sub-01_seg-muscles.dcm",
        "sub-01_sr.dcm",
        "sub-02_seg-muscles.dcm",
        "sub-02_sr.dcm",
    ]
    assert [file.name for file in sorted((tmp_path / "more").rglob("*.dcm"))] == [
        "sub-02_seg-bones.dcm",
        "sub-02_seg-muscles.dcm",
        "sub-02_sr.dcm",
    ]
    assert f"2 feet in {dest}" in capsys.readouterr().out


def test_dicom_programs_find_no_error(measured: Measured, tmp_path: Path) -> None:
    """Dciodvfy checks the modules; dsrdump reads the tree of the report."""
    edit(measured.dicom, setting(**NAMED))
    assert export(measured, tmp_path / "dest", "--bones") == 0

    files = sorted((tmp_path / "dest").rglob("*.dcm"))
    assert len(files) == 6
    for file in files:
        assert errors_of("dciodvfy", file) == []
    for file in files:
        if file.stem.endswith("_sr"):
            assert errors_of("dsrdump", file) == []


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("is_enhanced", [False, True])
def test_dciodvfy_finds_no_error_for_any_kind_of_source(
    is_enhanced: bool, side: Side, tmp_path: Path
) -> None:
    """Single frames and many, oblique, of either side."""
    taken = make_taken_scan()
    grid = make_grid(taken.grid.shape, turns_deg=(25, -17, 12))
    scan = Scan(taken.intensity, grid, acquisition=taken.acquisition)
    if is_enhanced:
        write_enhanced_dicom(scan, tmp_path / "dicom" / "1.dcm", label="01", side=side)
    else:
        write_dicom_series(scan, tmp_path / "dicom", label="01", side=side)
    edit(tmp_path / "dicom", setting(**NAMED))

    made = make_result_objects(make_result(grid, side), source_of(tmp_path / "dicom"))

    files = {tmp_path / "dest" / f"{name}.dcm": each for name, each in made.items()}
    save_objects(files)
    for file in files:
        assert errors_of("dciodvfy", file) == []


def test_numbers_in_the_report_are_those_of_the_table(
    measured: Measured, tmp_path: Path
) -> None:
    """As a file has them."""
    assert export(measured, tmp_path / "dest", "--participant-label", "sub-01") == 0

    report = pydicom.dcmread(tmp_path / "dest" / "sub-01" / "sub-01_sr.dcm")
    assert values_in(groups_in(report)["ABH right"])["Volume"] == 1.234568


def test_the_patient_stays_out_of_the_results(
    measured: Measured, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The folder must lie apart, and messages name nobody."""
    edit(measured.dicom, setting(PatientName="Doe"))

    assert export(measured, measured.out / "dicom") == ConfigError.exit_code
    assert "must lie outside OUT" in capsys.readouterr().err
    assert not (measured.out / "dicom").exists()
    assert export(measured, tmp_path / "dest") == 0
    printed = capsys.readouterr()
    assert "Doe" not in printed.out + printed.err


def test_nothing_is_written_over(measured: Measured, tmp_path: Path) -> None:
    """A second export needs another folder."""
    assert export(measured, tmp_path / "dest") == 0
    before = {f: f.read_bytes() for f in (tmp_path / "dest").rglob("*.dcm")}

    assert export(measured, tmp_path / "dest") == ConfigError.exit_code

    assert {f: f.read_bytes() for f in (tmp_path / "dest").rglob("*.dcm")} == before


def test_the_same_export_has_the_same_bytes(measured: Measured, tmp_path: Path) -> None:
    """In another folder."""
    for name in ("first", "second"):
        assert export(measured, tmp_path / name) == 0

    first, second = (
        [file.read_bytes() for file in sorted((tmp_path / name).rglob("*.dcm"))]
        for name in ("first", "second")
    )
    assert first == second


def test_exit_codes_tell_what_was_refused(measured: Measured, tmp_path: Path) -> None:
    """Another scan, and a foot that was not measured."""
    edit(measured.dicom / "sub-01", setting(RescaleSlope=2, RescaleIntercept=0))
    assert export(measured, tmp_path / "dest") == ScanError.exit_code
    assert [folder.name for folder in (tmp_path / "dest").iterdir()] == ["sub-02"]

    shutil.rmtree(measured.out / "logs" / "sub-01")
    options = ("--participant-label", "01")
    assert export(measured, tmp_path / "other", *options) == ArtefactError.exit_code
    assert not (tmp_path / "other").exists()
