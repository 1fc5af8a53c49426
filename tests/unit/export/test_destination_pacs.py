"""Exported objects that go to a PACS."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest
from dicom_makers import write_series
from fake_pacs import FakePacs, served
from makers import make_taken_scan

from pipeline.errors import ConfigError, PacsError
from pipeline.export.destination import opened_destinations
from pipeline.store.names import ScanName

NAME = ScanName("01")


@pytest.fixture
def objects(tmp_path: Path) -> dict[str, pydicom.Dataset]:
    """Make two DICOM objects."""
    write_series(make_taken_scan(), tmp_path / "made")
    first, second, *_ = sorted((tmp_path / "made").rglob("*.dcm"))
    return {"seg-muscles": pydicom.dcmread(first), "sr": pydicom.dcmread(second)}


@pytest.fixture
def pacs() -> Iterator[FakePacs]:
    """Serve an empty PACS."""
    with served(FakePacs()) as fake:
        yield fake


def test_objects_are_stored_in_the_pacs(
    pacs: FakePacs, objects: dict[str, pydicom.Dataset]
) -> None:
    """No folder is needed."""
    cohort: Any = None

    with opened_destinations(cohort, (), None, pacs.address) as deliver:
        deliver(NAME, objects)

    assert pacs.datasets == [*objects.values()]


def test_what_a_pacs_refuses_is_not_written(
    pacs: FakePacs, objects: dict[str, pydicom.Dataset], tmp_path: Path
) -> None:
    """Folder and PACS have the same objects."""
    cohort: Any = type("Cohort", (), {"out": tmp_path / "out", "image": tmp_path / "image"})
    pacs.wrong["POST .*"] = (409, "text/html", b"")

    with opened_destinations(cohort, (), tmp_path / "dest", pacs.address) as deliver:
        with pytest.raises(PacsError, match=r"store the results: got the answer 409 \(Con"):
            deliver(NAME, objects)

        assert not (tmp_path / "dest").exists()
        pacs.wrong.clear()
        deliver(NAME, objects)

    written = [pydicom.dcmread(path) for path in sorted((tmp_path / "dest").rglob("*.dcm"))]
    assert written == pacs.datasets


def test_an_export_needs_a_place() -> None:
    """A folder, a PACS, or both."""
    cohort: Any = None

    with (
        pytest.raises(ConfigError, match=r"got none\. Name DEST, or pass --pacs"),
        opened_destinations(cohort, (), None, None),
    ):
        pytest.fail("was accepted")
