"""Quality gates: what is measured of a scan before it is segmented."""

from pipeline.stages.quality.gates import GATE_NAMES, assess, cautioned
from pipeline.stages.quality.quality_params import QualityParams

__all__ = ["GATE_NAMES", "QualityParams", "assess", "cautioned"]
