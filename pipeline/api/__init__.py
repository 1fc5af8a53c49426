"""Measuring from Python, such as in a notebook: the public names, and nothing else.

`measure_scan` measures one scan and `run_dataset` a dataset, by the functions that
``footvol scan`` and ``footvol run`` call. Both raise a `PipelineError` where the command would
print one sentence.
"""

from pipeline.api.measure import DatasetResult, measure_scan, run_dataset
from pipeline.api.scan_result import ScanResult
from pipeline.domain.cautions import Caution
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap
from pipeline.domain.landmarks import Border, FootFrame, Landmarks
from pipeline.domain.participant import Participant
from pipeline.domain.scan import Contrast, Scan, Side
from pipeline.errors import (
    ArtefactError,
    ConfigError,
    PipelineError,
    ScanError,
    SegmentationError,
)
from pipeline.run.outcome import Outcome

__all__ = [
    "ArtefactError",
    "Border",
    "Caution",
    "ConfigError",
    "Contrast",
    "DatasetResult",
    "FootFrame",
    "Grid",
    "LabelMap",
    "Landmarks",
    "Outcome",
    "Participant",
    "PipelineError",
    "Scan",
    "ScanError",
    "ScanResult",
    "SegmentationError",
    "Side",
    "measure_scan",
    "run_dataset",
]
