"""Separation of the muscles into rearfoot and forefoot."""

from pipeline.domain.cautions import Caution
from pipeline.domain.labels import Segmentation
from pipeline.domain.region_split import RegionSplit
from pipeline.settings.regions import RegionsParams
from pipeline.stages.regions.find_landmarks import find_landmarks

STAGE = "regions"


def regions(segmentation: Segmentation, params: RegionsParams) -> RegionSplit:
    """Divide every muscle voxel between rearfoot and forefoot.

    Raises
    ------
    ScanError
        If a bone that defines the frame or the border is missing.
    """
    landmarks = find_landmarks(
        segmentation.bones, border=params.border, fraction=params.fraction
    )
    cautions = segmentation.cautions
    if landmarks.foot_length_mm is None:
        message = "The image cuts the heel or the toes, so the foot length is unknown."
        cautions += (Caution("foot-length-unknown", message, STAGE),)
    return RegionSplit.at(segmentation, landmarks, cautions)
