"""What is passed on by file, and where each lies."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from pipeline.store.names import ScanName

SCAN, PREPROC, MUSCLES, BONES = "scan", "preproc", "muscles", "bones"
PROBABILITY = "probability"
REGIONS, LANDMARKS, VOLUMES = "regions", "landmarks", "volumes"
BORDER, OVERLAY = "border", "overlay"
# Made by hand, so they may be there or not.
MUSCLES_CORRECTION, BONES_CORRECTION = "muscles-correction", "bones-correction"
# The raw images of a Dixon pair, where there is one.
WATER, FAT = "water", "fat"
# The record of the user's own network, where the settings name one.
MODEL = "model"

# The raw scan has no place below OUT.
_PATHS: Mapping[str, Callable[[ScanName], Path]] = MappingProxyType(
    {
        PREPROC: ScanName.preproc,
        MUSCLES: ScanName.muscles,
        BONES: ScanName.bones,
        PROBABILITY: ScanName.probability,
        REGIONS: ScanName.regions,
        LANDMARKS: ScanName.landmarks_json,
        VOLUMES: ScanName.volumes_tsv,
        BORDER: ScanName.border_tsv,
        OVERLAY: ScanName.overlay_png,
    }
)


def path_of(artefact: str, name: ScanName) -> Path:
    """Give the file of an artefact, relative to OUT."""
    return _PATHS[artefact](name)
