"""The inputs and outputs of each stage: read files, call the stage function, write files."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from pipeline.config import PipelineConfig
from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.cautions import Caution
from pipeline.domain.fat_map import FatMap
from pipeline.domain.labels import LabelMap, Segmentation
from pipeline.domain.participant import Participant
from pipeline.domain.region_split import RegionSplit
from pipeline.domain.scan import Contrast, Scan, Side
from pipeline.errors import GridMismatchError
from pipeline.run.outputs import (
    BONES,
    BONES_CORRECTION,
    BORDER,
    FAT,
    HISTOGRAM,
    LANDMARKS,
    MODEL,
    MUSCLES,
    MUSCLES_CORRECTION,
    OVERLAY,
    PREPROC,
    PROBABILITY,
    PROBABILITY_MAP,
    PROFILE,
    PROFILE_PLOT,
    REGIONS,
    SCAN,
    SURFACE,
    THUMBNAIL,
    VOLUMES,
    WATER,
)
from pipeline.run.user_models import read_model
from pipeline.stages.laterality import SideClaims, settle_laterality
from pipeline.stages.measure import measure
from pipeline.stages.measure.border_sweep import SWEEP_COLUMNS, sweep_border
from pipeline.stages.measure.fat import DixonPair, find_fat
from pipeline.stages.measure.prediction_intervals import with_intervals
from pipeline.stages.measure.profile import PROFILE_COLUMNS, SECTION_MM, profile
from pipeline.stages.preprocess import preprocess
from pipeline.stages.quality import assess, cautioned
from pipeline.stages.regions import regions
from pipeline.stages.report import (
    draw_probability,
    overlay,
    plot_histogram,
    plot_profile,
    surface,
    thumbnail,
)
from pipeline.stages.segment import Corrections, segment
from pipeline.store.corrections import read_correction
from pipeline.store.files import read_json, written_whole
from pipeline.store.images import (
    cautions_in,
    read_probability,
    read_scan,
    read_segmentation,
    write_labels,
    write_probability,
    write_scan,
)
from pipeline.store.kept_labels import KeptLabels
from pipeline.store.landmarks_file import read_landmarks, write_landmarks
from pipeline.store.names import sidecar_of
from pipeline.store.provenance import sidecar
from pipeline.store.tables import read_table, write_measurements, write_table


@dataclass(frozen=True, slots=True)
class StageContext:
    """All that one stage needs to know of one participant.

    Parameters
    ----------
    side, contrast
        As given on the command line.
    read
        Input files, by name.
    write
        Scratch files for the outputs, by name; sidecars go beside them.
    sources
        sha256 of the input files, by BIDS URI.
    started
        `time.perf_counter` at the start, in seconds.
    kept
        Where the segmenter's own labels are kept, so that a correction is measured at once.
    """

    participant: Participant
    config: PipelineConfig
    side: Side | None
    read: Mapping[str, Path]
    write: Mapping[str, Path]
    sources: Mapping[str, str]
    contrast: Contrast | None = None
    started: float = field(default_factory=time.perf_counter)
    kept: KeptLabels | None = None

    def sidecar_fields(self, *sections: str) -> dict[str, Any]:
        """Give the sidecar fields that all outputs of this stage share."""
        settings = self.config.model_dump(mode="json", include=set(sections))
        seconds = round(time.perf_counter() - self.started, 2)
        return {"settings": settings, "sources": self.sources, "Seconds": seconds}


def do_preprocess(context: StageContext) -> None:
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


def do_segment(context: StageContext) -> None:
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


def do_regions(context: StageContext) -> None:
    """Find the landmarks and divide the muscles at the border."""
    split = regions(_read_segmentation(context), context.config.regions)
    write_labels(split.region_labels(), context.write[REGIONS], like=context.read[MUSCLES])
    write_landmarks(split.landmarks, context.write[LANDMARKS])
    sidecar(
        context.write[REGIONS],
        side=split.side,
        segmenter=split.segmentation.segmenter,
        cautions=split.cautions,
        **context.sidecar_fields("regions"),
    )


def do_measure(context: StageContext) -> None:
    """Measure every muscle in every region."""
    scan = read_scan(context.read[PREPROC])
    split = _read_split(context)
    fat = _read_fat(context, split.muscles, scan)
    table = with_intervals(measure(split, scan, context.config.measure, fat), scan)
    fields = context.sidecar_fields("measure")
    write_measurements(
        table,
        context.write[VOLUMES],
        {"Settings": fields["settings"], "Sources": list(fields["sources"])},
    )
    sweep = sweep_border(split, context.config.measure.muscles)
    write_table(sweep, context.write[BORDER], SWEEP_COLUMNS)
    facts = {"SectionThickness_mm": SECTION_MM, "Border": asdict(split.landmarks.border)}
    write_table(profile(split, fat), context.write[PROFILE], PROFILE_COLUMNS, facts)


def do_figures(context: StageContext) -> None:
    """Draw the labels on the scan, and what was measured of it."""
    scan, split = read_scan(context.read[PREPROC]), _read_split(context)
    table = read_table(context.read[PROFILE])
    pictures = {
        OVERLAY: overlay(scan, split, context.config.report),
        THUMBNAIL: thumbnail(scan, split),
        SURFACE: surface(split),
        PROFILE_PLOT: plot_profile(table, split.landmarks.border),
        HISTOGRAM: plot_histogram(scan, split),
    }
    if PROBABILITY in context.read:
        probability = read_probability(context.read[PROBABILITY])
        pictures[PROBABILITY_MAP] = draw_probability(scan, split, probability)
    for name, picture in pictures.items():
        with written_whole(context.write[name]) as scratch:
            scratch.write_bytes(picture)


def _read_fat(context: StageContext, muscles: LabelMap, scan: Scan) -> FatMap | None:
    """Compute the fat map, of a Dixon pair from the raw images.

    Preprocessing scales the images of a pair separately.
    """
    if FAT not in context.read:
        return find_fat(muscles, scan)
    water, fat = read_scan(context.read[WATER], context.contrast), read_scan(context.read[FAT])
    if not water.grid.matches(fat.grid):
        msg = (
            "Water and fat images must lie on one grid: got shapes "
            f"{water.grid.shape} and {fat.grid.shape}, corners up to "
            f"{water.grid.max_offset_mm(fat.grid):.2f} mm apart. Take both from one "
            "acquisition, or move the fat image away."
        )
        raise GridMismatchError(msg)
    return find_fat(muscles, scan, DixonPair(water, fat))


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


def _read_segmentation(context: StageContext) -> Segmentation:
    return read_segmentation(context.read[MUSCLES], context.read[BONES])


def _read_split(context: StageContext) -> RegionSplit:
    sidecar_path = sidecar_of(context.read[REGIONS])
    cautions = cautions_in(read_json(sidecar_path), sidecar_path)
    return RegionSplit.at(
        _read_segmentation(context), read_landmarks(context.read[LANDMARKS]), cautions
    )


def _distinct(cautions: Iterable[Caution]) -> tuple[Caution, ...]:
    return tuple(dict.fromkeys(cautions))
