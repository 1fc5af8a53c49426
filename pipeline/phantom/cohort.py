"""A made-up study: who is scanned, and how the groups differ."""

from dataclasses import dataclass, replace

import numpy as np

from pipeline.domain.participant import Participant
from pipeline.domain.scan import Side
from pipeline.errors import ConfigError
from pipeline.phantom.shape import FootShape, draw_shape

HEALTHY, PLANTAR_FASCIITIS = "healthy", "plantar_fasciitis"
GROUPS = (HEALTHY, PLANTAR_FASCIITIS)
REARFOOT_MUSCLES = (1, 2, 3, 4)  # their bellies lie under the calcaneus and the midfoot
VOLUME_KEPT = (0.80, 0.85)  # by the rearfoot muscles in plantar fasciitis
BODY_MASS_KG, BODY_MASS_SD_KG = 62.0, 8.0
BODY_MASS_LIMITS_KG = (45.0, 95.0)


@dataclass(frozen=True, slots=True)
class PhantomParticipant:
    """One made-up participant and the foot that belongs to them.

    Parameters
    ----------
    shape
        Proportions and muscle volumes of the scanned foot.
    seed
        What pose and scan are drawn from.
    """

    participant: Participant
    shape: FootShape
    seed: np.random.SeedSequence


def draw_cohort(per_group: int, seed: int) -> tuple[PhantomParticipant, ...]:
    """Draw right-footed participants, healthy and plantar fasciitis in turn.

    Parameters
    ----------
    per_group
        Participants in each group.
    seed
        Whole number, 0 or more. The k-th participant of a seed is the same however
        many are drawn.

    Raises
    ------
    ConfigError
        If `per_group` is below 1 or `seed` is below 0.

    Notes
    -----
    Body masses come from one distribution for both groups, and do not drive muscle
    size: body mass explains little of it (r2 0.12 to 0.23, docs/phantom.md).
    """
    if per_group < 1:
        msg = f"A group must have at least 1 participant: got {per_group}. Give 1 or more."
        raise ConfigError(msg)
    if seed < 0:
        msg = f"The seed must be a whole number from 0 up: got {seed}. Give 0 or more."
        raise ConfigError(msg)
    return tuple(_draw_participant(k, seed) for k in range(len(GROUPS) * per_group))


def _draw_participant(k: int, seed: int) -> PhantomParticipant:
    """Draw participant `k`, counted from 0, from a stream of their own."""
    traits, scan = np.random.SeedSequence(seed, spawn_key=(k,)).spawn(2)
    rng = np.random.default_rng(traits)
    group = GROUPS[k % len(GROUPS)]
    mass_kg = np.clip(rng.normal(BODY_MASS_KG, BODY_MASS_SD_KG), *BODY_MASS_LIMITS_KG)
    shape = draw_shape(rng, Side.RIGHT)
    if group == PLANTAR_FASCIITIS:
        shape = _wasted(shape, rng.uniform(*VOLUME_KEPT))
    participant = Participant(
        label=f"{k + 1:02d}",
        group=group,
        body_mass_kg=round(float(mass_kg), 1),
        side=Side.RIGHT,
    )
    return PhantomParticipant(participant, shape, scan)


def _wasted(shape: FootShape, kept: float) -> FootShape:
    """Shrink the muscles of the rearfoot to the part that is kept."""
    volumes = {
        label: volume * (kept if label in REARFOOT_MUSCLES else 1.0)
        for label, volume in shape.muscle_volumes_cm3.items()
    }
    return replace(shape, muscle_volumes_cm3=volumes)
