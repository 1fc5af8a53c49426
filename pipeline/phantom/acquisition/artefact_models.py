"""Models of MR artefacts and noise: coil sensitivity, k-space, motion, aliasing."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from pipeline.domain.grid import Grid

Image = NDArray[np.float32]

_COIL_DEPTH_MM = 25.0  # over which a surface coil's sensitivity decays by 1/e
_TAPER = 0.2  # fraction of the measured k-space that is apodised
_GHOSTS = (-2, -1, 1, 2)


def volume_coil_sensitivity(
    shape: tuple[int, int, int], largest: float, rng: np.random.Generator
) -> Image:
    """Make a random quadratic field that deviates from 1 by at most `largest`."""
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


def surface_coil_sensitivity(grid: Grid, gain: float, angle_rad: float) -> Image:
    """Make the sensitivity of a coil at one side of the image.

    Parameters
    ----------
    gain
        Sensitivity at the coil is 1 + this; far from it, it is 1.
    angle_rad
        Direction of the coil in the slice plane, from array axis 0.
    """
    n0, n1, _ = grid.shape
    toward = np.array((np.cos(angle_rad), np.sin(angle_rad))) * grid.spacing_mm[:2]
    depth = -(np.arange(n0)[:, None] * toward[0] + np.arange(n1) * toward[1])
    field = 1 + gain * np.exp(-(depth - depth.min()) / _COIL_DEPTH_MM)
    sensitivity: Image = field.astype(np.float32)[..., None]
    return sensitivity


def truncate_k_space(image: Image, missing: float) -> Image:
    """Zero-fill the edge of k-space, which blurs the image and causes Gibbs ringing.

    Parameters
    ----------
    missing
        Fraction of k-space's half-width that is zero-filled, along both in-plane axes.

    Notes
    -----
    The cosine transform mirrors the image at its edges, so that a leg that continues
    beyond them does not ring.
    """
    spectrum = fft.dctn(image, axes=(0, 1), norm="ortho", overwrite_x=False)
    for axis in (0, 1):
        frequency = np.arange(image.shape[axis]) / image.shape[axis] / (1 - missing)
        past = np.clip((frequency - (1 - _TAPER)) / _TAPER, 0, 1)
        window = np.where(frequency < 1, np.cos(past * np.pi / 2) ** 2, 0).astype(np.float32)
        spectrum *= window[:, None, None] if axis == 0 else window[:, None]
    ringing: Image = fft.idctn(spectrum, axes=(0, 1), norm="ortho", overwrite_x=True)
    return ringing


def add_ghosts(
    images: Sequence[Image], brightness: float, axis: int, rng: np.random.Generator
) -> list[NDArray[np.complex64]]:
    """Add motion ghosts: fainter copies along the phase-encoding axis, with random phase."""
    step = images[0].shape[axis] * rng.uniform(0.12, 0.35)
    phases = rng.uniform(0, 2 * np.pi, len(_GHOSTS))
    degraded = []
    for image in images:
        total = image.astype(np.complex64)
        for order, phase in zip(_GHOSTS, phases, strict=True):
            factor = np.complex64(brightness / abs(order) * np.exp(1j * phase))
            total += factor * np.roll(image, round(order * step), axis)
        degraded.append(total)
    return degraded


def fold_over(
    images: Sequence[NDArray[np.inexact]], grid: Grid, fraction: float, axis: int
) -> tuple[list[NDArray[np.inexact]], Grid]:
    """Narrow the field of view along an axis; signal from outside it is aliased.

    Parameters
    ----------
    fraction
        Of the width; half of it is removed from either side.

    Returns
    -------
    tuple
        The images and their grid.
    """
    size = grid.shape[axis]
    kept = max(1, round(size * (1 - fraction)))
    start = (size - kept) // 2
    narrow = []
    for image in images:
        moved = np.moveaxis(image, axis, 0)
        inner = np.zeros((kept, *moved.shape[1:]), dtype=image.dtype)
        for index in range(size):
            inner[(index - start) % kept] += moved[index]
        narrow.append(np.moveaxis(inner, 0, axis))
    corner = np.zeros(3)
    corner[axis] = start
    affine = grid.matrix
    affine[:3, 3] = grid.to_world(corner)
    return narrow, Grid.from_arrays(narrow[0].shape, affine)


def add_noise(
    image: NDArray[np.inexact], sigma: float, rng: np.random.Generator
) -> tuple[Image, Image]:
    """Add Gaussian noise to the real and the imaginary channel."""
    real, imaginary = (
        rng.standard_normal(image.shape, dtype=np.float32) * np.float32(sigma) for _ in range(2)
    )
    return np.real(image) + real, np.imag(image) + imaginary if np.iscomplexobj(
        image
    ) else imaginary
