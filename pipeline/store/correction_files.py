"""Finding of manually corrected label maps in ``OUT/corrections``."""

from collections.abc import Collection, Iterable
from pathlib import Path

from pipeline.domain.scan_key import ScanKey
from pipeline.errors import ArtefactError, ConfigError, listed
from pipeline.store.content import check_content
from pipeline.store.junk import without_junk
from pipeline.store.names import ScanName, is_image, key_of, without_ending

FOLDER = "corrections"
STRUCTURES = ("muscles", "bones")
SEGMENTS = ".seg.nrrd"
"""Ending of a segmentation of 3D Slicer."""
DICOM = ".dcm"
"""Ending of a DICOM segmentation."""
_ACCEPTED = (".nii.gz", ".nii", SEGMENTS, DICOM)


def find_corrections(out: Path, name: ScanName) -> dict[str, Path]:
    """Find the corrected label maps of one scan, by ``muscles`` and ``bones``.

    Raises
    ------
    ArtefactError
        If a file is named after the participant but not after a label map, one map has
        two files, or a file is not a regular one or has its content elsewhere.
    """
    found: dict[str, Path] = {}
    own = [
        path
        for path in _images(out, name.participant_id)
        if name.key in key_of(path).among((name.key,))
    ]
    for path in own:
        structure = _structure(path, name)
        if structure is None:
            stem = without_ending(name.muscles())
            msg = (
                f"A correction must be named as its label map, such as {stem + '.nii.gz'!r} or "
                f"{stem + SEGMENTS!r} (seg-bones for bones): got {path.name!r}. Rename it."
            )
            raise ArtefactError(msg)
        if structure in found:
            msg = (
                f"A label map must have one correction: got {found[structure].name!r} and "
                f"{path.name!r}. Keep the valid one and move the other away."
            )
            raise ArtefactError(msg)
        check_content(path, ArtefactError)
        found[structure] = path
    return found


def check_owners(out: Path, keys: Iterable[ScanKey]) -> None:
    """Refuse corrections that belong to no participant, as they would be ignored.

    Parameters
    ----------
    keys
        Of all scans; that of a participant alone allows all of the participant's scans.

    Raises
    ------
    ConfigError
        Naming all such files.
    """
    known = {*keys}
    images = _images(out)
    unowned = [path for path in images if not _is_owned(key_of(path), known)]
    if unowned:
        # The name of a DICOM file may name a person.
        names = [path.name if is_image(path) else f"*{DICOM}" for path in unowned]
        msg = (
            f"Every image in {FOLDER}/ must be named after a participant: got "
            f"{listed(names)}. Rename or move them."
        )
        raise ConfigError(msg)


def _images(out: Path, start: str = "") -> list[Path]:
    """Find the images whose names start so; those of a large cohort are not all looked at."""
    folder = out / FOLDER
    if not folder.is_dir():
        return []
    named = (path for path in folder.iterdir() if path.name.startswith(start))
    return sorted(path for path in without_junk(named, folder) if _is_labels(path))


def _is_labels(path: Path) -> bool:
    return is_image(path) or path.suffix.lower() == DICOM


def _is_owned(key: ScanKey, known: Collection[ScanKey]) -> bool:
    return ScanKey(key.label) in known or bool(key.among(known))


def _structure(path: Path, name: ScanName) -> str | None:
    """Return which map a file corrects; only session and run of the scan are needed."""
    for structure in STRUCTURES:
        whole = without_ending(name.muscles()).replace("muscles", structure)
        bare = f"{name.key.name}_seg-{structure}_dseg"
        if path.name in {stem + ending for stem in (whole, bare) for ending in _ACCEPTED}:
            return structure
    return None
