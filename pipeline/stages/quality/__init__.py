"""Quality gates: properties of a scan that are checked before segmentation."""

from pipeline.stages.quality.gates import GATE_NAMES, assess, cautioned

__all__ = ["GATE_NAMES", "assess", "cautioned"]
