"""The preprocess stage: from the raw scan to a preprocessed one."""

from dataclasses import asdict, replace

from pipeline.run.outputs import (
    PREPROC,
    SCAN,
)
from pipeline.run.stages.context import StageContext
from pipeline.stages.laterality import SideClaims, settle_laterality
from pipeline.stages.preprocess import preprocess
from pipeline.stages.quality import assess, cautioned
from pipeline.store.images import (
    read_scan,
    write_scan,
)
from pipeline.store.provenance import sidecar


def run(context: StageContext) -> None:
    """Decide the side of the raw scan, assess its quality and preprocess it."""
    raw = context.read[SCAN]
    scan = read_scan(raw, context.contrast)
    stated = (("the scan's sidecar", scan.side),)
    claims = SideClaims(context.side, context.participant.side, stated)
    scan = settle_laterality(scan, claims, context.config.intake)
    readings = assess(scan, context.config.quality)
    scan = replace(scan, cautions=cautioned(scan, readings))
    preprocessed = preprocess(scan, context.config.preprocess)
    write_scan(preprocessed, context.write[PREPROC], like=raw)
    sidecar(
        context.write[PREPROC],
        side=preprocessed.side,
        cautions=preprocessed.cautions,
        **context.sidecar_fields("intake", "quality", "preprocess"),
        Quality=[asdict(reading) for reading in readings],
        SkullStripped=False,
        Contrast=preprocessed.contrast,
        **preprocessed.acquisition,
    )
