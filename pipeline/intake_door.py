"""The door of intake: files in, a raw BIDS dataset out."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.domain.participant import Participant
from pipeline.domain.scan import Side
from pipeline.errors import ConfigError, PipelineError, ScanError
from pipeline.stages.intake import IntakeClaims, IntakeParams, intake
from pipeline.store.bids import name_found, write_raw_dataset, write_raw_scan
from pipeline.store.images import read_scan
from pipeline.store.sources import Files, opened_participants, opened_source
from pipeline.store.tables import read_participants_table, read_patient_map

_LOG = logging.getLogger(__name__)


def intake_source(
    source: Path,
    bids_dir: Path,
    participants_tsv: Path | None,
    side: Side | None,
    params: IntakeParams,
    patient_map: Path | None = None,
) -> list[Path]:
    """Bring DICOM, NIfTI, NRRD or MetaImage scans into a raw BIDS dataset.

    One scan that is refused does not stop the others; it is told at the end.

    Parameters
    ----------
    source
        A DICOM folder or archive, an image, or a folder or archive with one of these per
        participant, each named ``sub-<label>`` or as `participants_tsv` names them.
    participants_tsv
        Table to take groups, body masses and sides from.
    side
        The side that the user gives for all scans.
    patient_map
        Table that says which patient ID is which participant, for DICOM of several
        patients under any names.

    Returns
    -------
    list of Path
        The images written, in the order of the labels.

    Raises
    ------
    ConfigError
        If paths or tables are wrong, or all that were refused exist already.
    ScanError
        Naming each scan that was refused, with the reason.
    """
    table = read_participants_table(participants_tsv) if participants_tsv else None
    patients = read_patient_map(patient_map) if patient_map else None
    written: dict[str, list[Path]] = {}
    refused: dict[str, PipelineError] = {}
    studies: dict[str, str] = {}
    with opened_participants(source, table or (), patients) as sources:
        people = _participants(table, participants_tsv, sources)
        for label, files in sources.items():
            job = _Job(files, bids_dir, people[label], side)
            try:
                written[label] = _intake_one(job, params, studies)
                names = ", ".join(path.name for path in written[label])
                _LOG.info("sub-%s: written to %s", label, names)
            except PipelineError as error:
                refused[label] = error
    if written:
        write_raw_dataset(bids_dir, written, participants_tsv)
    if refused:
        reasons = " ".join(f"sub-{label}: {error}" for label, error in refused.items())
        is_scan = any(isinstance(error, ScanError) for error in refused.values())
        raise (ScanError if is_scan else ConfigError)(reasons)
    return [path for paths in written.values() for path in paths]


@dataclass(frozen=True, slots=True)
class _Job:
    """One participant's files, and where they go."""

    files: Files
    bids_dir: Path
    participant: Participant
    side: Side | None


def _participants(
    table: Mapping[str, Participant] | None, path: Path | None, sources: Mapping[str, Files]
) -> Mapping[str, Participant]:
    if table is None or path is None:
        return {label: Participant(label) for label in sources}
    unknown = [f"sub-{label}" for label in sources if label not in table]
    if unknown:
        msg = (
            f"Every participant must have a row in {path.name}: got none for "
            f"{', '.join(unknown)}. Add it, or rename the source by the participant's label."
        )
        raise ConfigError(msg)
    return table


def _intake_one(job: _Job, params: IntakeParams, studies: dict[str, str]) -> list[Path]:
    """Write a participant's scan, and the fat image that goes with a water image."""
    label = job.participant.label
    with opened_source(job.files, params) as found:
        _check_study(found.study, label, studies)
        written = []
        for image in (found, *found.beside):
            claims = IntakeClaims(job.side, job.participant.side, image.side, image.side_text)
            scan = intake(read_scan(image.image), claims, params)
            name = name_found(label, image, job.files[0], suffix=params.suffix)
            written.append(write_raw_scan(image, name, job.bids_dir, side=scan.side))
    return written


def _check_study(study: str, label: str, studies: dict[str, str]) -> None:
    """Refuse a participant whose images are another one's."""
    other = studies.setdefault(study, label) if study else label
    if other != label:
        msg = (
            f"A DICOM study must belong to one participant: got the study of sub-{other} once "
            "more. Find out whose it is, and remove both scans where in doubt."
        )
        raise ScanError(msg)
