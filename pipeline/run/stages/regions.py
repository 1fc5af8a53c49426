"""The regions stage: landmarks, and the border between rearfoot and forefoot."""

from pipeline.run.outputs import (
    LANDMARKS,
    MUSCLES,
    REGIONS,
)
from pipeline.run.stages.context import StageContext
from pipeline.run.stages.inputs import read_labels_of
from pipeline.stages.regions import regions
from pipeline.store.images import (
    write_labels,
)
from pipeline.store.landmarks_file import write_landmarks
from pipeline.store.provenance import sidecar


def run(context: StageContext) -> None:
    """Find the landmarks and divide the muscles at the border."""
    split = regions(read_labels_of(context), context.config.regions)
    write_labels(split.region_labels(), context.write[REGIONS], like=context.read[MUSCLES])
    write_landmarks(split.landmarks, context.write[LANDMARKS])
    sidecar(
        context.write[REGIONS],
        side=split.side,
        segmenter=split.segmentation.segmenter,
        cautions=split.cautions,
        **context.sidecar_fields("regions"),
    )
