"""Finding participants and their scans in a raw BIDS dataset, and fat images of Dixon scans."""

import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from pipeline.domain.dixon import without_water_or_fat
from pipeline.domain.scan import Contrast
from pipeline.domain.scan_key import ScanKey
from pipeline.errors import ConfigError, ScanError, listed
from pipeline.store.content import check_content
from pipeline.store.contrast import contrast_of
from pipeline.store.junk import without_junk
from pipeline.store.names import (
    SUFFIXES,
    bare_label,
    check_owner,
    is_image,
    key_of,
    without_ending,
)
from pipeline.store.sidecars import read_sidecar

_LOG = logging.getLogger(__name__)


def find_participants(bids_dir: Path) -> tuple[str, ...]:
    """Return the labels, without ``sub-``, of all participants' folders, sorted.

    Raises
    ------
    ConfigError
        If the folder is missing or contains no ``sub-`` folder.
    """
    if not bids_dir.is_dir():
        msg = (
            f"The raw dataset must be a folder: got {str(bids_dir)!r}, which is not "
            "one. Check the path."
        )
        raise ConfigError(msg)
    with os.scandir(bids_dir) as entries:  # it knows folders without asking for each
        labels = sorted(
            entry.name.removeprefix("sub-")
            for entry in entries
            if entry.name.startswith("sub-") and entry.is_dir()
        )
    if not labels:
        msg = (
            f"The raw dataset must contain folders named 'sub-<label>': got none in "
            f"{str(bids_dir)!r}. Make them with 'footvol intake'."
        )
        raise ConfigError(msg)
    return tuple(labels)


def find_keys(bids_dir: Path, label: str) -> tuple[ScanKey, ...]:
    """Say which scans of a participant are to be measured: one for each session and run.

    Returns
    -------
    tuple of ScanKey
        Sorted; the participant alone where there is no scan, or where an image is named after
        another participant or session. `find_scan` says so.

    Raises
    ------
    ConfigError
        If the label is invalid.
    """
    participant = ScanKey(bare_label(label))
    try:
        keys = {key_of(path) for path in _fitting(_images_of(bids_dir, participant))}
    except ScanError:
        keys = set()
    return tuple(sorted(keys or {participant}, key=lambda key: key.order))


def find_scan(bids_dir: Path, key: ScanKey) -> Path:
    """Find the one scan of a participant, or of a session and run, to measure.

    In each session, T1-weighted takes precedence over proton-density and T2-weighted, and the
    water image of a Dixon pair over its fat image.

    Raises
    ------
    ConfigError
        If the label is invalid.
    ScanError
        If no image fits, or more than one; or if one is named after another participant,
        or its content is elsewhere.
    """
    key = replace(key, label=bare_label(key.label))
    images = _images_of(bids_dir, key)
    by_key = {path: key_of(path) for path in _fitting(images)}
    wanted = key.among({*by_key.values()})
    fitting = [path for path, own in by_key.items() if own in wanted]
    if len(fitting) > 1:
        suffix = without_ending(fitting[0]).rpartition("_")[2]
        names = listed(path.name for path in fitting)
        msg = (
            f"A participant must have one {suffix} scan in each session and run: got "
            f"{len(fitting)} ({names}). Keep the one to be measured and move the others out of "
            "the dataset, or name them as runs, such as run-1 and run-2."
        )
        raise ScanError(msg)
    if not fitting:
        msg = (
            f"A participant must have a scan named '{key.name}_T1w.nii.gz' (or PDw, T2w): got "
            f"{len(images)} other images in '{key.participant_id}'. Put it there with 'footvol "
            "intake'."
        )
        raise ScanError(msg)
    check_content(fitting[0])
    return fitting[0]


def _images_of(bids_dir: Path, key: ScanKey) -> list[Path]:
    """Find all images of a participant."""
    folder = bids_dir / key.participant_id
    sessions = sorted(name for name in _names_in(folder) if name.startswith("ses-"))
    anats = [folder / "anat", *(folder / name / "anat" for name in sessions)]
    there = [p / name for p in anats for name in sorted(_names_in(p)) if ".nii" in name]
    images = without_junk(there, folder)
    if len(images) < len(there):
        _LOG.debug("%s: %d system files ignored", folder.name, len(there) - len(images))
    for image in images:
        check_owner(image, bids_dir)
    return images


def _names_in(folder: Path) -> list[str]:
    """List a folder; a tenth of the time of `glob`, which counts with many participants."""
    with suppress(OSError):
        return os.listdir(folder)  # noqa: PTH208 it makes no paths
    return []


def _fitting(images: Sequence[Path]) -> list[Path]:
    """Select the images that have the preferred contrast of their session."""
    if len(images) < 2:
        return _preferred(images)
    sessions = dict.fromkeys(key_of(image).session for image in images)
    return [
        image
        for session in sessions
        for image in _preferred([p for p in images if key_of(p).session == session])
    ]


def _preferred(images: Sequence[Path]) -> list[Path]:
    """Select the images of one session that have its preferred contrast."""
    for suffix in SUFFIXES:
        fitting = [p for p in images if without_ending(p).endswith(f"_{suffix}")]
        if len(fitting) > 1:
            fitting = [p for p in fitting if _shown(p) is not Contrast.FAT] or fitting
        if fitting:
            return fitting
    return []


def find_fat_image(water: Path, option: Contrast | None = None) -> Path | None:
    """Find the fat image of the same Dixon scan; its name differs only in the Dixon part.

    Parameters
    ----------
    option
        Contrast of the image that the user states.

    Returns
    -------
    Path or None
        None if the image is not a water image, or has no fat image.

    Raises
    ------
    ScanError
        If there are several, or sidecar and name of an image contradict each other.
    """
    if _shown(water, option) is not Contrast.WATER or not water.parent.is_dir():
        return None
    own = without_water_or_fat(without_ending(water))
    found = [
        path
        for path in without_junk(sorted(water.parent.iterdir()), water.parent)
        if is_image(path)
        and path.name != water.name
        and without_water_or_fat(without_ending(path)) == own
        and _shown(path) is Contrast.FAT
    ]
    if len(found) > 1:
        names = ", ".join(repr(path.name) for path in found)
        msg = (
            f"A water image must have one fat image beside it: got {names} for "
            f"{water.name!r}. Keep the one of the same acquisition."
        )
        raise ScanError(msg)
    return found[0] if found else None


def _shown(image: Path, option: Contrast | None = None) -> Contrast:
    return contrast_of(image, read_sidecar(image), option)
