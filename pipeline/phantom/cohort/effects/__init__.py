"""Effects: how the two groups of a simulated study differ."""

from pipeline.phantom.cohort.effects.effect import (
    Effect,
    TargetD,
    effect_names,
    packaged_effect,
)

__all__ = ["Effect", "TargetD", "effect_names", "packaged_effect"]
