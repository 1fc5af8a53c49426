"""A foot of boxes in its own frame, and a scan of it, for the pictures of the report."""

from dataclasses import replace

import numpy as np

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap, Segmentation
from pipeline.domain.landmarks import Border, FootFrame, Landmarks
from pipeline.domain.region_split import RegionSplit
from pipeline.domain.scan import Scan, Side


def split_of(side: Side = Side.RIGHT, turn_deg: float = 0.0) -> RegionSplit:
    """Give boxes as muscles and bone; the long axis is A, turned about S; lateral is R."""
    muscles = np.zeros((23, 31, 17), dtype=np.uint8)
    bones = np.zeros_like(muscles)
    medial, lateral = (slice(2, 7), slice(15, 20))
    muscles[medial, 4:18, 2:7] = 1
    muscles[lateral, 4:14, 2:7] = 3
    muscles[9:13, 16:22, 3:6] = 8
    bones[8:14, 1:30, 8:12] = 1
    if side is Side.LEFT:
        muscles, bones = muscles[::-1], bones[::-1]
    angle = np.radians(turn_deg)
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1.0]]
    )
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag((1.5, 2.5, 2.0))
    grid = Grid.from_arrays(muscles.shape, affine)
    outward = 1.0 if side is Side.RIGHT else -1.0
    frame = FootFrame(
        (0.0, 0.0, 0.0),
        tuple(turn @ (0, 1, 0)),
        tuple(turn @ (outward, 0, 0)),
        (0.0, 0.0, 1.0),
    )
    somewhere = (1.0, 2.0, 3.0)
    landmarks = Landmarks(*(somewhere,) * 6, frame, Border("tmt1", 33.0), 72.0)
    segmentation = Segmentation(
        LabelMap(muscles, grid, MUSCLE_NAMES),
        LabelMap(bones, grid, BONE_NAMES),
        side,
        "network",
    )
    return RegionSplit(segmentation, landmarks, np.ones(muscles.shape, dtype=np.float32))


def scan_of(split: RegionSplit, rng: np.random.Generator | None = None) -> Scan:
    """Give an image in which muscle is dark and the rest bright."""
    noise = (rng or np.random.default_rng(3)).normal(0, 0.01, split.muscles.grid.shape)
    intensity = np.where(split.muscles.voxels > 0, 0.3, 0.9) + noise
    return Scan(intensity.astype(np.float32), split.muscles.grid)


def without_labels(split: RegionSplit) -> RegionSplit:
    """Take all muscles and bones away."""
    nothing = np.zeros(split.muscles.grid.shape, dtype=np.uint8)
    muscles = LabelMap(nothing, split.muscles.grid, MUSCLE_NAMES)
    bones = LabelMap(nothing, split.muscles.grid, BONE_NAMES)
    segmentation = replace(split.segmentation, muscles=muscles, bones=bones)
    return replace(split, segmentation=segmentation)
