"""The door of intake: files in, a raw BIDS dataset out."""

import logging
from collections.abc import Mapping
from pathlib import Path

from pipeline.domain.participant import Participant
from pipeline.domain.scan import Side
from pipeline.errors import ConfigError, PipelineError, ScanError
from pipeline.stages.intake import IntakeClaims, IntakeParams, intake
from pipeline.store.bids import (
    find_sources,
    name_scan,
    opened_source,
    write_raw_dataset,
    write_raw_scan,
)
from pipeline.store.images import read_scan
from pipeline.store.tables import read_participants_table

_LOG = logging.getLogger(__name__)


def intake_source(
    source: Path,
    bids_dir: Path,
    participants_tsv: Path | None,
    side: Side | None,
    params: IntakeParams,
) -> list[Path]:
    """Bring DICOM, NIfTI, NRRD or MetaImage scans into a raw BIDS dataset.

    One scan that is refused does not stop the others; it is told at the end.

    Parameters
    ----------
    source
        A DICOM folder or zip, an image, or a folder with one of these per
        participant, each named ``sub-<label>``.
    participants_tsv
        Table to take groups, body masses and sides from.
    side
        The side that the user gives for all scans.

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
    sources = find_sources(source)
    participants = _participants(participants_tsv, sources)
    written: dict[str, Path] = {}
    refused: dict[str, PipelineError] = {}
    for label, path in sources.items():
        try:
            written[label] = _intake_one(path, bids_dir, participants[label], side, params)
            _LOG.info("sub-%s: written to %s", label, written[label].name)
        except PipelineError as error:
            refused[label] = error
    if written:
        write_raw_dataset(bids_dir, written, participants_tsv)
    if refused:
        reasons = " ".join(f"sub-{label}: {error}" for label, error in refused.items())
        is_scan = any(isinstance(error, ScanError) for error in refused.values())
        raise (ScanError if is_scan else ConfigError)(reasons)
    return list(written.values())


def _participants(table: Path | None, sources: Mapping[str, Path]) -> dict[str, Participant]:
    if table is None:
        return {label: Participant(label) for label in sources}
    known = read_participants_table(table)
    unknown = [f"sub-{label}" for label in sources if label not in known]
    if unknown:
        msg = (
            f"Every participant must have a row in {table.name}: got none for "
            f"{', '.join(unknown)}. Add it, or rename the source by the participant's label."
        )
        raise ConfigError(msg)
    return known


def _intake_one(
    source: Path,
    bids_dir: Path,
    participant: Participant,
    side: Side | None,
    params: IntakeParams,
) -> Path:
    with opened_source(source, series_number=params.series_number) as found:
        claims = IntakeClaims(side, participant.side, found.side, found.side_text)
        scan = intake(read_scan(found.image), claims, params)
        is_own_name = found.image.is_relative_to(source)
        named_by = found.image if is_own_name else source
        name = name_scan(participant.label, named_by, suffix=params.suffix)
        return write_raw_scan(found, name, bids_dir, side=scan.side)
