"""Names of the files that stages read and write, and where the outputs lie."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from pipeline.store.names import ScanName

SCAN, PREPROC, MUSCLES, BONES = "scan", "preproc", "muscles", "bones"
PROBABILITY = "probability"
REGIONS, LANDMARKS, VOLUMES = "regions", "landmarks", "volumes"
BORDER, PROFILE = "border", "profile"
OVERLAY, THUMBNAIL, SURFACE = "overlay", "thumbnail", "surface"
PROFILE_PLOT, HISTOGRAM, PROBABILITY_MAP = "profile-plot", "histogram", "probability-map"
PICTURES = (OVERLAY, THUMBNAIL, SURFACE, PROFILE_PLOT, HISTOGRAM, PROBABILITY_MAP)
# Optional inputs: corrections by hand, the raw images of a Dixon pair, and the manifest of a
# user's own network.
MUSCLES_CORRECTION, BONES_CORRECTION = "muscles-correction", "bones-correction"
WATER, FAT = "water", "fat"
MODEL = "model"

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
        PROFILE: ScanName.profile_tsv,
        OVERLAY: ScanName.overlay_png,
        THUMBNAIL: ScanName.thumbnail_jpg,
        SURFACE: ScanName.surface_png,
        PROFILE_PLOT: ScanName.profile_svg,
        HISTOGRAM: ScanName.histogram_svg,
        PROBABILITY_MAP: ScanName.probability_png,
    }
)


def path_of(output: str, name: ScanName) -> Path:
    """Give the file of an output, relative to OUT."""
    return _PATHS[output](name)
