"""A foot from a PACS, measured, stored there, edited elsewhere and measured again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from dicom_makers import write_series
from orthanc import LOGIN, MISSING, PASSWORD, orthanc
from reviewed import TruthSegmenter

from pipeline.cli import main
from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.domain.scan import Scan
from pipeline.phantom.acquisition.acquire import ideal_scan
from pipeline.phantom.acquisition.protocols import get_protocol
from pipeline.phantom.anatomy.foot import Foot
from pipeline.segmenters import registry
from pipeline.store.dicom.dicomweb import find_studies, store
from pipeline.store.dicom.pacs_access import opened_pacs
from pipeline.store.images import read_labels

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(MISSING is not None, reason=MISSING or ""),
]
LABELS = Path("sub-01", "anat", "sub-01_seg-muscles_dseg.nii.gz")


@pytest.fixture
def series(coarse_foot: Foot, tmp_path: Path) -> Path:
    """Write the coarse scan of a digital foot as DICOM of a patient with a name."""
    scan = ideal_scan(coarse_foot, get_protocol("t1_se_4mm"))
    image = Scan(np.rint(scan.intensity * 800), scan.grid, acquisition=scan.acquisition)
    named: dict[str, Any] = {"PatientName": "MUSTERMANN^ANNA", "PatientID": "P7"}
    write_series(image, tmp_path / "sent", **named, FrameOfReferenceUID="1.2.3.4")
    return tmp_path / "sent"


@pytest.fixture
def pacs(series: Path, tmp_path: Path) -> Iterator[str]:
    """Start Orthanc, and store the series in it."""
    with orthanc(tmp_path / "orthanc") as address:
        with opened_pacs(address, LOGIN) as client:
            store(client, [pydicom.dcmread(path) for path in sorted(series.rglob("*.dcm"))])
        yield address


def stored_in(address: str, modality: str) -> list[pydicom.Dataset]:
    """Fetch all objects of a modality."""
    with opened_pacs(address, LOGIN) as client:
        (study,) = find_studies(client, {"PatientID": "P7"})
        series = client.search_for_series(study, search_filters={"Modality": modality})
        uids = [item["0020000E"]["Value"][0] for item in series]
        return [made for uid in uids for made in client.retrieve_series(study, uid)]


def test_a_foot_goes_from_the_pacs_and_back(
    pacs: str,
    coarse_foot: Foot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Objects in the PACS are those of the folder, and an edited one corrects the labels."""
    for name, value in LOGIN.items():
        monkeypatch.setenv(name, value)
    TruthSegmenter.feet = {coarse_foot.grid.shape: coarse_foot}
    monkeypatch.setattr(registry, "SEGMENTERS", {"network": TruthSegmenter})
    raw, out, dest = (tmp_path / name for name in ("raw", "out", "dest"))
    table = tmp_path / "studies.tsv"
    people = tmp_path / "participants.tsv"
    people.write_text("participant_id\tgroup\tbody_mass_kg\nsub-01\thealthy\t70\n")
    table.write_text("participant_id\tpatient_id\nsub-01\tP7\n")
    run = ["run", str(raw), str(out), "--set", "quality.enforce=false"]

    assert (
        main(["intake", str(table), str(raw), "--pacs", pacs, "--participants", str(people)])
        == 0
    )
    assert main(run) == 0
    assert main(["export", str(out), str(dest), "--dicom", str(table), "--pacs", pacs]) == 0

    assert main(["export", str(out), "--dicom", str(table), "--pacs", pacs]) == 0  # once more
    (shown,), (report,) = stored_in(pacs, "SEG"), stored_in(pacs, "SR")
    written = {d.Modality: d for p in dest.rglob("*.dcm") if (d := pydicom.dcmread(p))}
    assert written == {"SEG": shown, "SR": report}
    assert not any(b"sub-01" in path.read_bytes() for path in dest.rglob("*.dcm"))
    assert {shown.PatientID, report.PatientID} == {"P7"}

    edited = out / "corrections" / "sub-01_seg-muscles_dseg.dcm"
    edited.parent.mkdir()
    shown.SegmentSequence[0].SegmentLabel, shown.SegmentSequence[1].SegmentLabel = "FDB", "ABH"
    shown.save_as(edited)
    before = read_labels(out / LABELS, MUSCLE_NAMES).voxels
    assert main(run) == 0

    swapped = np.array([0, 2, 1, *range(3, 13)])[before]
    np.testing.assert_array_equal(read_labels(out / LABELS, MUSCLE_NAMES).voxels, swapped)
    printed = "".join(capfd.readouterr())
    assert not any(word in printed for word in ("P7", "MUSTERMANN", PASSWORD))
