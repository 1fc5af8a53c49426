"""Draws the participants of a simulated study and their feet at random."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.anatomy import PLANTAR_LABELS
from pipeline.domain.participant import Participant
from pipeline.domain.scan import Side
from pipeline.errors import ConfigError
from pipeline.phantom.anatomy.shape import FootShape, draw_shape
from pipeline.phantom.cohort.effects import Effect
from pipeline.phantom.cohort.effects.matching import (
    MASS_LIMITS_KG,
    Sample,
    match_masses,
    match_volumes,
)

HEALTHY, PLANTAR_FASCIITIS = "healthy", "plantar_fasciitis"
GROUPS = (HEALTHY, PLANTAR_FASCIITIS)
REARFOOT_MUSCLES = (1, 2, 3, 4)  # their bellies lie under the calcaneus and the midfoot
VOLUME_KEPT = (0.80, 0.85)  # fraction of the rearfoot muscles' volume in plantar fasciitis
BODY_MASS_KG, BODY_MASS_SD_KG = 62.0, 8.0
_MATCHING_ROUNDS = 2  # resized muscles also change the volumes of their neighbours

RegionVolumes = NDArray[np.float64]
"""Shape (2, 10): rearfoot and forefoot volume of each plantar muscle, cm3."""


@dataclass(frozen=True, slots=True)
class PhantomParticipant:
    """A simulated participant and the shape of the scanned foot.

    Parameters
    ----------
    seed
        Seed of the pose and the scan.
    """

    participant: Participant
    shape: FootShape
    seed: np.random.SeedSequence


def draw_cohort(
    per_group: int,
    seed: int,
    effect: Effect | None = None,
    measure: Callable[[Iterable[FootShape]], Iterable[RegionVolumes]] | None = None,
) -> tuple[PhantomParticipant, ...]:
    """Draw the participants of two groups at random, reference and affected alternately.

    Parameters
    ----------
    per_group
        Participants in each group.
    seed
        Integer, 0 or more. Participant k of a seed does not depend on the number of
        participants, unless effect sizes are given: these are matched over the sample.
    effect
        How the groups differ; by default rearfoot muscles keep 80 to 85 % of their
        volume in plantar fasciitis.
    measure
        Measures the region volumes of feet of given shapes; needed for effect sizes.

    Raises
    ------
    ConfigError
        If `per_group` is below 1, or below 2 with effect sizes to match; if `seed` is
        below 0; or if no human feet have the effect sizes.

    Notes
    -----
    Body masses have the same distribution in both groups and are independent of muscle
    volumes, of which body mass explains little (r2 0.12 to 0.23, docs/phantom.md).
    """
    least = 2 if effect and effect.cohens_d.is_any else 1
    if per_group < least:
        people = "participant" if least == 1 else "participants"
        reason = "" if least == 1 else " for an effect size"
        msg = (
            f"A group must have at least {least} {people}{reason}: got {per_group}. "
            f"Give {least} or more."
        )
        raise ConfigError(msg)
    if seed < 0:
        msg = f"The seed must be a whole number from 0 up: got {seed}. Give 0 or more."
        raise ConfigError(msg)
    cohort = tuple(_draw_participant(k, seed, effect) for k in range(len(GROUPS) * per_group))
    if effect is None or not effect.cohens_d.is_any:
        return cohort
    if measure is None:
        msg = "Effect sizes need a function that measures the feet"
        raise ValueError(msg)
    for _ in range(_MATCHING_ROUNDS):
        volumes = measure(member.shape for member in cohort)
        cohort = _with_matched_volumes(cohort, effect, list(volumes))
    return cohort


def with_matched_masses(
    cohort: Sequence[PhantomParticipant], effect: Effect, truth: Sequence[RegionVolumes]
) -> tuple[PhantomParticipant, ...]:
    """Change body masses so that the effect sizes are exact.

    Parameters
    ----------
    truth
        Ground-truth volumes of each participant's foot.

    Returns
    -------
    tuple of PhantomParticipant
        With the nearest such masses, in kg to three decimals.

    Raises
    ------
    ConfigError
        If no masses of 45 to 95 kg give the effect sizes.
    """
    if not effect.cohens_d.is_any:
        return tuple(cohort)
    masses = match_masses(
        _sample(cohort, effect, truth), _masses_kg(cohort), effect.cohens_d
    ).tolist()
    return tuple(
        replace(m, participant=replace(m.participant, body_mass_kg=kg))
        for m, kg in zip(cohort, masses, strict=True)
    )


def _with_matched_volumes(
    cohort: Sequence[PhantomParticipant], effect: Effect, volumes: Sequence[RegionVolumes]
) -> tuple[PhantomParticipant, ...]:
    """Change the target muscle volumes so that the effect sizes are approximated."""
    is_smaller = np.isin(PLANTAR_LABELS, effect.labels)
    factors = match_volumes(
        _sample(cohort, effect, volumes), _masses_kg(cohort), is_smaller, effect.cohens_d
    )
    return tuple(
        replace(m, shape=_resized(m.shape, dict(zip(PLANTAR_LABELS, row, strict=True))))
        for m, row in zip(cohort, factors.tolist(), strict=True)
    )


def _sample(
    cohort: Sequence[PhantomParticipant], effect: Effect, volumes: Sequence[RegionVolumes]
) -> Sample:
    is_reference = np.array([m.participant.group == effect.reference for m in cohort])
    rearfoot, forefoot = np.array(volumes, dtype=float).transpose(1, 0, 2)
    return Sample(rearfoot, forefoot, is_reference)


def _masses_kg(cohort: Sequence[PhantomParticipant]) -> NDArray[np.float64]:
    return np.array([m.participant.body_mass_kg for m in cohort], dtype=float)


def _draw_participant(k: int, seed: int, effect: Effect | None) -> PhantomParticipant:
    """Draw participant `k`, counted from 0, from an independent random stream."""
    traits, scan = np.random.SeedSequence(seed, spawn_key=(k,)).spawn(2)
    rng = np.random.default_rng(traits)
    groups = (effect.reference, effect.affected) if effect else GROUPS
    group = groups[k % len(groups)]
    mass_kg = np.clip(rng.normal(BODY_MASS_KG, BODY_MASS_SD_KG), *MASS_LIMITS_KG)
    shape = draw_shape(rng, Side.RIGHT)
    if group == groups[1]:
        kept = dict.fromkeys(REARFOOT_MUSCLES, rng.uniform(*VOLUME_KEPT))
        shape = _affected(shape, effect) if effect else _resized(shape, kept)
    participant = Participant(
        label=f"{k + 1:02d}",
        group=group,
        body_mass_kg=round(float(mass_kg), 1),
        side=Side.RIGHT,
    )
    return PhantomParticipant(participant, shape, scan)


def _affected(shape: FootShape, effect: Effect) -> FootShape:
    """Apply the pathology of an effect to a healthy foot."""
    fat = (
        {} if effect.fat_fraction is None else dict.fromkeys(effect.labels, effect.fat_fraction)
    )
    return replace(
        shape,
        atrophy=MappingProxyType(dict.fromkeys(effect.labels, effect.atrophy)),
        fat_fractions=MappingProxyType({**shape.fat_fractions, **fat}),
        fascia_thickening_mm=effect.fascia_thickening_mm,
        oedema_mm=effect.oedema_mm,
    )


def _resized(shape: FootShape, factors: Mapping[int, float]) -> FootShape:
    """Multiply target muscle volumes by factors, by label."""
    volumes = {
        label: volume * factors.get(label, 1.0)
        for label, volume in shape.muscle_volumes_cm3.items()
    }
    return replace(shape, muscle_volumes_cm3=MappingProxyType(volumes))
