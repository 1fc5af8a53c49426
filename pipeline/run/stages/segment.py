"""The segment stage: labels of muscles and bones, with corrections made by hand."""

from collections.abc import Iterable

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.cautions import Caution
from pipeline.domain.labels import Segmentation
from pipeline.domain.scan import Scan
from pipeline.run.outputs import (
    BONES,
    BONES_CORRECTION,
    MODEL,
    MUSCLES,
    MUSCLES_CORRECTION,
    PREPROC,
    PROBABILITY,
)
from pipeline.run.stages.context import StageContext
from pipeline.run.stages.read_model import read_model
from pipeline.stages.laterality import SideClaims, settle_laterality
from pipeline.stages.segment import Corrections, segment
from pipeline.store.corrections import read_correction
from pipeline.store.images import (
    read_scan,
    write_labels,
    write_probability,
)
from pipeline.store.provenance import sidecar


def run(context: StageContext) -> None:
    """Label muscles and bones."""
    scan = read_scan(context.read[PREPROC])
    segmentation = _segmented(context, scan)
    if scan.side is None:  # no other source named the side
        anatomy = SideClaims(others=(("the anatomy", segmentation.side),))
        settle_laterality(scan, anatomy, context.config.intake)
    fields = context.sidecar_fields("segment")
    for output, labels in ((MUSCLES, segmentation.muscles), (BONES, segmentation.bones)):
        write_labels(labels, context.write[output], like=context.read[PREPROC])
        sidecar(
            context.write[output],
            side=segmentation.side,
            segmenter=segmentation.segmenter,
            cautions=_distinct((*scan.cautions, *segmentation.cautions)),
            **fields,
        )
    if segmentation.probability is not None:
        path = context.write[PROBABILITY]
        write_probability(segmentation.probability, scan.grid, path, like=context.read[PREPROC])
        sidecar(path, side=segmentation.side, segmenter=segmentation.segmenter, **fields)


def _segmented(context: StageContext, scan: Scan) -> Segmentation:
    """Label a scan; where muscles alone were corrected, with the labels kept for the rest.

    The probability is not kept. It is not written beside corrected muscles, so nothing is lost.
    """
    params, kept = context.config.segment, context.kept
    model = read_model(context.read[MODEL], params.segmenter) if MODEL in context.read else None
    by_hand = _read_corrections(context, scan)
    if kept is None or by_hand.bones:
        return segment(scan, params, by_hand, model)
    own = kept.find(scan.grid) if by_hand.muscles else None
    if own is None:
        own = segment(scan, params, model=model)
        kept.write(own)
    return segment(scan, params, by_hand, model, own)


def _read_corrections(context: StageContext, scan: Scan) -> Corrections:
    maps = ((MUSCLES_CORRECTION, MUSCLE_NAMES), (BONES_CORRECTION, BONE_NAMES))
    muscles, bones = (
        read_correction(context.read[name], labels, scan.grid) if name in context.read else None
        for name, labels in maps
    )
    return Corrections(muscles, bones)


def _distinct(cautions: Iterable[Caution]) -> tuple[Caution, ...]:
    return tuple(dict.fromkeys(cautions))
