"""The participants of a source, and the files of each."""

import logging
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir

from pydicom.misc import is_dicom

from pipeline.errors import ConfigError, ScanError, listed
from pipeline.settings.intake import SeriesRules
from pipeline.store.archives import is_archive, unpack, without_archive_ending
from pipeline.store.content import check_content
from pipeline.store.dicom.import_series import SourceImage, imported_dicom
from pipeline.store.dicom.read_headers import read_slices
from pipeline.store.files import scratch_folder
from pipeline.store.formats import ENDINGS
from pipeline.store.junk import is_of_viewer, without_junk
from pipeline.store.names import bare_label, is_image, without_ending
from pipeline.store.sidecars import read_sidecar, side_of

_LOG = logging.getLogger(__name__)
Files = tuple[Path, ...]


@contextmanager
def opened_participants(
    source: Path, known: Collection[str] = (), patients: Mapping[str, str] | None = None
) -> Iterator[dict[str, Files]]:
    """Find the participants of a source, and the files of each.

    A folder or archive whose entries are all named ``sub-<label>``, or after a label in
    `known`, has one participant per entry; any other source is one participant, named after
    the file or folder. An archive stays unpacked inside the block.

    Parameters
    ----------
    known
        Labels of the participants in the study's table.
    patients
        Label of each patient ID; if given, all DICOM images of the source are sorted by
        patient, whatever the names of their folders.

    Returns
    -------
    dict
        Files and folders of each participant, by label without ``sub-``, sorted.

    Raises
    ------
    ConfigError
        If the path is missing or empty, or its name gives no label.
    ScanError
        If an archive cannot be unpacked, a patient is not in `patients`, or the source is
        not a regular file or has its content elsewhere.
    """
    check_content(source)
    if not source.exists():
        msg = (
            f"A source must exist: got {str(source)!r}, where there is nothing. Check the path."
        )
        raise ConfigError(msg)
    if source.name == "DICOMDIR":
        source = source.resolve().parent
    with scratch_folder(Path(gettempdir())) as scratch:
        if patients is not None:
            found = _by_patient(files_of((source,), Path(scratch)), patients)
        elif is_archive(source):
            unpack(source, Path(scratch, "unpacked"))
            inside = _descended(Path(scratch, "unpacked"))
            found = _by_name(inside, known) or {label_of(source): (inside,)}
        elif source.is_file():
            found = {label_of(source): (source,)}
        else:
            _check_filled(source)
            is_one = re.sub(r"[^A-Za-z0-9]", "", source.name.removeprefix("sub-")) in known
            found = {} if is_one else _by_name(source, known)
            found = found or {label_of(source): (source,)}
        yield dict(sorted(found.items()))


@contextmanager
def opened_source(
    paths: Sequence[Path], rules: SeriesRules | None = None
) -> Iterator[SourceImage]:
    """Find the one volume in a participant's files; DICOM is converted inside the block.

    Raises
    ------
    ScanError
        If there is no volume, or not exactly one that fits the rules.
    """
    with scratch_folder(Path(gettempdir())) as scratch:
        files = files_of(paths, Path(scratch))
        images = [file for file in files if file.name.lower().endswith(ENDINGS)]
        if any(is_dicom(file) for file in files):
            with imported_dicom(files, rules) as found:
                yield found
            return
        if len(images) != 1:
            msg = (
                "A participant's source must have a DICOM series or one image: got "
                f"{len(images)} images ({', '.join(ENDINGS)}). Keep the one to be measured."
            )
            raise ScanError(msg)
        yield image_with_sidecar(images[0])


def image_with_sidecar(image: Path) -> SourceImage:
    """Return an image that needs no conversion, with the fields of its JSON sidecar.

    Raises
    ------
    ScanError
        If the sidecar cannot be read.
    """
    fields = read_sidecar(image)
    return SourceImage(image, fields, (("Laterality in the JSON sidecar", side_of(fields)),))


