"""Small objects of the domain; all sizes, spacings and directions differ."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.transform import Rotation

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap, Segmentation
from pipeline.domain.landmarks import Border, FootFrame, Landmarks, to_point
from pipeline.domain.scan import Scan, Side

SHAPE = (23, 31, 17)
SPACING_MM = (0.5, 0.7, 3.0)
BLOCK = (slice(3, 9), slice(5, 20), slice(2, 13))
"""A box of 6 x 15 x 11 voxels, inside `SHAPE`."""

Box = tuple[slice, slice, slice]


def make_grid(
    shape: tuple[int, int, int] = SHAPE,
    spacing_mm: tuple[float, float, float] = SPACING_MM,
    turns_deg: tuple[float, float, float] = (20.0, 0.0, 0.0),
) -> Grid:
    """Make a grid turned about +R, +A and +S, its second axis flipped."""
    affine = np.eye(4)
    turn = Rotation.from_euler("xyz", turns_deg, degrees=True).as_matrix()
    affine[:3, :3] = turn * spacing_mm * (1, -1, 1)
    affine[:3, 3] = (-12, 30, 8)
    return Grid.from_arrays(shape, affine)


def make_labels(
    grid: Grid, where: Mapping[int, Box], names: Mapping[int, str] = MUSCLE_NAMES
) -> LabelMap:
    """Label boxes of voxels; later ones cover earlier ones."""
    voxels = np.zeros(grid.shape, dtype=np.int16)
    for label, box in where.items():
        voxels[box] = label
    return LabelMap(voxels, grid, names)


def make_segmentation(muscles: LabelMap, side: Side = Side.RIGHT) -> Segmentation:
    """Put muscles into a foot that has no bones."""
    return Segmentation(muscles, make_labels(muscles.grid, {}, BONE_NAMES), side, "made")


def make_frame(
    origin: ArrayLike = (1.5, -4.0, 9.0), turns_deg: tuple[float, float, float] = (11, -7, 25)
) -> FootFrame:
    """Make a right foot's frame, turned from toes +A, little toe +R, dorsum +S."""
    lateral, long, dorsal = Rotation.from_euler("xyz", turns_deg, degrees=True).as_matrix().T
    return FootFrame(to_point(origin), to_point(long), to_point(lateral), to_point(dorsal))


def make_landmarks(frame: FootFrame, border_mm: float) -> Landmarks:
    """Give a frame a border; the points are arbitrary."""
    return Landmarks(
        heel=frame.origin,
        calcaneal_tuberosity=frame.origin,
        metatarsal_1_head=(2.0, 160.0, 3.0),
        metatarsal_5_head=(60.0, 140.0, 4.0),
        metatarsal_2_head=(11.0, 165.0, 5.0),
        metatarsal_1_base=(1.0, 118.5, 30.0),
        frame=frame,
        border=Border("tmt1", border_mm),
        foot_length_mm=241.5,
    )


def make_taken_scan() -> Scan:
    """Make a scan of 5 x 6 x 7 voxels of 0.5 x 0.7 x 3 mm, with how it was taken."""
    levels = np.random.default_rng(5).integers(0, 900, (5, 6, 7)).astype(np.float32)
    affine = np.diag((0.5, 0.7, 3.0, 1.0))
    affine[:3, 3] = (-9, 4, 2)
    facts = {
        "MagneticFieldStrength": 3.0,
        "RepetitionTime": 0.6,
        "EchoTime": 0.012,
        "SliceThickness": 2.5,
        "ProtocolName": "made",
    }
    return Scan(levels, Grid.from_arrays(levels.shape, affine), acquisition=facts)
