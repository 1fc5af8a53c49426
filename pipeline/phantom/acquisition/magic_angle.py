"""The magic-angle effect: tendons are brighter where their fibres are oblique to the field."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.phantom.acquisition.protocols import Protocol
from pipeline.phantom.acquisition.relaxation import MAGIC_T2_MS, Relaxation, relaxations
from pipeline.phantom.acquisition.signal import relative_signal
from pipeline.phantom.anatomy.foot import Foot, Tissue

_COARSE_MM = 2.0
_SMOOTH = 1.0  # coarse voxels; wide enough for the direction of a tendon
_FIRST_ORDER = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
_FIELD = np.array((0.0, 0.0, 1.0))  # B0 runs along +S, as the patient lies in the bore


def tendon_signals(foot: Foot, protocol: Protocol, strength: float) -> NDArray[np.float32]:
    """Give the signal of every tendon voxel, in index order, relative to fat.

    Parameters
    ----------
    strength
        Fraction of the effect, 0 to 1.

    Notes
    -----
    Dipolar relaxation is proportional to d = ((3 cos^2 a - 1) / 2)^2, with a the angle
    between fibre and field: 1 / T2 = R + strength (1 / `MAGIC_T2_MS` - R) (1 - d), with
    R = 1 / T2 of the relaxation table. Fibres follow the direction in which the tendon
    mask, smoothed on a 2 mm lattice, changes least (structure tensor). In a sheet such as
    the plantar aponeurosis this is nearly the long axis.
    """
    table = relaxations(protocol.field_t)
    tendon_times, fat = table[Tissue.TENDON], table[Tissue.FAT]
    cosine = np.linspace(0, 1, 65)
    dipolar = ((3 * cosine**2 - 1) / 2) ** 2
    rate = 1 / tendon_times.t2_ms + strength * (1 / MAGIC_T2_MS - 1 / tendon_times.t2_ms) * (
        1 - dipolar
    )
    levels = [
        relative_signal(
            Relaxation(tendon_times.t1_ms, 1 / r, tendon_times.proton_density), protocol
        )
        / relative_signal(fat, protocol)
        for r in rate
    ]
    along = np.abs(fibre_directions(foot) @ (foot.grid.matrix[:3, :3].T @ _FIELD))
    shown: NDArray[np.float32] = np.interp(
        along / foot.grid.spacing_mm[0], cosine, levels
    ).astype(np.float32)
    return shown


def fibre_directions(foot: Foot) -> NDArray[np.float32]:
    """Give the unit fibre direction, in array axes, of every tendon voxel in index order."""
    tendon = foot.tissues == Tissue.TENDON
    block = max(1, round(_COARSE_MM / foot.grid.spacing_mm[0]))
    padded = np.pad(tendon, [(0, -n % block) for n in tendon.shape])
    shape = [n for size in padded.shape for n in (size // block, block)]
    fraction = padded.reshape(shape).mean(axis=(1, 3, 5), dtype=np.float32)
    slopes = [ndimage.gaussian_filter(fraction, _SMOOTH, order=o) for o in _FIRST_ORDER]
    where = fraction > 0
    tensor = np.empty((np.count_nonzero(where), 3, 3), dtype=np.float32)
    for i in range(3):
        for j in range(i, 3):
            product = ndimage.gaussian_filter(slopes[i] * slopes[j], 2 * _SMOOTH, truncate=2.0)
            tensor[:, i, j] = tensor[:, j, i] = product[where]
    directions = np.zeros((*fraction.shape, 3), dtype=np.float32)
    directions[where] = np.linalg.eigh(tensor)[1][:, :, 0]
    along_tendon: NDArray[np.float32] = directions[tuple(np.argwhere(tendon).T // block)]
    return along_tendon
