"""Inputs that several stages read."""

from pipeline.domain.labels import Segmentation
from pipeline.domain.region_split import RegionSplit
from pipeline.run.outputs import (
    BONES,
    LANDMARKS,
    MUSCLES,
    REGIONS,
)
from pipeline.run.stages.context import StageContext
from pipeline.store.files import read_json
from pipeline.store.images import read_segmentation
from pipeline.store.landmarks_file import read_landmarks
from pipeline.store.names import sidecar_of
from pipeline.store.sidecars import cautions_in


def read_labels_of(context: StageContext) -> Segmentation:
    """Read the labels of muscles and bones."""
    return read_segmentation(context.read[MUSCLES], context.read[BONES])


def read_split_of(context: StageContext) -> RegionSplit:
    """Read the labels, and divide them at the landmarks that the regions stage found."""
    sidecar_path = sidecar_of(context.read[REGIONS])
    cautions = cautions_in(read_json(sidecar_path), sidecar_path)
    return RegionSplit.at(
        read_labels_of(context), read_landmarks(context.read[LANDMARKS]), cautions
    )
