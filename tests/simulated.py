"""One coarse simulated scan, cheap enough to segment in a test."""

from dataclasses import dataclass, replace

import numpy as np

from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap
from pipeline.domain.scan import Scan, Side
from pipeline.phantom.acquisition.acquire import acquire, random_pose
from pipeline.phantom.acquisition.protocols import get_protocol
from pipeline.phantom.anatomy.digital_foot import make_foot
from pipeline.phantom.anatomy.foot import Foot
from pipeline.phantom.anatomy.shape import draw_shape
from pipeline.settings.preprocess import PreprocessParams
from pipeline.stages.preprocess import preprocess
from validation.label_overlap import on_grid

LONG = 2  # array axis of the simulated scan that points to the toes
GAP = 6  # voxels of air between two feet


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """A foot whose ground truth is known, and its scan before and after preprocessing."""

    foot: Foot
    raw: Scan
    scan: Scan


def simulate(seed: int, side: Side = Side.RIGHT, pixel_mm: float = 1.0) -> Simulated:
    """Scan a foot of the population in slices of 4 mm."""
    rng = np.random.default_rng(seed)
    foot = make_foot(draw_shape(rng, side), 1.0).moved(random_pose(rng, side))
    protocol = replace(get_protocol("t1_se_4mm"), in_plane_mm=pixel_mm)
    raw = acquire(foot, protocol, rng)
    return Simulated(foot, raw, preprocess(raw, PreprocessParams()))


def cropped(scan: Scan, axis: int, kept: slice) -> Scan:
    """Crop the field of view; every voxel keeps its position."""
    where = [slice(None)] * 3
    where[axis] = kept
    start = [s.indices(n)[0] for s, n in zip(where, scan.grid.shape, strict=True)]
    affine = scan.grid.matrix
    affine[:3, 3] = scan.grid.to_world(start)
    voxels = scan.intensity[tuple(where)]
    return replace(scan, intensity=voxels, grid=Grid.from_arrays(voxels.shape, affine))


def planes_of(labels: LabelMap, label: int, grid: Grid) -> tuple[int, int]:
    """Give the first and last plane along the foot that show a structure."""
    planes = np.flatnonzero((on_grid(labels, grid) == label).any(axis=(0, 1)))
    return int(planes[0]), int(planes[-1])


def both_feet(right: Scan) -> Scan:
    """Put a foot and its mirror image side by side, the left one at the low indices."""
    pair = (right.intensity[::-1], np.zeros_like(right.intensity[:GAP]), right.intensity)
    voxels = np.concatenate(pair)
    return replace(
        right, intensity=voxels, grid=Grid.from_arrays(voxels.shape, right.grid.matrix)
    )
