"""Manually corrected labels: NIfTI as ITK-SNAP saves it, or 3D Slicer's .seg.nrrd."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.anatomy import MUSCLES
from pipeline.domain.grid import Grid
from pipeline.domain.labels import BACKGROUND, LabelMap
from pipeline.errors import ArtefactError, ConfigError, GridMismatchError, ScanError, listed
from pipeline.store.content import check_content
from pipeline.store.formats import ENDINGS, MOST_VOXELS
from pipeline.store.images import read_labels, to_canonical
from pipeline.store.junk import without_junk
from pipeline.store.names import ScanName, without_ending
from pipeline.store.text_images import read_text_header, read_voxels

FOLDER = "corrections"
STRUCTURES = ("muscles", "bones")
_ACCEPTED = (".nii.gz", ".nii", ".seg.nrrd")
_SEGMENTS = ".seg.nrrd"
_ADVICE = f"Correct the file in {FOLDER}/ and run again, or remove it."
# Two numbers of a header that agree to more digits are the same.
_MOST_DECIMALS = 7


def find_corrections(out: Path, name: ScanName) -> dict[str, Path]:
    """Find the corrected label maps of one scan, by ``muscles`` and ``bones``.

    Raises
    ------
    ArtefactError
        If a file is named after the participant but not after a label map, one map has
        two files, or a file is not a regular one or has its content elsewhere.
    """
    found: dict[str, Path] = {}
    own = [p for p in _images(out) if _participant_id(p) == name.participant_id]
    for path in own:
        structure = _structure(path, name)
        if structure is None:
            stem = without_ending(name.muscles())
            msg = (
                f"A correction must be named as its label map, such as {stem + '.nii.gz'!r} or "
                f"{stem + _SEGMENTS!r} (seg-bones for bones): got {path.name!r}. Rename it."
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


def check_owners(out: Path, labels: Iterable[str]) -> None:
    """Refuse corrections that belong to no participant, as they would be ignored.

    Raises
    ------
    ConfigError
        Naming all such files.
    """
    known = {f"sub-{label}" for label in labels}
    unowned = [path.name for path in _images(out) if _participant_id(path) not in known]
    if unowned:
        msg = (
            f"Every image in {FOLDER}/ must be named after a participant: got "
            f"{listed(unowned)}. Rename or move them."
        )
        raise ConfigError(msg)


def read_correction(path: Path, names: Mapping[int, str], grid: Grid) -> LabelMap:
    """Read corrected labels onto the grid of their scan.

    A ``.seg.nrrd`` may cover less than the scan's field of view, as 3D Slicer crops to the
    segments; its segments are identified by name before label value.

    Raises
    ------
    ArtefactError
        If the file is damaged, has no or an unknown label, or segments overlap.
    GridMismatchError
        If its voxels do not coincide with the scan's.
    """
    if path.name.lower().endswith(_SEGMENTS):
        voxels, own = _read_segments(path, names)
        labels = LabelMap(_pasted(voxels, own, grid, path), grid, names)
    else:
        found = read_labels(path, names, advice=_ADVICE)
        if not found.grid.matches(grid):
            apart_mm = found.grid.max_offset_mm(grid)
            raise GridMismatchError(_mismatch(path, found.grid, grid, apart_mm))
        labels = LabelMap(found.voxels, grid, names)
    if not labels.voxels.any():
        msg = f"A correction must contain labels: got none in {path.name!r}. {_ADVICE}"
        raise ArtefactError(msg)
    return labels


def _images(out: Path) -> list[Path]:
    folder = out / FOLDER
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in without_junk(folder.iterdir(), folder)
        if path.name.lower().endswith(ENDINGS)
    )


def _participant_id(path: Path) -> str:
    return re.split(r"[_.]", path.name)[0]


def _structure(path: Path, name: ScanName) -> str | None:
    """Return which map a file corrects; the scan's entities may be omitted."""
    for structure in STRUCTURES:
        whole = without_ending(name.muscles()).replace("muscles", structure)
        bare = f"{name.participant_id}_seg-{structure}_dseg"
        if path.name in {stem + ending for stem in (whole, bare) for ending in _ACCEPTED}:
            return structure
    return None


@dataclass(frozen=True, slots=True)
class _Segment:
    """One segment, as described by the header of a ``.seg.nrrd``."""

    name: str
    value: int
    layer: int

    def label(self, names: Mapping[int, str]) -> int | None:
        """Return the label for the name, or for a number that is both name and value."""
        spelt = " ".join(re.split(r"[\W_]+", self.name.lower())).strip()
        known = {name.lower(): label for label, name in names.items()}
        if names.get(1) == MUSCLES[0].name:
            known |= {m.abbreviation.lower(): m.index for m in MUSCLES}
        numbered = re.fullmatch(r"(?:segment|label)? ?(\d{1,4})", spelt)
        if numbered and int(numbered[1]) == self.value and self.value in names:
            return self.value
        return known.get(spelt)


