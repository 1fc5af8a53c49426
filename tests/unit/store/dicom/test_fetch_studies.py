"""Studies of a table, fetched into a folder that does not stay."""

from pathlib import Path

import pytest
from dicom_makers import write_series
from fake_pacs import FakePacs

from pipeline.domain.scan import Scan
from pipeline.errors import ConfigError, PacsError
from pipeline.store.dicom.fetch_studies import fetched_studies


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the folder for temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def studies(folder: Path, *rows: str) -> Path:
    """Write a table of studies."""
    path = folder / "studies.tsv"
    lines = ("participant_id\taccession_number\tpatient_id\tstudy_date", *rows)
    path.write_text("\n".join(lines) + "\n")
    return path


def test_every_participant_gets_a_folder(
    pacs: FakePacs, scan: Scan, tmp_path: Path, temporary: Path
) -> None:
    """It is removed at the end of the block."""
    write_series(scan, tmp_path / "other", StudyInstanceUID="1.2.3", PatientID="P8")
    pacs.add(tmp_path / "other")
    table = studies(tmp_path, "01\tA7\tn/a\t2024-03-31", "02\tn/a\tP8\tn/a")

    with fetched_studies(table, pacs.address) as folder:
        counts = {path.name: len(list(path.rglob("*.dcm"))) for path in folder.iterdir()}

    assert counts == {"sub-01": 7, "sub-02": 7}
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            ["01\tA8\tn/a\tn/a"],
            r"one study in the PACS: got \['none for studies.tsv row 2'\]\. Correct",
        ),
        (
            ["01\tn/a\tsub-01\tn/a", "02\tA8\tn/a\tn/a"],
            r"got \['2 for studies.tsv row 2', 'none for studies.tsv row 3'\]\. Correct these",
        ),
    ],
)
def test_none_or_several_studies_are_refused(
    rows: list[str], words: str, pacs: FakePacs, scan: Scan, tmp_path: Path, temporary: Path
) -> None:
    """Before an image is fetched, and without a number of a patient in the message."""
    write_series(scan, tmp_path / "again", StudyInstanceUID="1.2.3")
    pacs.add(tmp_path / "again")
    table = studies(tmp_path, *rows)

    with pytest.raises(PacsError, match=words) as caught, fetched_studies(table, pacs.address):
        pytest.fail("was accepted")
    assert "A8" not in str(caught.value)
    assert not any("series" in target for _, target in pacs.asked)
    assert list(temporary.iterdir()) == []


def test_what_was_fetched_is_removed_after_a_fault(
    pacs: FakePacs, tmp_path: Path, temporary: Path
) -> None:
    """The folder holds names of patients."""
    pacs.lost = 1
    table = studies(tmp_path, "01\tA7\tn/a\tn/a")

    with pytest.raises(PacsError, match="got 6 of 7"), fetched_studies(table, pacs.address):
        pytest.fail("was accepted")
    assert list(temporary.iterdir()) == []


def test_only_rows_that_are_needed_are_fetched(
    pacs: FakePacs, tmp_path: Path, temporary: Path
) -> None:
    """The study of another participant is not even looked for."""
    table = studies(tmp_path, "01\tA7\tn/a\tn/a", "02\tA8\tn/a\tn/a")

    with fetched_studies(table, pacs.address, ["01"]) as folder:
        assert [path.name for path in folder.iterdir()] == ["sub-01"]

    with (
        pytest.raises(ConfigError, match=r"got none of \['sub-03'\]\. Add them\."),
        fetched_studies(table, pacs.address, ["03"]),
    ):
        pytest.fail("was accepted")
    assert list(temporary.iterdir()) == []