def files_of(paths: Sequence[Path], scratch: Path) -> list[Path]:
    """List all files, recursively; archives are unpacked into `scratch`.

    Raises
    ------
    ScanError
        If a link leads out of the folder, a file is not a regular one or has its content
        elsewhere, or an archive cannot be unpacked.
    """
    files: list[Path] = []
    for path in paths:
        if not path.is_dir():
            check_content(path)
            files.append(path)
            continue
        inside, home = _data_below(path), path.resolve()
        for file in inside:
            # The name of a DICOM file may name a person.
            check_content(file, is_named=is_image(file))
        away = sum(p.is_symlink() and not p.resolve().is_relative_to(home) for p in inside)
        if away:
            msg = (
                f"A source must contain its own files: got {away} links that lead out of it. "
                "Copy the files in, for example with cp -rL."
            )
            raise ScanError(msg)
        # The target of a link inside the folder is listed itself.
        files += [p for p in inside if p.is_file() and not p.is_symlink()]
    for number, archive in enumerate([p for p in files if is_archive(p)]):
        folder = scratch / f"archive{number}"
        unpack(archive, folder)
        files += [p for p in _data_below(folder) if p.is_file()]
    return [p for p in files if not is_archive(p)]


def _data_below(folder: Path) -> list[Path]:
    """List everything below a folder except files of systems and viewers."""
    there = sorted(folder.rglob("*"))
    data = without_junk(there, folder)
    data = [p for p in data if not is_of_viewer(p, folder) or (p.is_file() and is_dicom(p))]
    if len(data) < len(there):
        _LOG.debug("%d files of systems and viewers ignored", len(there) - len(data))
    return data


def label_of(source: Path) -> str:
    """Return the label that a name gives: its letters and digits.

    Raises
    ------
    ConfigError
        If it has no letters or digits.
    """
    stem = source.name
    if source.is_file():
        stem = without_archive_ending(without_ending(source))
        stem = stem.removesuffix(".dcm").removesuffix(".IMA")
    if stem.startswith("sub-"):
        stem = stem.split("_")[0].removeprefix("sub-")
    return bare_label(re.sub(r"[^A-Za-z0-9]", "", stem) or stem)


def _entries(folder: Path) -> list[Path]:
    """List a folder except for entries of systems and viewers."""
    return [
        path
        for path in without_junk(sorted(folder.iterdir()), folder)
        if not is_of_viewer(path, folder)
        or any(file.is_file() and is_dicom(file) for file in (path, *path.rglob("*")))
    ]


def _descended(folder: Path) -> Path:
    """Descend while a folder contains only another one that is not a participant's."""
    entries = _entries(folder)
    while len(entries) == 1 and entries[0].is_dir() and not entries[0].name.startswith("sub-"):
        folder = entries[0]
        entries = _entries(folder)
    return folder


def _by_name(folder: Path, known: Collection[str]) -> dict[str, Files]:
    """Map labels to the entries of a folder; empty if no entry is named after a participant."""
    entries = [p for p in _entries(folder) if p.is_dir() or _is_source(p)]
    named = [
        p
        for p in entries
        if p.name.startswith("sub-") or re.sub(r"[^A-Za-z0-9]", "", p.name) in known
    ]
    if not named:
        return {}
    others = len(entries) - len(named)
    if others:
        msg = (
            "A folder of participants must contain nothing else: got "
            f"{len(named)} entries named after participants, and {others} others. Name these "
            "'sub-<label>' too, or move them out."
        )
        raise ConfigError(msg)
    counts = Counter(label_of(p) for p in named)
    twice = sorted(f"sub-{label}" for label, count in counts.items() if count > 1)
    if twice:
        msg = (
            "A folder must contain one source per participant: got several for "
            f"{listed(twice)}. Give each its own folder or file."
        )
        raise ConfigError(msg)
    return {label_of(p): (p,) for p in named}


def _by_patient(files: Sequence[Path], patients: Mapping[str, str]) -> dict[str, Files]:
    found: dict[str, list[Path]] = defaultdict(list)
    unknown: Counter[str] = Counter()
    for file in files:
        for patient in {item.patient for item in read_slices(file)}:
            if patient in patients:
                found[patients[patient]].append(file)
            else:
                unknown[patient] += 1
    if unknown:
        msg = (
            f"Every patient must be in the patient map: got {len(unknown)} who are not, with "
            f"{sum(unknown.values())} images. Add their IDs, or remove their files."
        )
        raise ScanError(msg)
    if not found:
        msg = "A source that is sorted by patient must contain DICOM images: got none."
        raise ScanError(msg)
    return {label: tuple(paths) for label, paths in found.items()}


def _check_filled(folder: Path) -> None:
    if not _entries(folder):
        msg = (
            f"A source must contain images: got the empty folder {str(folder)!r}. Check the "
            "path."
        )
        raise ConfigError(msg)


def _is_source(path: Path) -> bool:
    return path.name.lower().endswith(ENDINGS) or is_archive(path)
