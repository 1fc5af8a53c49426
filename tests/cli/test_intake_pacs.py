"""The command that imports scans from a PACS."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dicom_makers import write_series
from fake_pacs import FakePacs, served
from makers import make_taken_scan

from pipeline.cli import main
from pipeline.domain.scan import Scan
from pipeline.store.images import read_scan

MARK = "MUSTERMANN"


@pytest.fixture
def scan() -> Scan:
    """Make a scan of 5 x 6 x 7 voxels."""
    return make_taken_scan()


@pytest.fixture
def pacs(scan: Scan, tmp_path: Path) -> Iterator[FakePacs]:
    """Serve a PACS with one study that names its patient."""
    named: dict[str, Any] = {"PatientName": MARK, "PatientID": MARK, "AccessionNumber": MARK}
    write_series(scan, tmp_path / "sent", **named)
    fake = FakePacs()
    fake.add(tmp_path / "sent")
    with served(fake):
        yield fake


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Write a table of studies."""
    path = tmp_path / "studies.tsv"
    path.write_text(f"participant_id\tpatient_id\nsub-01\t{MARK}\n")
    return path


def said_by(path: Path) -> str:
    """Give names and bytes of all files of a folder."""
    files = [p for p in path.rglob("*") if p.is_file()]
    return "".join(f"{p}{p.read_bytes().decode('latin-1')}" for p in files)


@pytest.mark.integration
def test_a_study_is_imported_without_names(
    scan: Scan,
    pacs: FakePacs,
    table: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Voxels are those of the PACS; neither patient nor password is written or printed."""
    monkeypatch.setenv("FOOTVOL_PACS_USER", "technician")
    monkeypatch.setenv("FOOTVOL_PACS_PASSWORD", "hunter2")

    assert (
        main(["intake", str(table), str(tmp_path / "raw"), "--pacs", pacs.address, "-v"]) == 0
    )

    back = read_scan(tmp_path / "raw" / "sub-01" / "anat" / "sub-01_T1w.nii.gz")
    np.testing.assert_array_equal(back.intensity, scan.intensity)
    printed = "".join(capfd.readouterr())
    assert "sub-01: 7 images fetched" in printed
    assert "1 scans in" in printed
    for text in (printed, said_by(tmp_path / "raw")):
        assert not any(word in text for word in (MARK, "technician", "hunter2", pacs.address))


@pytest.mark.integration
def test_a_study_is_checked_without_import(
    pacs: FakePacs, table: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """It shows no foot, and the table says so."""
    assert main(["intake", str(table), "--check", "--pacs", pacs.address]) == 3
    assert "sub-01" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ((401, "text/html", b""), "must find studies: got the answer 401 (Unauthorized)."),
        ((200, "application/dicom+json", b"[]"), "must match one study in the PACS"),
        ((200, "text/html", b"<html>"), "got an answer that is not DICOM"),
    ],
)
def test_a_fault_of_the_pacs_writes_nothing(
    wrong: tuple[int, str, bytes],
    words: str,
    pacs: FakePacs,
    table: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One sentence, and exit code 3."""
    pacs.wrong["GET .*/studies"] = wrong

    assert main(["intake", str(table), str(tmp_path / "raw"), "--pacs", pacs.address]) == 3

    printed = capsys.readouterr().err
    assert words in printed
    assert printed.count("\n") == 1
    assert not (tmp_path / "raw").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--patient-map", "map.tsv"], "the table of studies must name the participants"),
        (["--pacs", "https://me:secret@pacs/"], "got credentials in it"),
    ],
)
def test_wrong_usage_of_a_pacs_has_code_2(
    words: list[str],
    message: str,
    pacs: FakePacs,
    table: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nothing is sent."""
    argv = ["intake", str(table), str(tmp_path / "raw"), "--pacs", pacs.address, *words]

    assert main(argv) == 2
    assert message in capsys.readouterr().err
    assert pacs.asked == []
