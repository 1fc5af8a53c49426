"""Intake from a real PACS."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from dicom_makers import write_series
from makers import make_taken_scan
from orthanc import LOGIN, MISSING, PASSWORD, orthanc

from pipeline.cli import main
from pipeline.errors import PacsError
from pipeline.store.dicom.dicomweb import fetch_images, find_studies, store
from pipeline.store.dicom.pacs_access import opened_pacs
from pipeline.store.images import read_scan

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(MISSING is not None, reason=MISSING or ""),
]


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write two series of one study, and one of another patient."""
    folder = tmp_path_factory.mktemp("sent")
    scan = make_taken_scan()
    named: dict[str, Any] = {
        "PatientName": "MUSTERMANN",
        "PatientID": "P 7/ä",
        "StudyInstanceUID": "1.2.7",
    }
    write_series(scan, folder / "1", **named, StudyDate="20240331")
    write_series(scan, folder / "2", **named, StudyDate="20240331", number=2, EchoTime=80.0)
    write_series(scan, folder / "3", PatientID="P8", StudyInstanceUID="1.2.8")
    return folder


@pytest.fixture(scope="module")
def pacs(sent: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start Orthanc, and store all series in it."""
    with orthanc(tmp_path_factory.mktemp("orthanc")) as address:
        with opened_pacs(address, LOGIN) as client:
            store(client, [pydicom.dcmread(path) for path in sorted(sent.rglob("*.dcm"))])
        yield address


@pytest.fixture(autouse=True)
def login(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the credentials as a user does."""
    for name, value in LOGIN.items():
        monkeypatch.setenv(name, value)


def test_fetched_series_are_the_stored_ones(pacs: str, sent: Path, tmp_path: Path) -> None:
    """Every element of every image, found by patient and date."""
    with opened_pacs(pacs) as client:
        (study,) = find_studies(client, {"PatientID": "P 7/ä", "StudyDate": "20240331"})
        assert fetch_images(client, study, tmp_path) == 14
        assert find_studies(client, {"PatientID": "P 7/ä", "StudyDate": "20240401"}) == ()

    fetched = {
        d.SOPInstanceUID: d for p in tmp_path.rglob("*.dcm") if (d := pydicom.dcmread(p))
    }
    originals = [pydicom.dcmread(p) for k in "12" for p in (sent / k).rglob("*.dcm")]
    assert len(fetched) == 14
    assert all(fetched[d.SOPInstanceUID] == d for d in originals)


def test_a_wrong_password_is_refused(pacs: str) -> None:
    """As Orthanc does it."""
    wrong = {**LOGIN, "FOOTVOL_PACS_PASSWORD": "other"}

    with opened_pacs(pacs, wrong) as client, pytest.raises(PacsError, match="answer 401"):
        find_studies(client, {"PatientID": "P8"})


def test_a_wrong_path_is_refused(pacs: str) -> None:
    """The root of the server is no DICOMweb service."""
    with (
        opened_pacs(pacs.replace("dicom-web", "dicomweb")) as client,
        pytest.raises(PacsError, match=r"answer 404 \(Not Found\)\. Check the path"),
    ):
        find_studies(client, {"PatientID": "P8"})


def test_intake_takes_scans_from_the_pacs(
    pacs: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Of two series, the one with the contrast of the rule; without names."""
    table = tmp_path / "studies.tsv"
    table.write_text("participant_id\tpatient_id\nsub-01\tP 7/ä\nsub-02\tP8\n")
    words = [str(table), str(tmp_path / "raw"), "--pacs", pacs, "--series", "1", "-v"]

    assert main(["intake", *words]) == 0

    for label in ("01", "02"):
        image = tmp_path / "raw" / f"sub-{label}" / "anat" / f"sub-{label}_T1w.nii.gz"
        np.testing.assert_array_equal(read_scan(image).intensity, make_taken_scan().intensity)
    printed = "".join(capfd.readouterr())
    assert "sub-01: 14 images fetched" in printed
    assert not any(word in printed for word in ("P 7/ä", "1.2.7", "MUSTERMANN", PASSWORD))
