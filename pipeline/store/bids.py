"""New scans into a raw BIDS dataset, with nothing in it that names a person."""

import re
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import pandas as pd

import pipeline
from pipeline.domain.scan import Contrast, Side
from pipeline.errors import ConfigError, ScanError
from pipeline.store.dicom import FoundImage
from pipeline.store.facts import kept_facts
from pipeline.store.files import remove_dead_scratch, write_json, written_whole
from pipeline.store.headers import cautions_of
from pipeline.store.images import contrast_of
from pipeline.store.names import SUFFIXES, ScanName, sidecar_of, without_ending
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


def name_found(label: str, found: FoundImage, source: Path, *, suffix: str) -> ScanName:
    """Name the raw scan of a participant by what a DICOM header says, else by a file's name."""
    if not found.study:
        return name_scan(label, found.image, suffix=suffix)
    if found.contrast in SUFFIXES:
        return ScanName(label, (), found.contrast)
    if found.contrast:
        return ScanName(label, (("acq", found.contrast),), suffix)
    return name_scan(label, source, suffix=suffix)


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
    cautions = [asdict(caution) for caution in cautions_of(found.image)]
    if cautions:
        facts["Cautions"] = cautions
    remove_dead_scratch(target.parent)
    write_json(facts, sidecar_of(target))
    copy_image(found.image, target)  # last, so that no scan is there without its side
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
    remove_dead_scratch(bids_dir)
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
