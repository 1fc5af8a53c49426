"""How the groups of a made-up study differ."""

from pipeline.phantom.cohort.effects.effect import (
    Effect,
    TargetD,
    effect_names,
    packaged_effect,
)

__all__ = ["Effect", "TargetD", "effect_names", "packaged_effect"]
