"""Poses of feet in the scanner."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from pipeline.domain.scan import Side
from pipeline.phantom.anatomy.foot import Foot, Tissue

MAX_PLANTARFLEXION_DEG = 20.0
MAX_EXTERNAL_ROTATION_DEG = 20.0
MAX_SHIFT_MM = 20.0


def random_pose(rng: np.random.Generator, side: Side = Side.RIGHT) -> NDArray[np.float64]:
    """Draw a pose of the foot in the scanner at random.

    Returns
    -------
    ndarray
        Rigid 4 x 4 matrix for `Foot.moved`: up to 20 degrees of plantarflexion, up
        to 20 degrees of external rotation, and a shift, world to world.
    """
    plantarflexion = rng.uniform(0, MAX_PLANTARFLEXION_DEG)
    external = rng.uniform(0, MAX_EXTERNAL_ROTATION_DEG)
    # Plantarflexion turns toes (+A) down about +R; external rotation turns them about +S.
    turn = -external if side is Side.RIGHT else external
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_euler("xz", (-plantarflexion, turn), degrees=True).as_matrix()
    pose[:3, 3] = rng.uniform(-MAX_SHIFT_MM, MAX_SHIFT_MM, 3)
    return pose


def place_beside(other: Foot, foot: Foot, gap_mm: float = 8.0) -> Foot:
    """Translate the other foot to the medial side of this one.

    Parameters
    ----------
    other
        The foot of the opposite side, in its own orientation.
    gap_mm
        Smallest distance between the two along the mediolateral axis.

    Raises
    ------
    ValueError
        If both feet are of the same side.
    """
    if other.side is foot.side:
        msg = f"Two feet in one image must be a left and a right one, got two {foot.side} feet"
        raise ValueError(msg)
    (low, high), (other_low, other_high) = (_bounds_mm(f) for f in (foot, other))
    shift = (low + high - other_low - other_high) / 2  # aligned along A and S
    if foot.side is Side.RIGHT:
        shift[0] = low[0] - gap_mm - other_high[0]
    else:
        shift[0] = high[0] + gap_mm - other_low[0]
    pose = np.eye(4)
    pose[:3, 3] = shift
    return other.moved(pose)


def _bounds_mm(foot: Foot) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the lowest and highest world coordinates of tissue along R, A and S."""
    is_tissue = foot.tissues != Tissue.AIR
    shell = np.argwhere(is_tissue & ~_inside(is_tissue))
    points = foot.grid.to_world(shell)
    return points.min(axis=0), points.max(axis=0)


def _inside(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Find the voxels whose two neighbours along the first axis are in the mask."""
    inner = np.zeros_like(mask)
    inner[1:-1] = mask[:-2] & mask[2:]
    return inner
