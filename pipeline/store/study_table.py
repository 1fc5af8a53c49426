"""Reading of the table that says which study in a PACS shows each participant."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.domain.participant import MISSING
from pipeline.errors import ConfigError
from pipeline.store.participants import by_label
from pipeline.store.tsv import read_rows

_STUDY_COLUMNS = {
    "accession_number": "AccessionNumber",
    "patient_id": "PatientID",
    "study_instance_uid": "StudyInstanceUID",
    "study_date": "StudyDate",
}


@dataclass(frozen=True, slots=True)
class StudyRow:
    """Which study in a PACS shows a participant.

    Parameters
    ----------
    label
        Participant, without ``sub-``.
    where
        Table and row, for messages.
    wanted
        Value that the study must have, by DICOM keyword; none of them is printed.
    """

    label: str
    where: str
    wanted: Mapping[str, str] = field(repr=False)


def read_studies(path: Path) -> tuple[StudyRow, ...]:
    """Read which study in a PACS shows each participant.

    Columns are ``participant_id`` and any of ``accession_number``, ``patient_id``,
    ``study_instance_uid`` and ``study_date``; a study must have all values of its row.
    Messages give row numbers only.

    Raises
    ------
    ConfigError
        If the table cannot be read, lacks a column or has no rows, names a participant
        twice, or a row names no study.
    """
    rows = by_label(path, read_rows(path, ("participant_id",), is_confidential=True))
    studies = tuple(
        StudyRow(label, where, _wanted(cells, where)) for label, (where, cells) in rows.items()
    )
    if not studies:
        msg = f"{path.name} must have a row for each participant: got none. Add them."
        raise ConfigError(msg)
    return studies


def _wanted(cells: Mapping[str, str], where: str) -> dict[str, str]:
    """Give the values by which to find a study."""
    wanted = {
        keyword: cells[column]
        for column, keyword in _STUDY_COLUMNS.items()
        if cells.get(column, MISSING) not in ("", MISSING)
    }
    if not wanted.keys() - {"StudyDate"}:
        msg = (
            f"{where} must name a study: got no accession_number, patient_id or "
            "study_instance_uid. Fill in one of these columns."
        )
        raise ConfigError(msg)
    date = wanted.get("StudyDate")
    if date is not None:
        wanted["StudyDate"] = date.replace("-", "")
        if not re.fullmatch(r"\d{8}", wanted["StudyDate"]):
            msg = f"{where}: study_date must be a date such as 2024-03-31. Correct it."
            raise ConfigError(msg)
    return wanted
