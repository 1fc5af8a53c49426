"""Manually corrected labels: NIfTI as ITK-SNAP saves it, .seg.nrrd of 3D Slicer, or DICOM."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.grid import Grid
from pipeline.domain.labels import BACKGROUND, LabelMap
from pipeline.errors import ArtefactError, GridMismatchError
from pipeline.store.correction_files import FOLDER
from pipeline.store.correction_segments import has_segments, read_segments
from pipeline.store.images import read_labels

_ADVICE = f"Correct the file in {FOLDER}/ and run again, or remove it."
# Two numbers of a header that agree to more digits are the same.
_MOST_DECIMALS = 7


def read_correction(path: Path, names: Mapping[int, str], grid: Grid) -> LabelMap:
    """Read corrected labels onto the grid of their scan.

    A ``.seg.nrrd`` or DICOM segmentation may cover less than the scan's field of view, as
    3D Slicer crops to the segments, and DICOM need not store slices without any.

    Raises
    ------
    ArtefactError
        If the file is damaged, has no or an unknown label, or segments overlap.
    GridMismatchError
        If its voxels do not coincide with the scan's.
    """
    if has_segments(path):
        found = read_segments(path, names)
        labels = LabelMap(_pasted(found.voxels, found.grid, grid, path), grid, names)
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


def _pasted(
    voxels: NDArray[np.integer[Any]], own: Grid, grid: Grid, path: Path
) -> NDArray[np.uint8]:
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
            f"The label map {path.name!r} must lie within the scan: got "
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
        f"The label map {path.name!r} must lie on the scan's own grid, {expected}: got "
        f"{got}{apart}. Edit the label map that footvol wrote over its preprocessed scan, "
        "and save it in that geometry."
    )


def _described(grid: Grid, decimals: int) -> str:
    spacing = " x ".join(f"{s:.{decimals}f}" for s in grid.spacing_mm)
    start = ", ".join(f"{n:.{decimals}f}" for n in grid.to_world((0, 0, 0)))
    return f"{grid.shape} voxels of {spacing} mm from ({start})"
