"""The signal path from tissue to receiver, without noise."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.grid import Grid
from pipeline.phantom.acquisition import artefact_models as models
from pipeline.phantom.acquisition.artefacts import Artefacts
from pipeline.phantom.acquisition.magic_angle import tendon_signals
from pipeline.phantom.acquisition.protocols import Protocol
from pipeline.phantom.acquisition.signal import Signals, foot_signals
from pipeline.phantom.acquisition.slices import sample_slices
from pipeline.phantom.anatomy.foot import Foot, Tissue

_HEEL_END, _TOE_END = 0.12, 0.82  # fractions of the foot's length: fat suppression may fail
_COIL_END = 0.75  # fraction of the foot's length at which the signal may start to drop


@dataclass(frozen=True, slots=True, eq=False)
class ReceiveChain:
    """Feet on a slice grid, with a protocol and MR artefacts."""

    feet: Sequence[Foot]
    grid: Grid
    protocol: Protocol
    artefacts: Artefacts
    rng: np.random.Generator

    def channels(self, signals: Signals) -> list[NDArray[np.float32]]:
        """Sample the total signal; for Dixon, water and fat."""
        if not self.separates_fat:
            return [self._sum(signals.total, with_tendons=True)]
        pairs = [self._pair(foot, signals) for foot in self.feet]
        if self.artefacts.swap:
            which = int(self.rng.integers(len(pairs)))
            pairs[which] = self._swapped(pairs[which], self.feet[which])
        water, fat = (np.sum(parts, axis=0) for parts in zip(*pairs, strict=True))
        return (
            [water, fat] if self.protocol.is_dixon else [water + fat * self._fat_signal_left()]
        )

    @property
    def separates_fat(self) -> bool:
        """Whether water and fat have to be sampled separately."""
        is_suppressed = self.protocol.fat_left < 1
        return self.protocol.is_dixon or is_suppressed or self.artefacts.fat_shift_px > 0

    def degrade(self, channels: list[NDArray[np.float32]]) -> tuple[list[NDArray[Any]], Grid]:
        """Apply coil sensitivity, k-space truncation, ghosts and aliasing.

        Returns
        -------
        tuple
            The channels and their grid.
        """
        artefacts, axis = self.artefacts, self.protocol.phase_axis
        degraded: list[NDArray[Any]] = list(channels)
        if artefacts.surface_coil:
            angle = self.rng.uniform(0, 2 * math.pi)
            field = models.surface_coil_sensitivity(self.grid, artefacts.surface_coil, angle)
            degraded = [channel * field for channel in degraded]
        if artefacts.toe_dropoff:
            lost = np.float32(artefacts.toe_dropoff) * _smooth_step(
                self._along(), _COIL_END, 1.0
            )
            degraded = [channel * (1 - lost) for channel in degraded]
        if artefacts.ringing:
            degraded = [
                models.truncate_k_space(channel, artefacts.ringing) for channel in degraded
            ]
        if artefacts.ghosts:
            degraded = list(models.add_ghosts(degraded, artefacts.ghosts, axis, self.rng))
        if artefacts.wrap:
            return models.fold_over(degraded, self.grid, artefacts.wrap, axis)
        return degraded, self.grid

    def _sum(
        self, by_tissue: NDArray[np.float32], *, with_tendons: bool
    ) -> NDArray[np.float32]:
        first, *others = (
            self._sampled(foot, by_tissue, with_tendons=with_tendons) for foot in self.feet
        )
        for other in others:
            first += other
        return first

    def _pair(
        self, foot: Foot, signals: Signals
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        shift = [0.0, 0.0, 0.0]
        shift[1 - self.protocol.phase_axis] = self.artefacts.fat_shift_px
        water = self._sampled(foot, signals.water, with_tendons=True)
        fat = self._sampled(foot, signals.fat, with_tendons=False, shift=(shift[0], shift[1]))
        return water, fat

    def _sampled(
        self,
        foot: Foot,
        by_tissue: NDArray[np.float32],
        *,
        with_tendons: bool,
        shift: tuple[float, float] = (0.0, 0.0),
    ) -> NDArray[np.float32]:
        tendon = None
        if with_tendons and self.artefacts.magic_angle:
            tendon = tendon_signals(foot, self.protocol, self.artefacts.magic_angle)
        return sample_slices(
            foot_signals(foot, by_tissue, tendon),
            foot.grid,
            self.grid,
            self.protocol.slice_thickness_mm,
            edge_width=self.artefacts.soft_slices,
            shift=(*shift, 0.0),
        )

    def _swapped(
        self, pair: tuple[NDArray[np.float32], NDArray[np.float32]], foot: Foot
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        water, fat = pair
        along = self._along(foot)
        from_end = along if self.rng.random() < 0.5 else 1 - along
        is_swapped = from_end < self.artefacts.swap
        return np.where(is_swapped, fat, water), np.where(is_swapped, water, fat)

    def _fat_signal_left(self) -> NDArray[np.float32] | np.float32:
        """Give the fraction of the fat signal that suppression leaves, for each voxel."""
        left, failed = np.float32(self.protocol.fat_left), self.artefacts.failed_suppression
        if not failed:
            return left
        along = self._along()
        ends = _smooth_step(along, _TOE_END, 1.0) + _smooth_step(-along, -_HEEL_END, 0.0)
        remaining: NDArray[np.float32] = left + (1 - left) * np.float32(failed) * ends
        return remaining

    def _along(self, foot: Foot | None = None) -> NDArray[np.float32]:
        """Give each voxel's position along a foot: 0 at its heel, 1 at its toes."""
        foot = foot or self.feet[0]
        plane = np.flatnonzero((foot.tissues != Tissue.AIR).any(axis=(0, 2)))
        to_foot = (np.linalg.inv(foot.grid.matrix) @ self.grid.matrix)[1]
        n0, n1, n2 = (
            np.arange(n) * step for n, step in zip(self.grid.shape, to_foot[:3], strict=True)
        )
        index = n0[:, None, None] + n1[:, None] + n2 + to_foot[3]
        along: NDArray[np.float32] = ((index - plane[0]) / (plane[-1] - plane[0])).astype(
            np.float32
        )
        return along


def _smooth_step(values: NDArray[np.float32], start: float, end: float) -> NDArray[np.float32]:
    """Interpolate smoothly from 0 at `start` to 1 at `end`."""
    position = np.clip((values - start) / (end - start), 0, 1)
    smooth: NDArray[np.float32] = position * position * (3 - 2 * position)
    return smooth
