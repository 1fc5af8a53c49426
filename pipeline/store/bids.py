"""New scans into a raw BIDS dataset, with nothing in it that names a person."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

import pipeline
from pipeline.domain.scan import Contrast, Side
from pipeline.errors import ConfigError, ScanError
from pipeline.store.dicom import FoundImage, holds_dicom, imported_dicom
from pipeline.store.facts import kept_facts
from pipeline.store.files import write_json, written_whole
from pipeline.store.headers import ENDINGS
from pipeline.store.images import contrast_of, facts_beside, side_of
from pipeline.store.names import SUFFIXES, ScanName, bare_label, sidecar_of, without_ending
from pipeline.store.nifti import copy_image
from pipeline.store.provenance import BIDS_VERSION
from pipeline.store.tables import read_participants_table

_COLUMNS = {
    "group": "Study group",
    "body_mass_kg": "Body mass in kg",
    "side": "Foot that was scanned",
    "sex": "Sex",
    "age": "Age in years",
    "height_cm": "Height in cm",
    "symptom_years": "Duration of symptoms in years",
}
_NEEDED = ["group", "body_mass_kg"]


def find_sources(source: Path) -> dict[str, Path]:
    """Tell which participants a source holds.

    A folder whose entries are all named ``sub-<label>`` holds one participant
    in each; anything else is one participant, named by the file or folder.

    Returns
    -------
    dict
        Source of each participant, by label without ``sub-``.

    Raises
    ------
    ConfigError
        If the path is missing or empty, or its name is no label.
    """
    if not source.exists():
        msg = (
            f"A source must exist: got {str(source)!r}, where there is nothing. Check the path."
        )
        raise ConfigError(msg)
    if source.is_file():
        return {_label(source): source}
    entries = sorted(p for p in source.iterdir() if p.is_dir() or _is_source(p))
    if entries and all(p.name.startswith("sub-") for p in entries):
        counts = Counter(_label(p) for p in entries)
        twice = sorted(f"sub-{label}" for label, count in counts.items() if count > 1)
        if twice:
            msg = (
                "A folder must hold one source per participant: got several for "
                f"{', '.join(twice)}. Give each its own folder or file."
            )
            raise ConfigError(msg)
        return {_label(p): p for p in entries}
    if not any(source.iterdir()):
        msg = (
            f"A source must hold images: got the empty folder {str(source)!r}. Check the path."
        )
        raise ConfigError(msg)
    return {_label(source): source}


@contextmanager
def opened_source(source: Path, *, series_number: int | None = None) -> Iterator[FoundImage]:
    """Find the one volume of a participant's source; DICOM is converted for the block.

    Raises
    ------
    ScanError
        If there is no volume, or more than one.
    """
    images = (
        [source] if source.is_file() else sorted(p for p in source.rglob("*") if _is_image(p))
    )
    if source.suffix.lower() == ".zip" or (source.is_dir() and holds_dicom(source)):
        with imported_dicom(source, series_number=series_number) as found:
            yield found
        return
    if len(images) != 1:
        msg = (
            f"A participant's folder must hold a DICOM series or one image: got {len(images)} "
            f"images ({', '.join(ENDINGS)}). Leave the one to be measured."
        )
        raise ScanError(msg)
    facts = facts_beside(images[0])
    yield FoundImage(images[0], facts, side_of(facts), "Laterality in the JSON sidecar")


def name_scan(label: str, image: Path, *, suffix: str) -> ScanName:
    """Name the raw scan of a participant by what the image's own name says.

    A BIDS name keeps its entities; another gives water or fat, else `suffix`.
    """
    try:
        named = ScanName.parse(image)
    except ScanError:
        contrast = contrast_of(image)
        if contrast in (Contrast.WATER, Contrast.FAT):
            return ScanName(label, (("acq", contrast.value),), suffix)
        told = [word for word in re.split("[_-]", without_ending(image)) if word in SUFFIXES]
        return ScanName(label, (), told[-1] if told else suffix)
    return ScanName(label, named.entities, named.suffix)


def write_raw_scan(
    found: FoundImage, name: ScanName, bids_dir: Path, *, side: Side | None
) -> Path:
    """Copy voxels and place, and of the facts those that say how the image was taken.

    Returns
    -------
    Path
        The image written.

    Raises
    ------
    ConfigError
        If there is a scan of that name already.
    """
    target = bids_dir / name.raw()
    if target.exists():
        msg = (
            f"A raw scan is never overwritten: got {target.name!r}, which exists already. "
            "Remove it, or choose another dataset."
        )
        raise ConfigError(msg)
    facts = kept_facts(found.fields)
    if side:
        facts["Laterality"] = side.value[0].upper()
    copy_image(found.image, target)
    write_json(facts, sidecar_of(target))
    return target


def write_raw_dataset(
    bids_dir: Path, labels: Iterable[str], participants_tsv: Path | None = None
) -> None:
    """Write or complete the description and ``participants.tsv`` of a raw dataset.

    Rows that are there already stay, but for what `participants_tsv` knows of
    the given participants. What nobody knows becomes ``n/a``.

    Parameters
    ----------
    labels
        Participants, without ``sub-``, that must have a row.
    participants_tsv
        Table to take their rows from; only the columns that this dataset
        describes are taken, as a hospital's table may hold names or dates.

    Raises
    ------
    ConfigError
        If either table cannot be read.
    """
    description = bids_dir / "dataset_description.json"
    if not description.exists():
        content = {
            "Name": "Foot MRI",
            "BIDSVersion": BIDS_VERSION,
            "DatasetType": "raw",
            "GeneratedBy": [{"Name": "footvol", "Version": pipeline.__version__}],
        }
        write_json(content, description)
    target = bids_dir / "participants.tsv"
    ids = pd.Index([f"sub-{label}" for label in sorted(labels)], name="participant_id")
    table = pd.DataFrame(index=ids, columns=_NEEDED, dtype=object)
    for path in (target, participants_tsv):
        if path is not None and (path is participants_tsv or path.exists()):
            known = _known_rows(path)
            if path is participants_tsv:
                known = known.loc[known.index.isin(ids), known.columns.isin(_COLUMNS)]
            table = known.combine_first(table)
    columns = sorted(table.columns, key=[*_COLUMNS, *sorted(table.columns)].index)
    with written_whole(target) as scratch:
        table[columns].fillna("n/a").to_csv(scratch, sep="\t", lineterminator="\n")
    described = {c: {"Description": _COLUMNS[c]} for c in columns if c in _COLUMNS}
    write_json(described, sidecar_of(target))


def _known_rows(path: Path) -> pd.DataFrame:
    labels = list(read_participants_table(path))
    rows = pd.read_csv(path, sep="\t", dtype=str, encoding="utf-8-sig").rename(
        columns=str.strip
    )
    rows["participant_id"] = [f"sub-{label}" for label in labels]
    return rows.set_index("participant_id")


def _label(source: Path) -> str:
    stem = without_ending(source).removesuffix(".zip") if source.is_file() else source.name
    return bare_label(stem.split("_")[0] if stem.startswith("sub-") else stem)


def _is_image(path: Path) -> bool:
    return path.is_file() and path.name.lower().endswith(ENDINGS)


def _is_source(path: Path) -> bool:
    return _is_image(path) or path.suffix.lower() == ".zip"
