"""Taking a scan of the digital foot: slices, partial volume, artefacts and noise."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.transform import Rotation

from pipeline.domain.scan import Contrast, Scan
from pipeline.phantom.acquisition.artefact_models import noisy, volume_coil
from pipeline.phantom.acquisition.artefacts import USUAL_ARTEFACTS, Artefacts
from pipeline.phantom.acquisition.protocols import Orientation, Protocol
from pipeline.phantom.acquisition.receive_chain import Exposure
from pipeline.phantom.acquisition.sidecar_fields import (
    SINGLE,
    acquisition_facts,
    shown_contrast,
)
from pipeline.phantom.acquisition.signal import foot_signals, tissue_signals
from pipeline.phantom.acquisition.slices import STACKS, slice_grid
from pipeline.phantom.anatomy.foot import Foot, Tissue
from pipeline.phantom.anatomy.positioning import random_pose

__all__ = ["acquire", "acquire_all", "ideal_scan", "random_pose"]

MAX_TILT_DEG = 10.0
NOISE_LEVELS = (
    2.5  # grey levels per noise SD: fine enough to lose nothing, coarse enough to pack
)
_MOST_LEVELS = 2**15


def acquire(
    foot: Foot,
    protocol: Protocol,
    rng: np.random.Generator,
    *,
    max_tilt_deg: float = MAX_TILT_DEG,
    artefacts: Artefacts = USUAL_ARTEFACTS,
    beside: Foot | None = None,
) -> Scan:
    """Take the one image of a foot that is to be measured; see `acquire_all`."""
    images = acquire_all(
        foot, protocol, rng, max_tilt_deg=max_tilt_deg, artefacts=artefacts, beside=beside
    )
    return images[protocol.contrast.value if protocol.is_dixon else SINGLE]


def acquire_all(
    foot: Foot,
    protocol: Protocol,
    rng: np.random.Generator,
    *,
    max_tilt_deg: float = MAX_TILT_DEG,
    artefacts: Artefacts = USUAL_ARTEFACTS,
    beside: Foot | None = None,
) -> Mapping[str, Scan]:
    """Scan a foot from heel to toes, or as far as the protocol's field of view goes.

    Parameters
    ----------
    foot
        Where it lies; its grid's second axis is its long axis.
    rng
        All chance comes from it: first the tilt, then coil, then noise, so that turning
        another artefact on leaves these as they were.
    max_tilt_deg
        Slices follow the foot's axes but for a random tilt up to this.
    beside
        The other foot, where it lies in the same image.

    Returns
    -------
    mapping of str to Scan
        ``water``, ``fat``, ``in`` (phase) and ``opposed`` (phase) of a Dixon protocol;
        else one image under the empty name. Whole-number intensities. Array axes of
        short-axis slices point right, dorsal and to the toes; slices always lie along
        the last. `side` is None, as no scanner knows it.

    Notes
    -----
    Each voxel is the mean of the tissue signal over its pixel and its slice profile.
    Water and fat are told apart only where something treats them differently. Coil
    sensitivity multiplies them; complex Gaussian noise makes the magnitude Rician, and
    that of in and opposed phase the sum of water's and fat's. Fields are ideal: nothing
    bends, no signal is lost to susceptibility.
    """
    chance = rng.spawn(1)[0]
    feet = (foot,) if beside is None else (foot, beside)
    grid = slice_grid(feet, protocol, _tilt(rng, max_tilt_deg, protocol.orientation))
    signals = tissue_signals(protocol)
    sigma = float(signals.whole[Tissue.MUSCLE]) / protocol.muscle_snr
    if artefacts.tissue_spread:
        signals = signals.varied(artefacts.tissue_spread, chance)
    taken = Exposure(feet, grid, protocol, artefacts, chance)
    channels = taken.channels(signals)
    sensitivity = volume_coil(grid.shape, artefacts.coil_bias, rng)
    spoilt, grid = taken.spoil([channel * sensitivity for channel in channels])
    received = [noisy(channel, sigma, rng) for channel in spoilt]
    images = _magnitudes(received)
    if artefacts.background_mask:
        images = {
            name: _masked(image, artefacts.background_mask * sigma)
            for name, image in images.items()
        }
    peak = max(float(image.max()) for image in images.values())
    step = max(sigma / NOISE_LEVELS, peak / _MOST_LEVELS)
    return {
        name: Scan(
            np.rint(image * (1 / step)),
            grid,
            shown_contrast(protocol, name),
            acquisition=acquisition_facts(protocol, name),
        )
        for name, image in images.items()
    }


def ideal_scan(foot: Foot, protocol: Protocol) -> Scan:
    """Give the foot's own voxels their signal: no partial volume, coil or noise; fat is 1."""
    signals = tissue_signals(protocol)
    if protocol.is_dixon:
        shown = signals.fat if protocol.contrast is Contrast.FAT else signals.water
    else:
        shown = signals.whole - signals.fat * np.float32(1 - protocol.fat_left)
    signal = foot_signals(foot, shown)
    return Scan(
        signal, foot.grid, protocol.contrast, foot.side, acquisition_facts(protocol, SINGLE)
    )


def _tilt(rng: np.random.Generator, max_tilt_deg: float, orientation: Orientation) -> Rotation:
    """Draw a small turn about an axis in the slice plane."""
    angle = math.radians(rng.uniform(0, max_tilt_deg))
    direction = rng.uniform(0, 2 * math.pi)
    axis = np.zeros(3)
    axis[list(STACKS[orientation][:2])] = math.cos(direction), math.sin(direction)
    return Rotation.from_rotvec(angle * axis)


def _magnitudes(
    channels: Sequence[tuple[NDArray[np.float32], NDArray[np.float32]]],
) -> dict[str, NDArray[np.float32]]:
    """Give the magnitude images of one channel, or of water and fat."""
    if len(channels) == 1:
        return {SINGLE: np.hypot(*channels[0])}
    (water, water_i), (fat, fat_i) = channels
    return {
        "water": np.hypot(water, water_i),
        "fat": np.hypot(fat, fat_i),
        "in": np.hypot(water + fat, water_i + fat_i),
        "opposed": np.hypot(water - fat, water_i - fat_i),
    }


def _masked(image: NDArray[np.float32], threshold: float) -> NDArray[np.float32]:
    """Set to 0 what is dark over 3 x 3 pixels of a slice."""
    around = ndimage.uniform_filter(image, (3, 3, 1), mode="nearest")
    masked: NDArray[np.float32] = np.where(around < threshold, np.float32(0), image)
    return masked
