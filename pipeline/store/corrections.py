"""Manually corrected labels: NIfTI as ITK-SNAP saves it, or 3D Slicer's .seg.nrrd."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.anatomy import MUSCLES
from pipeline.domain.grid import Grid
from pipeline.domain.labels import BACKGROUND, LabelMap
from pipeline.errors import ArtefactError, GridMismatchError, ScanError
from pipeline.store.correction_files import FOLDER, SEGMENTS
from pipeline.store.formats import MOST_VOXELS
from pipeline.store.images import read_labels, to_canonical
from pipeline.store.text_images import read_text_header, read_voxels

_ADVICE = f"Correct the file in {FOLDER}/ and run again, or remove it."
# Two numbers of a header that agree to more digits are the same.
_MOST_DECIMALS = 7


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
    if path.name.lower().endswith(SEGMENTS):
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
