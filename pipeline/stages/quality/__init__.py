"""Quality gates: properties of a scan that are checked before segmentation."""

from pipeline.stages.quality.gates import GATE_NAMES, assess, cautioned
from pipeline.stages.quality.quality_params import QualityParams

__all__ = ["GATE_NAMES", "QualityParams", "assess", "cautioned"]
