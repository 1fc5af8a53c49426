"""Finding the original images of a measured scan, by geometry and pixels."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir

import numpy as np

from pipeline.domain.grid import Grid
from pipeline.domain.scan import Scan
from pipeline.errors import ScanError, listed
from pipeline.store.dicom.conversion import convert
from pipeline.store.dicom.import_series import read_images
from pipeline.store.dicom.series_sorting import Volume, find_volumes
from pipeline.store.dicom.source_images import SourceImages, read_source_images
from pipeline.store.dicom.stack_geometry import corners_apart_mm
from pipeline.store.files import scratch_folder
from pipeline.store.images import read_scan

# As for any two grids, a fraction of the finest spacing, whatever the order of the axes.
_SAME_PLACE = 0.1
# Rounding of scaled values to 32 bits.
_SAME_VALUE = 1e-5
_MOST_FAULTS = 3
_ADVICE = "Give the original series of this participant."


@dataclass(frozen=True, slots=True)
class _Candidate:
    volume: Volume
    grid: Grid
    apart_mm: float
    has_shape: bool

    @property
    def sizes(self) -> str:
        return " x ".join(map(str, self.grid.shape))


def find_source(files: Sequence[Path], scan: Scan) -> SourceImages:
    """Find the images that a scan was made from, among the files of one participant.

    Parameters
    ----------
    scan
        As measured, before preprocessing.

    Raises
    ------
    ScanError
        If no volume of the files is in the same place and has the same value in each voxel,
        if several have, or if DICOM objects cannot refer to the images.
    """
    volumes = find_volumes(read_images(files))
    candidates = [_candidate(volume, volume.grid, scan) for volume in volumes if volume.grid]
    limit_mm = _SAME_PLACE * min(scan.grid.spacing_mm)
    there = [c for c in candidates if c.has_shape and c.apart_mm <= limit_mm]
    if not there:
        raise ScanError(_elsewhere(candidates, volumes, scan))
    differing = {c.volume.name: _count_differing(c.volume, scan) for c in there}
    same = [c for c in there if not differing[c.volume.name]]
    if not same:
        counts = [
            f"{count} of {scan.intensity.size} voxels of series {name}"
            for name, count in differing.items()
        ]
        msg = (
            "The source must contain the scan that was measured: got other values in "
            f"{' and '.join(counts)}. {_ADVICE}"
        )
        raise ScanError(msg)
    if len(same) > 1:
        msg = (
            "The source must contain the scan once: got the same values in series "
            f"{listed(c.volume.name for c in same)}. Remove the copies."
        )
        raise ScanError(msg)
    return read_source_images(same[0].volume.slices, same[0].grid)


def _candidate(volume: Volume, grid: Grid, scan: Scan) -> _Candidate:
    has_shape = sorted(grid.shape) == sorted(scan.grid.shape)
    return _Candidate(volume, grid, corners_apart_mm(grid, scan.grid), has_shape)


def _elsewhere(candidates: Sequence[_Candidate], volumes: Sequence[Volume], scan: Scan) -> str:
    faults = [f" Series {volume.name}: {volume.fault}" for volume in volumes if volume.fault]
    got = "none of which has a place"
    if candidates:
        nearest = min(candidates, key=lambda c: (not c.has_shape, c.apart_mm))
        got = (
            f"of which the nearest, series {nearest.volume.name}, has {nearest.sizes} voxels "
            f"and corners up to {nearest.apart_mm:.2f} mm apart"
        )
    sizes = " x ".join(map(str, scan.grid.shape))
    return (
        f"The source must contain the scan that was measured, of {sizes} voxels: got "
        f"{len(volumes)} volumes, {got}. {_ADVICE}{''.join(faults[:_MOST_FAULTS])}"
    )


def _count_differing(volume: Volume, scan: Scan) -> int:
    """Count the voxels whose values are not those that intake makes of the volume."""
    with scratch_folder(Path(gettempdir())) as scratch:
        try:
            found = read_scan(convert(volume, scratch))
        except ScanError:  # it could not be taken in, so it is another volume
            return int(scan.intensity.size)
    if not found.grid.matches(scan.grid):
        return int(scan.intensity.size)
    same = np.isclose(found.intensity, scan.intensity, rtol=_SAME_VALUE, atol=0)
    return int(np.count_nonzero(~same))
