"""Export of the feet of an output folder."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir

from pydicom import Dataset

from pipeline.domain.participant import Participant
from pipeline.errors import ConfigError, PipelineError, ScanError, listed, system_refusal
from pipeline.export.measured_feet import read_foot
from pipeline.run.cohort import Cohort, check_known
from pipeline.store.dicom.match_source import find_source
from pipeline.store.dicom.result_objects import make_result_objects
from pipeline.store.files import scratch_folder
from pipeline.store.names import ScanName, bare_label
from pipeline.store.sources import Files, files_of, opened_participants

_LOG = logging.getLogger(__name__)
Deliver = Callable[[ScanName, Mapping[str, Dataset]], None]
"""Stores the objects of one foot, by name."""


@dataclass(frozen=True, slots=True)
class Originals:
    """Where the original images are, and whose they are.

    Parameters
    ----------
    source
        A folder or archive of one participant, or with one entry for each.
    patients
        Label of each patient ID, for images of several patients under any names.
    """

    source: Path
    patients: Mapping[str, str] | None = None


def choose_participants(cohort: Cohort, labels: Sequence[str]) -> tuple[Participant, ...]:
    """Select scans by the labels of their participants, with or without ``sub-``; none: all.

    Raises
    ------
    ConfigError
        If a label is unknown.
    """
    chosen = {f"sub-{bare_label(label)}" for label in labels}
    check_known(sorted(chosen), [who.participant_id for who in cohort.participants])
    return tuple(p for p in cohort.participants if not chosen or p.participant_id in chosen)


def export_feet(
    cohort: Cohort,
    participants: Sequence[Participant],
    originals: Originals,
    deliver: Deliver,
    *,
    with_bones: bool = False,
) -> int:
    """Make the DICOM objects of each participant's foot, and deliver them.

    A foot that is refused does not stop the others; it is reported at the end.

    Returns
    -------
    int
        The number of feet delivered.

    Raises
    ------
    ConfigError
        If a path is invalid or the source does not say whose the images are.
    PipelineError
        With the reason for each foot that was refused.
    """
    refused: dict[str, PipelineError] = {}
    with _opened(cohort, participants, originals) as sources:
        for participant in participants:
            name = participant.key.name
            try:
                files = _files_of(participant, sources)
                _export(cohort, participant, files, deliver, with_bones=with_bones)
            except PipelineError as error:
                refused[name] = error
            except OSError as error:
                refused[name] = ConfigError(system_refusal(error))
            else:
                _LOG.info("%s: exported", name)
    if refused:
        reasons = " ".join(f"{name}: {error}" for name, error in refused.items())
        kinds = {type(error) for error in refused.values()}
        raise (kinds.pop() if len(kinds) == 1 else ScanError)(reasons)
    return len(participants)


@contextmanager
def _opened(
    cohort: Cohort, participants: Sequence[Participant], originals: Originals
) -> Iterator[Mapping[str, Files]]:
    """Find the files of each participant; a source of one needs no name if one is exported."""
    known = [participant.label for participant in cohort.participants]
    with opened_participants(originals.source, known, originals.patients) as sources:
        if sources.keys() & set(known):
            yield sources
            return
        if len(sources) == len({who.label for who in participants}) == 1:
            yield {participants[0].label: next(iter(sources.values()))}
            return
        msg = (
            "A source must name the participants that are exported, or be of the only one: got "
            f"{listed(sources)} for {listed(p.participant_id for p in participants)}. Name its "
            "folders 'sub-<label>', or choose one with --participant-label."
        )
        raise ConfigError(msg)


def _files_of(participant: Participant, sources: Mapping[str, Files]) -> Files:
    if participant.label not in sources:
        msg = "A source must have the original images: got none of this participant. Add them."
        raise ScanError(msg)
    return sources[participant.label]


def _export(
    cohort: Cohort,
    participant: Participant,
    files: Files,
    deliver: Deliver,
    *,
    with_bones: bool,
) -> None:
    located = cohort.job(participant).locate()
    scan, result = read_foot(located)
    with scratch_folder(Path(gettempdir())) as scratch:
        source = find_source(files_of(files, scratch), scan)
    deliver(located.name, make_result_objects(result, source, with_bones=with_bones))
