"""Finding, fetching and storing in a PACS."""

from pathlib import Path

import pydicom
import pytest
from fake_pacs import FakePacs

from pipeline.errors import PacsError
from pipeline.store.dicom.dicomweb import fetch_images, find_studies, store
from pipeline.store.dicom.pacs_access import opened_pacs

SERIES = "GET .*/series"
IMAGES = r"GET .*/series/[0-9.]+"


def read(*paths: Path) -> list[pydicom.Dataset]:
    """Read DICOM files."""
    return [pydicom.dcmread(path) for path in paths]


def fetch(pacs: FakePacs, folder: Path) -> int:
    """Fetch the one study of the PACS."""
    with opened_pacs(pacs.address, {}) as client:
        (study,) = find_studies(client, {"AccessionNumber": "A7"})
        return fetch_images(client, study, folder)


def test_fetched_images_are_the_stored_ones(pacs: FakePacs, tmp_path: Path) -> None:
    """Every element of every image arrives."""
    assert fetch(pacs, tmp_path / "got") == 7

    got = [pydicom.dcmread(path) for path in sorted((tmp_path / "got").rglob("*.dcm"))]
    assert got == pacs.datasets
    assert [d.file_meta.TransferSyntaxUID for d in got] == ["1.2.840.10008.1.2.1"] * 7


def test_an_answer_that_repeats_no_value_is_not_counted(pacs: FakePacs) -> None:
    """A server that ignores a filter gives all that it has."""
    everything = pacs.answer("GET", "/dicom-web/studies", b"")
    pacs.wrong["GET .*/studies"] = everything

    with opened_pacs(pacs.address, {}) as client:
        assert find_studies(client, {"AccessionNumber": "A8"}) == ()
        assert len(find_studies(client, {"AccessionNumber": "A7", "PatientID": "sub-01"})) == 1


def test_an_empty_answer_finds_nothing(pacs: FakePacs) -> None:
    """Some servers answer 204 without a body, others an empty list."""
    with opened_pacs(pacs.address, {}) as client:
        assert find_studies(client, {"PatientID": "nobody"}) == ()
        pacs.wrong["GET .*/studies"] = (204, "application/dicom+json", b"")
        assert find_studies(client, {"AccessionNumber": "A7"}) == ()


def test_series_of_other_modalities_are_not_fetched(pacs: FakePacs, tmp_path: Path) -> None:
    """A segmentation that was stored in the study is no scan."""
    for dataset in pacs.datasets[:2]:
        dataset.Modality, dataset.SeriesInstanceUID = "SEG", "1.2.3"

    assert fetch(pacs, tmp_path / "got") == 5


def test_a_study_without_mr_images_is_refused(pacs: FakePacs, tmp_path: Path) -> None:
    """It is probably not the one that was meant."""
    for dataset in pacs.datasets:
        dataset.Modality = "CT"

    with pytest.raises(PacsError, match=r"must have MR images: got none among its 1 series\."):
        fetch(pacs, tmp_path / "got")


def test_images_that_do_not_arrive_are_noticed(pacs: FakePacs, tmp_path: Path) -> None:
    """Without the last slices, the stack would still be even."""
    pacs.lost = 2

    with pytest.raises(PacsError, match=r"must send every image of a series: got 5 of 7\."):
        fetch(pacs, tmp_path / "got")


@pytest.mark.parametrize("where", ["GET .*/studies", SERIES, IMAGES])
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/html", b"<html>Log in</html>"),
        ("application/dicom+json", b'["no study"]'),
        ("application/dicom", b"neither"),
        ("multipart/related; boundary=x", b"--x\r\n\r\nno DICOM\r\n--x--"),
    ],
)
def test_an_answer_that_is_not_dicom_is_refused(
    where: str, kind: str, body: bytes, pacs: FakePacs, tmp_path: Path
) -> None:
    """As of a page to log in, whose status is that of success."""
    pacs.wrong[where] = (200, kind, body)

    with pytest.raises(PacsError, match=r"got an answer that is not DICOM\. Check that"):
        fetch(pacs, tmp_path / "got")


def test_stored_files_are_in_the_pacs(pacs: FakePacs, tmp_path: Path) -> None:
    """Small and large ones: the latter are sent in chunks."""
    paths = sorted((tmp_path / "sent").rglob("*.dcm"))[:2]
    large = pydicom.dcmread(paths[1])
    large.add_new(0x00091001, "OB", bytes(3_000_000))
    large.save_as(paths[1])
    pacs.datasets.clear()

    with opened_pacs(pacs.address, {}) as client:
        store(client, read(*paths))

    assert pacs.datasets == read(*paths)


def test_a_file_that_the_pacs_did_not_keep_is_noticed(pacs: FakePacs, tmp_path: Path) -> None:
    """The status alone is that of success."""
    paths = sorted((tmp_path / "sent").rglob("*.dcm"))[:2]
    pacs.wrong["POST .*"] = (200, "application/dicom+json", b"{}")
    del pacs.datasets[0]

    with (
        opened_pacs(pacs.address, {}) as client,
        pytest.raises(
            PacsError, match=r"must store all 2 objects: got 1 that it did not accept\. See"
        ),
    ):
        store(client, read(*paths))


def test_the_reason_of_a_refused_file_is_given(pacs: FakePacs, tmp_path: Path) -> None:
    """As its DICOM status: 0110H is a failure in processing."""
    answer = (
        b'{"00081198": {"vr": "SQ", "Value": [{"00081197": {"vr": "US", "Value": [272]}}]}}'
    )
    pacs.wrong["POST .*"] = (202, "application/dicom+json", answer)

    with (
        opened_pacs(pacs.address, {}) as client,
        pytest.raises(PacsError, match=r"got 1 that it did not accept \(DICOM status 0110\)"),
    ):
        store(client, read(*sorted((tmp_path / "sent").rglob("*.dcm"))[:1]))
