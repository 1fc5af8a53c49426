"""Simulates the acquisition of scans: slices, partial volume, MR artefacts and noise."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.transform import Rotation

from pipeline.domain.scan import Contrast, Scan
from pipeline.phantom.acquisition.artefact_models import add_noise, volume_coil_sensitivity
from pipeline.phantom.acquisition.artefacts import DEFAULT_ARTEFACTS, Artefacts
from pipeline.phantom.acquisition.protocols import Orientation, Protocol
from pipeline.phantom.acquisition.receive_chain import ReceiveChain
from pipeline.phantom.acquisition.sidecar_fields import (
    SINGLE_IMAGE,
    acquisition_fields,
    image_contrast,
)
from pipeline.phantom.acquisition.signal import foot_signals, tissue_signals
from pipeline.phantom.acquisition.slices import STACKS, slice_grid
from pipeline.phantom.anatomy.foot import Foot, Tissue
from pipeline.phantom.anatomy.positioning import random_pose

__all__ = ["acquire", "acquire_all", "ideal_scan", "random_pose"]

MAX_TILT_DEG = 10.0
NOISE_LEVELS = 2.5
"""Grey levels per noise SD: fine enough to lose nothing, coarse enough to compress well."""
_MOST_LEVELS = 2**15


def acquire(
    foot: Foot,
    protocol: Protocol,
    rng: np.random.Generator,
    *,
    max_tilt_deg: float = MAX_TILT_DEG,
    artefacts: Artefacts = DEFAULT_ARTEFACTS,
    beside: Foot | None = None,
) -> Scan:
    """Acquire only the image to be measured: the water or fat image of a Dixon protocol.

    Parameters are those of `acquire_all`.
    """
    images = acquire_all(
        foot, protocol, rng, max_tilt_deg=max_tilt_deg, artefacts=artefacts, beside=beside
    )
    return images[protocol.contrast.value if protocol.is_dixon else SINGLE_IMAGE]


def acquire_all(
    foot: Foot,
    protocol: Protocol,
    rng: np.random.Generator,
    *,
    max_tilt_deg: float = MAX_TILT_DEG,
    artefacts: Artefacts = DEFAULT_ARTEFACTS,
    beside: Foot | None = None,
) -> Mapping[str, Scan]:
    """Acquire all images of a protocol, from heel to toes or over its field of view.

    Parameters
    ----------
    foot
        The foot in its pose in the scanner; the second axis of its grid is its long axis.
    rng
        Source of all randomness. Tilt, coil and noise are drawn from it in this order, and
        other MR artefacts from a spawned generator, so that they do not change the former.
    max_tilt_deg
        Slices follow the foot's axes up to a random tilt of at most this angle.
    artefacts
        Strengths of the MR artefacts.
    beside
        The other foot, if it lies in the same image.

    Returns
    -------
    mapping of str to Scan
        ``water``, ``fat``, ``in`` (phase) and ``opposed`` (phase) of a Dixon protocol;
        otherwise one image with an empty name. Intensities are integers. Array axes of
        short-axis slices point right, dorsal and to the toes; slices are stacked along the
        last axis. `side` is None, as in an image from a scanner without that entry.

    Notes
    -----
    A voxel is the mean signal over its pixel and slice profile. Water and fat are sampled
    separately if fat is shifted or suppressed, or for Dixon. Coil sensitivity multiplies the
    signal; complex Gaussian noise makes the magnitude Rician. In-phase and opposed-phase
    images are the sum and difference of the noisy water and fat signals. The static field is
    homogeneous: there is no geometric distortion and no signal loss by susceptibility.
    """
    artefact_rng = rng.spawn(1)[0]
    feet = (foot,) if beside is None else (foot, beside)
    grid = slice_grid(feet, protocol, _tilt(rng, max_tilt_deg, protocol.orientation))
    signals = tissue_signals(protocol)
    sigma = float(signals.total[Tissue.MUSCLE]) / protocol.muscle_snr
    if artefacts.tissue_spread:
        signals = signals.perturbed(artefacts.tissue_spread, artefact_rng)
    chain = ReceiveChain(feet, grid, protocol, artefacts, artefact_rng)
    channels = chain.channels(signals)
    sensitivity = volume_coil_sensitivity(grid.shape, artefacts.coil_bias, rng)
    degraded, grid = chain.degrade([channel * sensitivity for channel in channels])
    received = [add_noise(channel, sigma, rng) for channel in degraded]
    images = _magnitudes(received)
    if artefacts.background_mask:
        images = {
            name: _mask_background(image, artefacts.background_mask * sigma)
            for name, image in images.items()
        }
    peak = max(float(image.max()) for image in images.values())
    step = max(sigma / NOISE_LEVELS, peak / _MOST_LEVELS)
    return {
        name: Scan(
            np.rint(image * (1 / step)),
            grid,
            image_contrast(protocol, name),
            acquisition=acquisition_fields(protocol, name),
        )
        for name, image in images.items()
    }


def ideal_scan(foot: Foot, protocol: Protocol) -> Scan:
    """Give the signal of the foot's own voxels, relative to fat.

    There is no partial volume, coil sensitivity or noise.
    """
    signals = tissue_signals(protocol)
    if protocol.is_dixon:
        shown = signals.fat if protocol.contrast is Contrast.FAT else signals.water
    else:
        shown = signals.total - signals.fat * np.float32(1 - protocol.fat_left)
    signal = foot_signals(foot, shown)
    return Scan(
        signal,
        foot.grid,
        protocol.contrast,
        foot.side,
        acquisition_fields(protocol, SINGLE_IMAGE),
    )


def _tilt(rng: np.random.Generator, max_tilt_deg: float, orientation: Orientation) -> Rotation:
    """Draw a small rotation about an axis in the slice plane at random."""
    angle = math.radians(rng.uniform(0, max_tilt_deg))
    direction = rng.uniform(0, 2 * math.pi)
    axis = np.zeros(3)
    axis[list(STACKS[orientation][:2])] = math.cos(direction), math.sin(direction)
    return Rotation.from_rotvec(angle * axis)


def _magnitudes(
    channels: Sequence[tuple[NDArray[np.float32], NDArray[np.float32]]],
) -> dict[str, NDArray[np.float32]]:
    """Give the magnitude images of one complex channel, or of water and fat."""
    if len(channels) == 1:
        return {SINGLE_IMAGE: np.hypot(*channels[0])}
    (water, water_i), (fat, fat_i) = channels
    return {
        "water": np.hypot(water, water_i),
        "fat": np.hypot(fat, fat_i),
        "in": np.hypot(water + fat, water_i + fat_i),
        "opposed": np.hypot(water - fat, water_i - fat_i),
    }


def _mask_background(image: NDArray[np.float32], threshold: float) -> NDArray[np.float32]:
    """Set voxels to 0 where the mean over 3 x 3 pixels of a slice is below a threshold."""
    around = ndimage.uniform_filter(image, (3, 3, 1), mode="nearest")
    masked: NDArray[np.float32] = np.where(around < threshold, np.float32(0), image)
    return masked
