"""Tissues to brightness: the water and the fat signal of every voxel of a foot."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.phantom.acquisition.protocols import Protocol, Technique
from pipeline.phantom.acquisition.relaxation import FAT_SHARE, Relaxation, relaxations
from pipeline.phantom.anatomy.foot import Foot, Tissue


@dataclass(frozen=True, slots=True, eq=False)
class Signals:
    """Brightness by `Tissue`, as a whole and what of it comes from fat; fat is 1, air 0."""

    whole: NDArray[np.float32]
    fat: NDArray[np.float32]

    @property
    def water(self) -> NDArray[np.float32]:
        """What does not come from fat."""
        rest: NDArray[np.float32] = self.whole - self.fat
        return rest

    def varied(self, spread: float, rng: np.random.Generator) -> "Signals":
        """Multiply each tissue's brightness by a random factor.

        Parameters
        ----------
        spread
            Standard deviation of the factor's logarithm.
        """
        factors = np.exp(rng.normal(0, spread, len(Tissue))).astype(np.float32)
        return Signals(self.whole * factors, self.fat * factors)


def tissue_signals(protocol: Protocol) -> Signals:
    """Give every tissue's brightness under a protocol, before fat suppression."""
    table = relaxations(protocol.field_t)
    whole = np.zeros(len(Tissue))
    for tissue, relaxation in table.items():
        whole[tissue] = signal_of(relaxation, protocol)
    whole /= whole[Tissue.FAT]
    share = np.zeros(len(Tissue))
    for tissue, part in FAT_SHARE.items():
        share[tissue] = part
    return Signals(whole.astype(np.float32), (whole * share).astype(np.float32))


def signal_of(relaxation: Relaxation, protocol: Protocol) -> float:
    """Give one tissue's signal relative to pure water."""
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
    """Give every voxel its brightness.

    Parameters
    ----------
    by_tissue
        Brightness by `Tissue`: all of it, or that of water or of fat alone.
    tendon
        Brightness of the foot's tendon voxels in index order, where it differs.

    Notes
    -----
    A muscle voxel of fat fraction f has (1 - f) of muscle's brightness and f of fat's.
    """
    signal: NDArray[np.float32] = by_tissue[foot.tissues]
    if tendon is not None:
        signal[foot.tissues == Tissue.TENDON] = tendon
    if foot.fat_fraction is not None:
        muscle = foot.tissues == Tissue.MUSCLE
        fattening = by_tissue[Tissue.FAT] - by_tissue[Tissue.MUSCLE]
        signal[muscle] += foot.fat_fraction[muscle] * fattening
    return signal
