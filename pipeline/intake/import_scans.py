"""Import of scans of any accepted format into a raw BIDS dataset."""

import logging
from collections.abc import Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.domain.participant import Participant
from pipeline.domain.scan import Side
from pipeline.errors import (
    ConfigError,
    LostWorkerError,
    PipelineError,
    ScanError,
    listed,
    system_refusal,
)
from pipeline.settings.intake import IntakeParams
from pipeline.stages.laterality import SideClaims, settle_laterality
from pipeline.store.bids import (
    check_raw_dataset,
    name_source_image,
    read_source_table,
    write_raw_dataset,
    write_raw_scan,
)
from pipeline.store.contrast import contrast_of
from pipeline.store.dicom.import_series import SourceImage
from pipeline.store.images import read_scan
from pipeline.store.names import sidecar_of
from pipeline.store.participants import read_patient_map
from pipeline.store.sources import Files, opened_participants, opened_source

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stated:
    """What the user states of all scans of an import.

    Parameters
    ----------
    session
        Without ``ses-``; None adds none to the names.
    """

    side: Side | None = None
    session: str | None = None


def intake_source(
    source: Path,
    bids_dir: Path,
    participants_tsv: Path | None,
    stated: Stated | None,
    params: IntakeParams,
    patient_map: Path | None,
    executor: Executor,
) -> list[Path]:
    """Import DICOM, NIfTI, NRRD or MetaImage scans into a raw BIDS dataset.

    A scan that is refused does not stop the others; it is reported at the end.

    Parameters
    ----------
    source
        A DICOM folder or archive, an image, or a folder or archive with one of these per
        participant, each named ``sub-<label>`` or after a label in `participants_tsv`.
    participants_tsv
        Table of groups, body masses and sides.
    stated
        What the user states of all scans.
    patient_map
        Table of the participant of each patient ID, for DICOM files of several patients
        under any names.
    executor
        Runs the import of each participant; the bytes do not depend on it.

    Returns
    -------
    list of Path
        The images written, in the order of the labels.

    Raises
    ------
    ConfigError
        If a path or table is invalid, or if scans were refused only because they exist.
    ScanError
        With the reason for each scan that was refused.
    """
    table = read_source_table(participants_tsv) if participants_tsv else None
    patients = read_patient_map(patient_map) if patient_map else None
    check_raw_dataset(bids_dir)
    written: dict[str, list[Path]] = {}
    refused: dict[str, PipelineError] = {}
    studies: dict[str, str] = {}
    with opened_participants(source, table or (), patients) as sources:
        people = _participants(table, participants_tsv, sources)
        jobs = [
            _Job(files, bids_dir, people[k], stated or Stated()) for k, files in sources.items()
        ]
        results = [executor.submit(_intake_one, params, job) for job in jobs]
        for label, result in zip(sources, results, strict=True):
            done = _outcome(result)
            error = done.error or _withdrawn(done, label, studies, bids_dir)
            if error:
                refused[label] = error
                continue
            written[label] = list(done.written)
            names = ", ".join(path.name for path in done.written)
            _LOG.info("sub-%s: written to %s", label, names)
    if written:
        write_raw_dataset(bids_dir, written, table)
    if refused:
        reasons = " ".join(f"sub-{label}: {error}" for label, error in refused.items())
        is_scan = any(error.exit_code == ScanError.exit_code for error in refused.values())
        raise (ScanError if is_scan else ConfigError)(reasons)
    return [path for paths in written.values() for path in paths]


@dataclass(frozen=True, slots=True)
class _Job:
    """One participant's files, and where to write them."""

    files: Files
    bids_dir: Path
    participant: Participant
    stated: Stated


def _participants(
    table: Mapping[str, Participant] | None, path: Path | None, sources: Mapping[str, Files]
) -> Mapping[str, Participant]:
    if table is None or path is None:
        return {label: Participant(label) for label in sources}
    unknown = [f"sub-{label}" for label in sources if label not in table]
    if unknown:
        msg = (
            f"Every participant must have a row in {path.name}: got none for "
            f"{listed(unknown)}. Add it, or rename the source by the participant's label."
        )
        raise ConfigError(msg)
    return table


@dataclass(frozen=True, slots=True)
class _Done:
    """The result for a participant: images written from a study, or why there are none."""

    written: tuple[Path, ...] = ()
    study: str = field(default="", repr=False)
    error: PipelineError | None = None


def _intake_one(params: IntakeParams, job: _Job) -> _Done:
    """Write a participant's scan, and the fat image that belongs to a water image."""
    try:
        with opened_source(job.files, params) as found:
            images = (found, *found.beside)
            return _Done(tuple(_write(image, job, params) for image in images), found.study)
    except PipelineError as error:
        return _Done(error=error)
    except OSError as error:
        return _Done(error=ConfigError(system_refusal(error)))


def _outcome(result: "Future[_Done]") -> _Done:
    try:
        return result.result()
    except LostWorkerError as error:
        return _Done(error=error)


def _write(image: SourceImage, job: _Job, params: IntakeParams) -> Path:
    claims = SideClaims(job.stated.side, job.participant.side, image.sides)
    name = name_source_image(job.participant.label, image, job.files[0], suffix=params.suffix)
    name = name.in_session(job.stated.session)
    shown = contrast_of(name.raw(), image.fields)
    scan = settle_laterality(read_scan(image.image, shown), claims, params)
    return write_raw_scan(image, name, job.bids_dir, side=scan.side)


def _withdrawn(
    done: _Done, label: str, studies: dict[str, str], bids_dir: Path
) -> ScanError | None:
    """Delete the images of a participant whose study is another one's, and say why."""
    other = studies.setdefault(done.study, label) if done.study else label
    if other == label:
        return None
    for path in done.written:
        path.unlink()
        sidecar_of(path).unlink()
    for folder in done.written[0].parents:
        if folder == bids_dir or any(folder.iterdir()):
            break
        folder.rmdir()
    msg = (
        f"A DICOM study must belong to one participant: got the study of sub-{other} again. "
        "Find out whose it is, and remove both scans if in doubt."
    )
    return ScanError(msg)
