"""Taking a scan of the digital foot: pose, slices, partial volume, coil and noise."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform
from scipy.spatial.transform import Rotation

from pipeline.domain.grid import Grid
from pipeline.domain.scan import Scan, Side
from pipeline.phantom.foot import Foot, Tissue
from pipeline.phantom.protocols import Protocol
from pipeline.phantom.tissues import spin_echo_signals

MAX_TILT_DEG = 10.0
MAX_PLANTARFLEXION_DEG = 20.0
MAX_EXTERNAL_ROTATION_DEG = 20.0
MAX_SHIFT_MM = 20.0
NOISE_LEVELS = (
    2.5  # grey levels per noise SD: fine enough to lose nothing, coarse enough to pack
)


def random_pose(rng: np.random.Generator, side: Side = Side.RIGHT) -> NDArray[np.float64]:
    """Draw how the foot lies in the scanner.

    Returns
    -------
    ndarray
        Rigid 4 x 4 matrix for `Foot.moved`: up to 20 degrees of plantarflexion, up
        to 20 degrees of external rotation, and a shift, world to world.
    """
    plantarflexion = rng.uniform(0, MAX_PLANTARFLEXION_DEG)
    external = rng.uniform(0, MAX_EXTERNAL_ROTATION_DEG)
    # Toes (+A) fall about +R; toes turn to the body's own side about +S.
    turn = -external if side is Side.RIGHT else external
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_euler("xz", (-plantarflexion, turn), degrees=True).as_matrix()
    pose[:3, 3] = rng.uniform(-MAX_SHIFT_MM, MAX_SHIFT_MM, 3)
    return pose


def acquire(
    foot: Foot,
    protocol: Protocol,
    rng: np.random.Generator,
    *,
    max_tilt_deg: float = MAX_TILT_DEG,
) -> Scan:
    """Scan a foot in short-axis slices that hold it from heel to toes.

    Parameters
    ----------
    foot
        Where it lies; its grid's second axis is its long axis.
    max_tilt_deg
        Slices are square to the long axis but for a random tilt up to this.

    Returns
    -------
    Scan
        Whole-number intensities; array axes point right, dorsal and to the
        toes, so the slices lie along the last. `side` is None, as no scanner knows it.

    Notes
    -----
    Each voxel is the mean of the tissue signal over its pixel and its slice
    thickness, sampled about as finely as the foot's own grid. Coil sensitivity
    multiplies it; complex Gaussian noise makes the magnitude Rician.
    """
    signals = _signals(protocol)
    grid = _slice_grid(foot, protocol, _tilt(rng, max_tilt_deg))
    clean = _sampled(signals[foot.tissues], foot.grid, grid, protocol.slice_thickness_mm)
    clean *= _coil_sensitivity(grid.shape, protocol.coil_bias, rng)
    sigma = float(signals[Tissue.MUSCLE]) / protocol.muscle_snr
    levels = np.rint(_with_noise(clean, sigma, rng) * (NOISE_LEVELS / sigma))
    return Scan(levels, grid, protocol.contrast, acquisition=_facts(protocol))


def ideal_scan(foot: Foot, protocol: Protocol) -> Scan:
    """Give the foot's own voxels their signal: no partial volume, coil or noise; fat is 1."""
    signal = _signals(protocol)[foot.tissues]
    return Scan(signal, foot.grid, protocol.contrast, foot.side, _facts(protocol))


def _signals(protocol: Protocol) -> NDArray[np.float32]:
    """Brightness by `Tissue` under a protocol; fat is 1."""
    return spin_echo_signals(
        protocol.field_t,
        repetition_time_ms=protocol.repetition_time_ms,
        echo_time_ms=protocol.echo_time_ms,
    )


def _tilt(rng: np.random.Generator, max_tilt_deg: float) -> NDArray[np.float64]:
    """Draw a small turn about an axis in the slice plane (array axes 0 and 2)."""
    angle = math.radians(rng.uniform(0, max_tilt_deg))
    direction = rng.uniform(0, 2 * math.pi)
    axis = np.array((math.cos(direction), 0.0, math.sin(direction)))
    turn: NDArray[np.float64] = Rotation.from_rotvec(angle * axis).as_matrix()
    return turn


