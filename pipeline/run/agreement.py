"""The agreement of two label maps, of two folders of them, or of reviewers."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.domain.anatomy import BONE_NAMES, MUSCLES, PLANTAR_LABELS, REGION_NAMES
from pipeline.domain.labels import LabelMap
from pipeline.errors import ConfigError, listed
from pipeline.stages.agree import (
    DECISION_COLUMNS,
    OVERLAP_COLUMNS,
    RELIABILITY_COLUMNS,
    Structures,
    agree_on_decisions,
    overlap,
    plot_agreement,
    reliability,
)
from pipeline.store.correction_files import DICOM
from pipeline.store.corrections import read_correction
from pipeline.store.files import scratch_folder
from pipeline.store.images import read_labels
from pipeline.store.names import find_images, key_of, without_ending
from pipeline.store.review_table import read_decisions
from pipeline.store.tables import write_table

KINDS: Mapping[str, Structures] = {
    "muscles": Structures(
        {m.index: m.abbreviation for m in MUSCLES},
        PLANTAR_LABELS,
        "plantar",
    ),
    "bones": Structures(BONE_NAMES, tuple(BONE_NAMES), "all bones"),
    "regions": Structures(REGION_NAMES, tuple(REGION_NAMES), "both regions"),
}
_ID = {"participant_id": "foot that both maps show: the participant, or the file's name"}


@dataclass(frozen=True, slots=True)
class Agreement:
    """The agreement of all pairs of label maps.

    Parameters
    ----------
    overlaps
        One row per foot and structure.
    reliability
        One row per structure over all feet; None for one pair.
    unpaired
        Files without a counterpart, which are left out.
    """

    overlaps: pd.DataFrame
    reliability: pd.DataFrame | None
    unpaired: tuple[Path, ...]


def compute_agreement(reference: Path, segmentation: Path, kind: str | None) -> Agreement:
    """Compare two label maps, or all pairs of two folders.

    Parameters
    ----------
    kind
        ``muscles``, ``bones`` or ``regions``; None takes it from the file names, or assumes
        muscles if they do not contain it.

    Raises
    ------
    ConfigError
        If the paths are not two files or two folders, or have no foot in common.
    """
    if reference.is_dir() != segmentation.is_dir():
        msg = (
            "Agreement is between two label maps or between two folders: got "
            f"{str(reference)!r} and {str(segmentation)!r}. Give two of a kind."
        )
        raise ConfigError(msg)
    if not reference.is_dir():
        kind = kind or _kind_of(reference, segmentation)
        name = _foot(reference) if _foot(reference) == _foot(segmentation) else reference.name
        return Agreement(_overlap(name, reference, segmentation, kind), None, ())
    kind = kind or "muscles"
    folders = [_images_of(folder, kind) for folder in (reference, segmentation)]
    counts = (Counter(map(_foot, images)) for images in folders)
    several = {foot for count in counts for foot, number in count.items() if number > 1}
    first, second = (_by_foot(images, several) for images in folders)
    feet = sorted(first.keys() & second.keys())
    if not feet:
        msg = (
            "Two folders must hold label maps of the same feet: got "
            f"{listed(sorted(first))} and {listed(sorted(second))}. Name the files of one foot "
            "alike, such as 'sub-01'."
        )
        raise ConfigError(msg)
    overlaps = pd.concat([_overlap(foot, first[foot], second[foot], kind) for foot in feet])
    alone = [
        files[foot] for files in (first, second) for foot in sorted(files.keys() - {*feet})
    ]
    return Agreement(overlaps, reliability(overlaps), tuple(alone))


def write_agreement(agreement: Agreement, out: Path, *, force: bool = False) -> None:
    """Write tables and plot into a folder.

    Raises
    ------
    ConfigError
        If files of these names exist, unless `force` is set.
    """
    tables = ("agreement.tsv", "agreement.json", "reliability.tsv", "reliability.json")
    _check_new(out, (*tables, "bland_altman.svg", "bland_altman.png"), force=force)
    out.mkdir(parents=True, exist_ok=True)
    with scratch_folder(out) as scratch:  # all or none
        _write_all(agreement, scratch)
        for path in sorted(scratch.iterdir()):
            path.replace(out / path.name)


def compare_decisions(table: Path) -> pd.DataFrame:
    """Compare the reviewers of a ``review.tsv``; see `agree_on_decisions`.

    Raises
    ------
    ConfigError
        If it is not such a table, or has fewer than two reviewers.
    """
    if not table.is_file():
        msg = (
            "Agreement is between two label maps, two folders, or the reviewers of a "
            f"review.tsv: got {str(table)!r} alone, which is no such table. Give a second path."
        )
        raise ConfigError(msg)
    decisions = read_decisions(table)
    reviewers = sorted({decision.reviewer for decision in decisions})
    if len(reviewers) < 2:
        msg = (
            f"Agreement needs two reviewers: got {listed(reviewers)} in {table.name!r}. Let "
            "another review the same folder with `footvol review --reviewer`."
        )
        raise ConfigError(msg)
    return agree_on_decisions(decisions)


def write_decision_agreement(table: pd.DataFrame, out: Path, *, force: bool = False) -> None:
    """Write ``decisions.tsv`` into a folder.

    Raises
    ------
    ConfigError
        If it exists, unless `force` is set.
    """
    _check_new(out, ("decisions.tsv", "decisions.json"), force=force)
    write_table(table, out / "decisions.tsv", DECISION_COLUMNS)


def _check_new(out: Path, names: Sequence[str], *, force: bool) -> None:
    existing = [name for name in names if (out / name).exists() or (out / name).is_symlink()]
    if existing and not force:
        msg = (
            f"Results must not be overwritten: got {existing} in {str(out)!r}. Choose another "
            "folder, or pass --force."
        )
        raise ConfigError(msg)


def _write_all(agreement: Agreement, folder: Path) -> None:
    write_table(agreement.overlaps, folder / "agreement.tsv", _ID | dict(OVERLAP_COLUMNS))
    if agreement.reliability is None:
        return
    write_table(agreement.reliability, folder / "reliability.tsv", RELIABILITY_COLUMNS)
    plot = plot_agreement(agreement.overlaps, agreement.reliability)
    for ending in ("svg", "png") if plot else ():
        (folder / f"bland_altman.{ending}").write_bytes(getattr(plot, ending))


def _overlap(foot: str, reference: Path, segmentation: Path, kind: str) -> pd.DataFrame:
    """Give the rows of one foot."""
    structures = KINDS[kind]
    rows = overlap(*_read_maps(reference, segmentation, structures.names), structures, foot)
    rows.insert(0, "participant_id", foot)
    return rows


def _read_maps(
    reference: Path, segmentation: Path, names: Mapping[int, str]
) -> tuple[LabelMap, LabelMap]:
    """Read two label maps; a DICOM segmentation is placed on the grid of the other one."""
    is_dicom = [path.suffix.lower() == DICOM for path in (reference, segmentation)]
    if all(is_dicom):
        msg = (
            "One of two label maps must be an image: got two DICOM segmentations, "
            f"{reference.name!r} and {segmentation.name!r}. Give the label map of footvol."
        )
        raise ConfigError(msg)
    if is_dicom[0]:
        image = read_labels(segmentation, names)
        return read_correction(reference, names, image.grid), image
    image = read_labels(reference, names)
    if is_dicom[1]:
        return image, read_correction(segmentation, names, image.grid)
    return image, read_labels(segmentation, names)


def _kind_of(*paths: Path) -> str:
    """Take from the file names what two maps label."""
    named = {m[1] for path in paths if (m := re.search(r"_seg-([A-Za-z0-9]+)_", path.name))}
    known = named & KINDS.keys()
    if len(known) > 1:
        msg = (
            f"Two label maps must be of one kind: got {' and '.join(sorted(known))}. "
            "Give two maps of muscles, of bones or of regions."
        )
        raise ConfigError(msg)
    return next(iter(known), "muscles")


def _images_of(folder: Path, kind: str) -> list[Path]:
    """Find the label maps of a folder."""
    images = find_images(folder, (DICOM,))
    return [p for p in images if f"_seg-{kind}_" in p.name] or images


def _by_foot(images: Sequence[Path], several: Collection[str]) -> dict[str, Path]:
    """Give label maps by foot, and by run for feet that were scanned several times."""
    files: dict[str, Path] = {}
    for path in images:
        foot = _foot(path)
        if foot in several and (run := key_of(path).cells["run"]):
            foot = f"{foot}_{run}"
        if foot in files:
            msg = (
                f"A folder must hold one label map of a foot: got {files[foot].name!r} and "
                f"{path.name!r} for {foot!r}. Move one away."
            )
            raise ConfigError(msg)
        files[foot] = path
    return files


def _foot(path: Path) -> str:
    """Give participant and session from a file name; without these, the whole name."""
    name = without_ending(path)
    match = re.search(r"(?<![A-Za-z0-9])sub-[A-Za-z0-9]+(_ses-[A-Za-z0-9]+)?", name)
    return match[0] if match else name
