"""Where exported objects go: a folder, a PACS, or both."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from pydicom import Dataset

from pipeline.domain.participant import Participant
from pipeline.errors import ConfigError, listed
from pipeline.export.export_feet import Deliver
from pipeline.run.cohort import Cohort
from pipeline.store.dicom.dicomweb import store
from pipeline.store.dicom.pacs_access import opened_pacs
from pipeline.store.dicom.save_objects import save_objects
from pipeline.store.names import ScanName


def check_destination(
    cohort: Cohort, participants: Sequence[Participant], folder: Path
) -> None:
    """Refuse a folder where patients' names may not lie, or where files would be lost.

    Raises
    ------
    ConfigError
        If the folder lies in OUT or the raw dataset, or has files of these participants.
    """
    inside = [
        (name, place)
        for name, place in (("OUT", cohort.out), ("the raw dataset", _raw(cohort)))
        if place and folder.resolve().is_relative_to(place.resolve())
    ]
    if inside:
        name, _ = inside[0]
        msg = (
            "Exported objects name the patient, so DEST must lie outside OUT and the raw "
            f"dataset: got {str(folder)!r}, inside {name}. Choose another folder."
        )
        raise ConfigError(msg)
    names = dict.fromkeys(who.participant_id for who in participants)
    taken = [name for name in names if _is_taken(folder / name)]
    if taken:
        msg = (
            f"Exported objects are never overwritten: got folders of {listed(taken)} in "
            f"{str(folder)!r}. Remove them, or choose another folder."
        )
        raise ConfigError(msg)


def _raw(cohort: Cohort) -> Path | None:
    return None if cohort.image else cohort.bids_dir


def _is_taken(folder: Path) -> bool:
    return folder.is_symlink() or (folder.exists() and not _is_empty(folder))


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


@contextmanager
def opened_destinations(
    cohort: Cohort, participants: Sequence[Participant], folder: Path | None, pacs: str | None
) -> Iterator[Deliver]:
    """Give a function that delivers the objects of a foot.

    Parameters
    ----------
    folder
        See `check_destination`.
    pacs
        Address of a DICOMweb service. What cannot be stored there is not written either.

    Raises
    ------
    ConfigError
        If there is neither, or one of them is invalid.
    """
    if folder:
        check_destination(cohort, participants, folder)
    elif not pacs:
        msg = "Export needs a place for its objects: got none. Name DEST, or pass --pacs."
        raise ConfigError(msg)
    with opened_pacs(pacs) if pacs else nullcontext() as client:

        def deliver(name: ScanName, objects: Mapping[str, Dataset]) -> None:
            if client:
                store(client, list(objects.values()))
            if folder:
                write_objects(folder, name, objects)

        yield deliver


def write_objects(folder: Path, name: ScanName, objects: Mapping[str, Dataset]) -> None:
    """Write the objects of a foot into a folder."""
    save_objects({folder / name.dicom(kind): made for kind, made in objects.items()})
