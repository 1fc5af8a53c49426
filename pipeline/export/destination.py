"""The folder that exported objects are written to."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydicom import Dataset

from pipeline.domain.participant import Participant
from pipeline.errors import ConfigError, listed
from pipeline.export.export_feet import Deliver
from pipeline.run.cohort import Cohort
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
    taken = [p.participant_id for p in participants if _is_taken(folder / p.participant_id)]
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


def delivered_to(folder: Path) -> Deliver:
    """Give a function that writes the objects of a foot into a folder."""

    def deliver(name: ScanName, objects: Mapping[str, Dataset]) -> None:
        save_objects({folder / name.dicom(kind): made for kind, made in objects.items()})

    return deliver
