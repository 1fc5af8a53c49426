"""Writing of scans into a raw BIDS dataset, without anything that identifies a person."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

import pandas as pd

import pipeline
from pipeline.domain.participant import MISSING, Participant
from pipeline.domain.scan import Side
from pipeline.errors import ConfigError, ScanError
from pipeline.store.contrast import stated_contrast
from pipeline.store.deidentify import acquisition_fields, check_personal
from pipeline.store.dicom.import_series import SourceImage
from pipeline.store.files import read_json, remove_dead_scratch, write_json, written_whole
from pipeline.store.formats import cautions_of
from pipeline.store.names import SUFFIXES, ScanName, name_scan, sidecar_of
from pipeline.store.nifti import copy_image
from pipeline.store.participants import read_participants_table
from pipeline.store.provenance import BIDS_VERSION

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


def name_source_image(label: str, found: SourceImage, source: Path, *, suffix: str) -> ScanName:
    """Name the raw scan of a participant from its DICOM header, else from sidecar and name.

    Raises
    ------
    ScanError
        If an image is named after another participant, or sidecar and file name
        contradict each other about the contrast.
    """
    if not found.study:
        _check_label(label, found.image)
        contrast = stated_contrast(found.image, found.fields)
        return name_scan(label, found.image, contrast, suffix=suffix)
    if found.contrast in SUFFIXES:
        return ScanName(label, (), found.contrast)
    if found.contrast:
        return ScanName(label, (("acq", found.contrast),), suffix)
    return name_scan(label, source, stated_contrast(source, found.fields), suffix=suffix)


def write_raw_scan(
    found: SourceImage, name: ScanName, bids_dir: Path, *, side: Side | None
) -> Path:
    """Copy voxels and geometry, and the sidecar fields that describe the acquisition.

    Returns
    -------
    Path
        The image written.

    Raises
    ------
    ConfigError
        If a scan of that name already exists.
    """
    target = bids_dir / name.raw()
    there = [p.name for p in (target, sidecar_of(target)) if p.exists() or p.is_symlink()]
    if there:
        names = " and ".join(repr(name) for name in there)
        msg = (
            f"A raw scan is never overwritten: got {names}, which already exists. "
            "Remove it, or choose another dataset."
        )
        raise ConfigError(msg)
    fields = acquisition_fields(found.fields)
    if side:
        fields["Laterality"] = side.letter
    cautions = [asdict(caution) for caution in cautions_of(found.image)]
    if cautions:
        fields["Cautions"] = cautions
    remove_dead_scratch(target.parent)
    write_json(fields, sidecar_of(target))
    try:
        copy_image(found.image, target)  # last, so that no scan exists without its side
    except BaseException:  # otherwise the sidecar would block the next attempt
        sidecar_of(target).unlink()
        raise
    return target


def check_raw_dataset(bids_dir: Path) -> None:
    """Check, before anything is written, that a dataset can be extended.

    Raises
    ------
    ConfigError
        If its ``participants.tsv`` cannot be read.
    ArtefactError
        If its ``participants.json`` cannot.
    """
    table = bids_dir / "participants.tsv"
    if table.exists():
        read_participants_table(table)
    if sidecar_of(table).exists():
        read_json(sidecar_of(table))


def read_source_table(path: Path) -> dict[str, Participant]:
    """Read the table from which rows of a raw dataset are copied.

    Raises
    ------
    ConfigError
        If it cannot be read, or a copied column contains what may be a name or a date.
    """
    people = read_participants_table(path, is_confidential=True)
    for participant in people.values():
        check_personal(participant.cells, f"{path.name} {participant.participant_id}")
    return people


def write_raw_dataset(
    bids_dir: Path, labels: Iterable[str], people: Mapping[str, Participant] | None = None
) -> None:
    """Write or extend the description and ``participants.tsv`` of a raw dataset.

    Existing rows are kept, except for cells that `people` has for the given participants;
    existing descriptions of columns are kept. Unknown cells become ``n/a``.

    Parameters
    ----------
    labels
        Participants, without ``sub-``, that must have a row.
    people
        Rows of `read_source_table`; only the columns that this dataset describes are copied,
        as a hospital's table may contain names or dates.

    Raises
    ------
    ConfigError
        If an existing table cannot be read.
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
    if target.exists():
        table = _known_cells(read_participants_table(target)).combine_first(table)
    if people:
        known = _known_cells(people)
        known = known.loc[known.index.isin(ids), known.columns.isin(_COLUMNS)]
        table = known.combine_first(table)
    columns = sorted(table.columns, key=[*_COLUMNS, *sorted(table.columns)].index)
    with written_whole(target) as scratch:
        table[columns].fillna(MISSING).to_csv(scratch, sep="\t", lineterminator="\n")
    described = {c: {"Description": _COLUMNS[c]} for c in columns if c in _COLUMNS}
    kept = read_json(sidecar_of(target)) if sidecar_of(target).exists() else {}
    write_json(described | kept, sidecar_of(target))


def _check_label(label: str, image: Path) -> None:
    named = re.match("sub-([^_.]+)", image.name)
    if named and re.sub("[^A-Za-z0-9]", "", named[1]) != label:
        msg = (
            f"An image must not be named after another participant: got {image.name!r} in "
            f"the source of sub-{label}. Find out whose it is, and move or rename it."
        )
        raise ScanError(msg)


def _known_cells(people: Mapping[str, Participant]) -> pd.DataFrame:
    """Return a table of one row per participant, with NaN for empty and ``n/a`` cells."""
    rows = {participant.participant_id: participant.cells for participant in people.values()}
    cells = pd.DataFrame.from_dict(rows, orient="index", dtype=object)
    cells = cells.drop(columns="participant_id").rename_axis("participant_id")
    return cells.mask(cells.isin(["", MISSING]))
