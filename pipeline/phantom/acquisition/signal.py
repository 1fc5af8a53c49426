"""The MR signal of tissues, and of every voxel of a foot."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.phantom.acquisition.protocols import Protocol, Technique
from pipeline.phantom.acquisition.relaxation import FAT_SIGNAL_FRACTION, Relaxation, relaxations
from pipeline.phantom.anatomy.foot import Foot, Tissue


@dataclass(frozen=True, slots=True, eq=False)
class Signals:
    """Signal by `Tissue`, relative to that of fat: total, and the component from fat."""

    total: NDArray[np.float32]
    fat: NDArray[np.float32]

    @property
    def water(self) -> NDArray[np.float32]:
        """The component from water."""
        water: NDArray[np.float32] = self.total - self.fat
        return water

    def perturbed(self, spread: float, rng: np.random.Generator) -> "Signals":
        """Multiply the signal of each tissue by a log-normal random factor.

        Parameters
        ----------
        spread
            Standard deviation of the factor's logarithm.
        """
        factors = np.exp(rng.normal(0, spread, len(Tissue))).astype(np.float32)
        return Signals(self.total * factors, self.fat * factors)


def tissue_signals(protocol: Protocol) -> Signals:
    """Give the signal of every tissue under a protocol, before fat suppression."""
    table = relaxations(protocol.field_t)
    total = np.zeros(len(Tissue))
    for tissue, relaxation in table.items():
        total[tissue] = relative_signal(relaxation, protocol)
    total /= total[Tissue.FAT]
    fat_fraction = np.zeros(len(Tissue))
    for tissue, fraction in FAT_SIGNAL_FRACTION.items():
        fat_fraction[tissue] = fraction
    return Signals(total.astype(np.float32), (total * fat_fraction).astype(np.float32))


def relative_signal(relaxation: Relaxation, protocol: Protocol) -> float:
    """Give the signal of one tissue relative to pure water."""
    if protocol.technique is Technique.GRADIENT_ECHO:
        return relaxation.spoiled_gradient_echo(
            repetition_time_ms=protocol.repetition_time_ms,
            echo_time_ms=protocol.echo_time_ms,
            flip_deg=protocol.flip_deg,
        )
    return relaxation.spin_echo(
        repetition_time_ms=protocol.repetition_time_ms,
        echo_time_ms=protocol.echo_time_ms,
        echo_train_ms=protocol.echo_train_ms,
    )


def foot_signals(
    foot: Foot, by_tissue: NDArray[np.float32], tendon: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Give the signal of every voxel of a foot.

    Parameters
    ----------
    by_tissue
        Signal by `Tissue`: total, or the component from water or fat.
    tendon
        Signal of the tendon voxels in index order, if it varies between them.

    Notes
    -----
    A muscle voxel with fat fraction f has the signal (1 - f) muscle + f fat.
    """
    signal: NDArray[np.float32] = by_tissue[foot.tissues]
    if tendon is not None:
        signal[foot.tissues == Tissue.TENDON] = tendon
    if foot.fat_fraction is not None:
        muscle = foot.tissues == Tissue.MUSCLE
        fattening = by_tissue[Tissue.FAT] - by_tissue[Tissue.MUSCLE]
        signal[muscle] += foot.fat_fraction[muscle] * fattening
    return signal
