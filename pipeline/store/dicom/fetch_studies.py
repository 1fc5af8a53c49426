"""Fetching of the studies that a table names from a PACS into a scratch folder."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir

from dicomweb_client import DICOMwebClient

from pipeline.errors import ConfigError, PacsError, listed
from pipeline.store.dicom.dicomweb import fetch_images, find_studies
from pipeline.store.dicom.pacs_access import opened_pacs
from pipeline.store.files import scratch_folder
from pipeline.store.study_table import StudyRow, read_studies

_LOG = logging.getLogger(__name__)


@contextmanager
def fetched_studies(
    table: Path, address: str, labels: Sequence[str] | None = None
) -> Iterator[Path]:
    """Fetch the MR images of every participant's study; they exist inside the block.

    All studies are found before the first image is fetched.

    Parameters
    ----------
    table
        See `read_studies`.
    address
        Of a DICOMweb service.
    labels
        Participants, without ``sub-``; other rows of the table are left out. None means all.

    Yields
    ------
    Path
        A folder with one folder ``sub-<label>`` per participant.

    Raises
    ------
    ConfigError
        If table, address or credentials are invalid.
    PacsError
        If a row does not match exactly one study, or the PACS does not answer as it must.
    """
    rows = [row for row in read_studies(table) if labels is None or row.label in labels]
    if not rows:
        msg = (
            f"{table.name} must have a row for a participant that is needed: got none of "
            f"{listed(f'sub-{label}' for label in labels or ())}. Add them."
        )
        raise ConfigError(msg)
    with scratch_folder(Path(gettempdir())) as scratch:
        with opened_pacs(address) as pacs:
            studies = _found(pacs, rows, table.name)
            for row in rows:
                count = fetch_images(pacs, studies[row.label], scratch / f"sub-{row.label}")
                _LOG.info("sub-%s: %d images fetched", row.label, count)
        yield scratch


def _found(pacs: DICOMwebClient, rows: Sequence[StudyRow], table: str) -> dict[str, str]:
    """Find the one study of each row, by label."""
    found = [(row, find_studies(pacs, row.wanted)) for row in rows]
    wrong = [f"{len(uids) or 'none'} for {row.where}" for row, uids in found if len(uids) != 1]
    if wrong:
        msg = (
            f"Every row of {table} must match one study in the PACS: got "
            f"{listed(wrong)}. Correct these rows, or add accession_number, "
            "study_instance_uid or study_date."
        )
        raise PacsError(msg)
    return {row.label: uids[0] for row, uids in found}
