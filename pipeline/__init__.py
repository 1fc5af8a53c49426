"""Volumes of the intrinsic foot muscles, from scanner files to the comparison table.

The functions and types for a notebook are those of `pipeline.api`. They are imported when one
is first used, so that the command answers at once.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.api import (
        ArtefactError,
        Border,
        Caution,
        ConfigError,
        Contrast,
        DatasetResult,
        FootFrame,
        Grid,
        LabelMap,
        Landmarks,
        Outcome,
        Participant,
        PipelineError,
        Scan,
        ScanError,
        ScanResult,
        SegmentationError,
        Side,
        measure_scan,
        run_dataset,
    )

# Before numpy is imported. Arrays of three columns are too small to share: OpenBLAS's threads
# took a quarter of the time of the regions stage to wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Before onnxruntime is imported. It would write an identifier of the machine into the home
# folder, and send events to its maker whenever there is a network.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"
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
    "__version__",
    "measure_scan",
    "run_dataset",
]


if not TYPE_CHECKING:  # else every name would seem to exist

    def __getattr__(name: str) -> object:
        """Import the public names when one of them is first used (PEP 562)."""
        if name not in __all__:
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg)
        return getattr(import_module("pipeline.api"), name)


def __dir__() -> list[str]:
    """List the public names before they are imported, too."""
    return sorted({*globals(), *__all__})