def _slice_grid(foot: Foot, protocol: Protocol, tilt: NDArray[np.float64]) -> Grid:
    """Lay tilted slices over all tissue, with a margin of air around it."""
    axes = foot.grid.matrix[:3, :3] / foot.grid.spacing_mm @ tilt
    directions = axes[:, (0, 2, 1)]
    directions[:, 0] *= np.sign(directions[0, 0])  # a scanner's axes do not tell the side
    surface = foot.grid.to_world(_outline(foot.tissues)) @ directions
    spacing = np.array((protocol.in_plane_mm, protocol.in_plane_mm, protocol.slice_spacing_mm))
    low = np.round(surface.min(axis=0) - protocol.margin_mm, 3)
    high = surface.max(axis=0) + protocol.margin_mm * np.array((1, 0, 1))  # the leg goes on
    shape = np.ceil((high - low) / spacing).astype(int)
    affine = np.eye(4)
    affine[:3, :3] = directions * spacing
    affine[:3, 3] = directions @ (low + spacing / 2)
    return Grid.from_arrays(shape.tolist(), affine)


def _outline(tissues: NDArray[np.integer[Any]]) -> NDArray[np.intp]:
    """Give the indices of the first and last tissue voxel of every line along axis 0."""
    is_tissue = tissues != Tissue.AIR
    lines = np.argwhere(is_tissue.any(axis=0))
    columns = is_tissue[:, lines[:, 0], lines[:, 1]]
    first = columns.argmax(axis=0)
    last = len(columns) - 1 - columns[::-1].argmax(axis=0)
    return np.vstack([np.column_stack((ends, lines)) for ends in (first, last)])


def _sampled(
    signal: NDArray[np.float32], source: Grid, target: Grid, thickness_mm: float
) -> NDArray[np.float32]:
    """Average the signal over every voxel of the target grid, slice by slice."""
    extent_mm = np.array((*target.spacing_mm[:2], thickness_mm))
    steps = np.ceil(extent_mm / min(source.spacing_mm) - 1e-6).astype(int)
    part = extent_mm / np.array(target.spacing_mm) / steps  # of the target's index step
    to_source = np.linalg.inv(source.matrix) @ target.matrix
    n0, n1, slices = target.shape
    averaged = np.empty(target.shape, dtype=np.float32)
    for k in range(slices):
        first = np.array((0, 0, k)) - part * (steps - 1) / 2
        fine = affine_transform(
            signal,
            to_source[:3, :3] * part,
            to_source[:3, :3] @ first + to_source[:3, 3],
            (n0 * steps[0], n1 * steps[1], steps[2]),
            output=np.float32,
            order=1,
            mode="nearest",  # the leg goes on past the grid's upper edge
        )
        averaged[..., k] = fine.reshape(n0, steps[0], n1, steps[1], steps[2]).mean((1, 3, 4))
    return averaged


def _coil_sensitivity(
    shape: tuple[int, int, int], largest: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Make a random quadratic field about 1 that deviates by `largest` at most."""
    n0, n1, n2 = (np.linspace(-1, 1, n, dtype=np.float32) for n in shape)
    along = (n0[:, None, None], n1[:, None], n2)
    slopes, bends = rng.normal(size=3), rng.normal(size=(3, 3))
    field = np.zeros(shape, dtype=np.float32)
    for i, first in enumerate(along):
        field += np.float32(slopes[i]) * first
        for j, second in enumerate(along[i:], start=i):
            field += np.float32(bends[i, j]) * first * second
    field -= (field.max() + field.min()) / 2
    return 1 + field * np.float32(largest / max(field.max(), np.finfo(np.float32).tiny))


def _with_noise(
    signal: NDArray[np.float32], sigma: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Give the magnitude of the signal with Gaussian noise in both channels."""
    real, imaginary = (
        rng.standard_normal(signal.shape, dtype=np.float32) * np.float32(sigma)
        for _ in range(2)
    )
    magnitude: NDArray[np.float32] = np.hypot(signal + real, imaginary)
    return magnitude


def _facts(protocol: Protocol) -> dict[str, Any]:
    """Say how the scan was taken in BIDS terms (times in seconds)."""
    return {
        "MagneticFieldStrength": protocol.field_t,
        "RepetitionTime": protocol.repetition_time_ms / 1000,
        "EchoTime": protocol.echo_time_ms / 1000,
        "SliceThickness": protocol.slice_thickness_mm,
        "SpacingBetweenSlices": protocol.slice_spacing_mm,
        "ScanningSequence": "SE",
        "ProtocolName": protocol.name,
        "BodyPart": "FOOT",
    }
