"""Files of named segments, of 3D Slicer or in DICOM, as label maps."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.anatomy import MUSCLES
from pipeline.domain.grid import Grid
from pipeline.domain.labels import BACKGROUND, LabelMap
from pipeline.errors import ArtefactError, ScanError, listed
from pipeline.store.correction_files import DICOM, FOLDER, SEGMENTS
from pipeline.store.formats import MOST_VOXELS
from pipeline.store.images import to_canonical
from pipeline.store.text_images import read_text_header, read_voxels

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment of a file.

    Parameters
    ----------
    name
        As the file writes it.
    label
        Label that it stands for; None if that is unknown.
    voxels
        Gives its voxels, in the order of the file.
    """

    name: str
    label: int | None
    voxels: Callable[[], Mask]


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """The segments of a file.

    Parameters
    ----------
    affine
        Voxel index to world position, in mm, RAS+.
    unnamed
        Voxels that the file labels, but that lie in none of the segments.
    """

    segments: Sequence[Segment]
    shape: tuple[int, ...]
    affine: NDArray[np.float64]
    unnamed: int = 0


def has_segments(path: Path) -> bool:
    """Whether a file is named as one that `read_segments` reads."""
    return path.name.lower().endswith((SEGMENTS, DICOM))


def read_segments(path: Path, names: Mapping[int, str]) -> LabelMap:
    """Read the segments of a file as labels on the file's own grid, in canonical (RAS+) order.

    Raises
    ------
    ArtefactError
        If the file is damaged, a segment is unknown, or segments overlap.
    """
    if path.name.lower().endswith(DICOM):
        # Half a second that only such files need.
        from pipeline.store.dicom.read_segmentation import read_dicom  # noqa: PLC0415

        found = read_dicom(path, names)
    else:
        found = _read_slicer(path, names)
    labels = _merged(found, names, path)
    canonical, affine = to_canonical(labels.astype(np.float32), found.affine)
    grid = Grid.from_arrays(canonical.shape, affine)
    return LabelMap(canonical.astype(np.uint8), grid, names)


def is_of_muscles(names: Mapping[int, str]) -> bool:
    """Whether labels are those of muscles, by their names or abbreviations."""
    return names.get(1) in (MUSCLES[0].name, MUSCLES[0].abbreviation)


def label_named(text: str, names: Mapping[int, str]) -> int | None:
    """Return the label that a name or abbreviation stands for, in any case and spelling."""
    known = {name.lower(): label for label, name in names.items()}
    for muscle in MUSCLES if is_of_muscles(names) else ():
        short = muscle.abbreviation.lower()
        known |= dict.fromkeys((muscle.name, short, f"{muscle.name} {short}"), muscle.index)
    return known.get(_spelt(text))


def _spelt(text: str) -> str:
    return " ".join(re.split(r"[\W_]+", text.lower())).strip()


def _read_slicer(path: Path, names: Mapping[int, str]) -> Segments:
    try:
        header = read_text_header(path)
        layers = read_voxels(header, MOST_VOXELS)
    except ScanError as error:
        msg = f"A correction must be readable: {error}"
        raise ArtefactError(msg) from error
    try:
        described = list(_described(header.notes))
    except (KeyError, ValueError):
        described = []
    layer_count = layers.shape[3]
    if any(layer not in range(layer_count) for _, _, layer in described):
        msg = (
            f"A correction must be a complete segmentation of 3D Slicer: got {path.name!r}, "
            f"whose segments refer to other than its {layer_count} layers. Correct the file in "
            f"{FOLDER}/ and run again, or remove it."
        )
        raise ArtefactError(msg)
    inside = np.zeros(layers.shape[:3], dtype=bool)
    for _, value, layer in described:
        inside |= layers[..., layer] == value
    unnamed = int(np.count_nonzero((layers != BACKGROUND).any(axis=-1) & ~inside))
    segments = [
        Segment(name, _slicer_label(name, value, names), _mask(layers, value, layer))
        for name, value, layer in described
    ]
    return Segments(segments, layers.shape[:3], header.affine, unnamed)


def _mask(layers: NDArray[Any], value: int, layer: int) -> Callable[[], Mask]:
    return lambda: layers[..., layer] == value


def _described(notes: Mapping[str, str]) -> Iterator[tuple[str, int, int]]:
    """Yield name, label value and layer of each segment in the header of a ``.seg.nrrd``."""
    for key in notes:
        number = re.fullmatch(r"Segment(\d+)_ID", key)
        if number:
            start = f"Segment{number[1]}_"
            value, layer = notes[f"{start}LabelValue"], notes.get(f"{start}Layer", "0")
            yield notes[f"{start}Name"], int(value), int(layer)


def _slicer_label(name: str, value: int, names: Mapping[int, str]) -> int | None:
    """Return the label for a name, or for a number that is both name and value."""
    numbered = re.fullmatch(r"(?:segment|label)? ?(\d{1,4})", _spelt(name))
    if numbered and int(numbered[1]) == value and value in names:
        return value
    return label_named(name, names)


def _merged(found: Segments, names: Mapping[int, str], path: Path) -> NDArray[np.uint8]:
    """Set each voxel to the label of the segment that contains it."""
    unknown = [segment.name for segment in found.segments if segment.label is None]
    if unknown or not found.segments:
        msg = (
            f"The segments of {path.name!r} must have names from dseg.tsv or "
            f"seg-bones_dseg.tsv: got {unknown or 'no segments'}. Rename them to "
            f"these: {', '.join(names.values())}."
        )
        raise ArtefactError(msg)
    labels = np.zeros(found.shape, dtype=np.uint8)
    counts = np.zeros(found.shape, dtype=np.uint8)
    for segment in found.segments:
        inside = segment.voxels()
        labels[inside] = segment.label or BACKGROUND  # the unknown ones are refused above
        counts += inside
    shared = counts > 1
    if found.unnamed or shared.any():
        overlapping = [s.name for s in found.segments if (s.voxels() & shared).any()]
        which = f" {listed(overlapping)}" if overlapping else ""
        msg = (
            f"Every labelled voxel of {path.name!r} must lie in one segment: got "
            f"{found.unnamed} in none and {np.count_nonzero(shared)} in several{which}. "
            "Correct this, in 3D Slicer by Masking: overwrite other segments."
        )
        raise ArtefactError(msg)
    return labels