def _read_segments(path: Path, names: Mapping[int, str]) -> tuple[NDArray[np.uint8], Grid]:
    try:
        header = read_text_header(path)
        layers = read_voxels(header, MOST_VOXELS)
    except ScanError as error:
        msg = f"A correction must be readable: {error}"
        raise ArtefactError(msg) from error
    try:
        segments = list(_segments(header.notes))
    except (KeyError, ValueError):
        segments = []
    layer_count = layers.shape[3]
    if any(s.layer not in range(layer_count) for s in segments):
        msg = (
            f"A correction must be a complete segmentation of 3D Slicer: got {path.name!r}, "
            f"whose segments refer to other than its {layer_count} layers. {_ADVICE}"
        )
        raise ArtefactError(msg)
    labels = _labelled(layers, segments, names, path)
    canonical, affine = to_canonical(labels.astype(np.float32), header.affine)
    return canonical.astype(np.uint8), Grid.from_arrays(canonical.shape, affine)


def _segments(notes: Mapping[str, str]) -> Iterator[_Segment]:
    for key in notes:
        number = re.fullmatch(r"Segment(\d+)_ID", key)
        if number:
            start = f"Segment{number[1]}_"
            value, layer = notes[f"{start}LabelValue"], notes.get(f"{start}Layer", "0")
            yield _Segment(notes[f"{start}Name"], int(value), int(layer))


def _labelled(
    layers: NDArray[Any], segments: list[_Segment], names: Mapping[int, str], path: Path
) -> NDArray[np.uint8]:
    """Set each voxel to the label of the segment that contains it."""
    known = {s: label for s in segments if (label := s.label(names)) is not None}
    unknown = [s.name for s in segments if s not in known]
    if unknown or not segments:
        msg = (
            f"The segments of {path.name!r} must have names from dseg.tsv or "
            f"seg-bones_dseg.tsv: got {unknown or 'no segments'}. Rename them in 3D Slicer to "
            f"these: {', '.join(names.values())}."
        )
        raise ArtefactError(msg)
    labels = np.zeros(layers.shape[:3], dtype=np.uint8)
    counts = np.zeros(layers.shape[:3], dtype=np.uint8)
    for segment, label in known.items():
        inside = layers[..., segment.layer] == segment.value
        labels[inside] = label
        counts += inside
    unnamed = np.count_nonzero((layers != BACKGROUND).any(axis=-1) & (counts == 0))
    shared = np.count_nonzero(counts > 1)
    if unnamed or shared:
        msg = (
            f"Every labelled voxel of {path.name!r} must lie in one segment: got {unnamed} in "
            f"none and {shared} in several. Correct this in 3D Slicer (Masking: overwrite "
            "other segments)."
        )
        raise ArtefactError(msg)
    return labels


def _pasted(voxels: NDArray[np.uint8], own: Grid, grid: Grid, path: Path) -> NDArray[np.uint8]:
    """Paste a block of voxels into a larger grid of the same lattice."""
    start = np.rint(grid.to_index(own.to_world((0, 0, 0)))).astype(int)
    affine = grid.matrix
    affine[:3, 3] = grid.to_world(start)
    there = Grid.from_arrays(own.shape, affine)
    if not own.matches(there):
        raise GridMismatchError(_mismatch(path, own, grid, own.max_offset_mm(there)))
    where = np.argwhere(voxels != BACKGROUND)
    inside = ((where + start >= 0) & (where + start < grid.shape)).all(axis=1)
    if not inside.all():
        msg = (
            f"The correction {path.name!r} must lie within the scan: got "
            f"{np.count_nonzero(~inside)} labelled voxels outside. {_ADVICE}"
        )
        raise GridMismatchError(msg)
    pasted = np.zeros(grid.shape, dtype=np.uint8)
    pasted[tuple((where + start).T)] = voxels[tuple(where.T)]
    return pasted


def _mismatch(path: Path, own: Grid, grid: Grid, apart_mm: float) -> str:
    """Describe how two grids differ, with as many digits as that needs."""
    expected = got = ""
    for decimals in range(2, _MOST_DECIMALS):
        expected, got = _described(grid, decimals), _described(own, decimals)
        if expected != got:
            break
    apart = f", voxels up to {apart_mm:.3g} mm off the scan's" if apart_mm else ""
    return (
        f"The correction {path.name!r} must lie on the scan's own grid, {expected}: got "
        f"{got}{apart}. Edit the label map that footvol wrote over its preprocessed scan, "
        "and save it in that geometry."
    )


def _described(grid: Grid, decimals: int) -> str:
    spacing = " x ".join(f"{s:.{decimals}f}" for s in grid.spacing_mm)
    start = ", ".join(f"{n:.{decimals}f}" for n in grid.to_world((0, 0, 0)))
    return f"{grid.shape} voxels of {spacing} mm from ({start})"
