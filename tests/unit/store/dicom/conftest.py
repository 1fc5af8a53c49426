"""A PACS on loopback that holds one participant's series."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from dicom_makers import write_series
from fake_pacs import FakePacs, served

from pipeline.domain.scan import Scan


@pytest.fixture
def pacs(scan: Scan, tmp_path: Path) -> Iterator[FakePacs]:
    """Serve a PACS with one study of seven slices, whose accession number is A7."""
    write_series(scan, tmp_path / "sent", AccessionNumber="A7", StudyDate="20240331")
    fake = FakePacs()
    fake.add(tmp_path / "sent")
    with served(fake):
        yield fake
