"""Carries nouns between shelf and workbench: read, call one stage, write."""

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
    LANDMARKS,
    MODEL,
    MUSCLES,
    MUSCLES_CORRECTION,
    OVERLAY,
    PREPROC,
    PROBABILITY,
    REGIONS,
    SCAN,
    VOLUMES,
    WATER,
)
from pipeline.run.user_models import read_model
from pipeline.stages.laterality import SideClaims, settle_laterality
from pipeline.stages.measure import measure
from pipeline.stages.measure.border_sweep import SWEEP_COLUMNS, sweep_border
from pipeline.stages.measure.fat import DixonPair, find_fat
from pipeline.stages.measure.prediction_intervals import with_intervals
from pipeline.stages.preprocess import preprocess
from pipeline.stages.quality import assess, cautioned
from pipeline.stages.regions import regions
from pipeline.stages.report import overlay
from pipeline.stages.segment import Corrections, segment
from pipeline.store.corrections import read_correction
from pipeline.store.files import read_json, written_whole
from pipeline.store.images import (
    cautions_in,
    read_scan,
    read_segmentation,
    write_labels,
    write_probability,
    write_scan,
)
from pipeline.store.landmarks_file import read_landmarks, write_landmarks
from pipeline.store.names import sidecar_of
from pipeline.store.provenance import sidecar
from pipeline.store.tables import write_measurements, write_table


@dataclass(frozen=True, slots=True)
class Desk:
    """What one stage of one participant works on.

    Parameters
    ----------
    side, contrast
        What the user says of the scan.
    read
        Files by artefact.
    write
        Scratch files by artefact; sidecars go beside them.
    sources
        sha256 of what is read, by BIDS URI.
    started
        Reading of a clock, in seconds, from which sidecars tell the time taken.
    """

    participant: Participant
    config: PipelineConfig
    side: Side | None
    read: Mapping[str, Path]
    write: Mapping[str, Path]
    sources: Mapping[str, str]
    contrast: Contrast | None = None
    started: float = field(default_factory=time.perf_counter)

    def facts(self, *sections: str) -> dict[str, Any]:
        """Give the sidecar fields that every artefact of this stage shares."""
        settings = self.config.model_dump(mode="json", include=set(sections))
        seconds = round(time.perf_counter() - self.started, 2)
        return {"settings": settings, "sources": self.sources, "Seconds": seconds}


def do_preprocess(desk: Desk) -> None:
    """Settle the side of the raw scan, hold it to the gates and make it even."""
    raw = desk.read[SCAN]
    scan = read_scan(raw, desk.contrast)
    stated = (("the scan's sidecar", scan.side),)
    claims = SideClaims(desk.side, desk.participant.side, stated)
    scan = settle_laterality(scan, claims, desk.config.intake)
    readings = assess(scan, desk.config.quality)
    scan = replace(scan, cautions=cautioned(scan, readings))
    ready = preprocess(scan, desk.config.preprocess)
    write_scan(ready, desk.write[PREPROC], like=raw)
    sidecar(
        desk.write[PREPROC],
        side=ready.side,
        cautions=ready.cautions,
        **desk.facts("intake", "quality", "preprocess"),
        Quality=[asdict(reading) for reading in readings],
        SkullStripped=False,
        Contrast=ready.contrast,
        **ready.acquisition,
    )


def do_segment(desk: Desk) -> None:
    """Label muscles and bones."""
    scan = read_scan(desk.read[PREPROC])
    params = desk.config.segment
    model = read_model(desk.read[MODEL], params.segmenter) if MODEL in desk.read else None
    found = segment(scan, params, _read_corrections(desk, scan), model)
    if scan.side is None:  # so nothing but the anatomy could tell a left foot
        anatomy = SideClaims(others=(("the anatomy", found.side),))
        settle_laterality(scan, anatomy, desk.config.intake)
    facts = desk.facts("segment")
    for artefact, labels in ((MUSCLES, found.muscles), (BONES, found.bones)):
        write_labels(labels, desk.write[artefact], like=desk.read[PREPROC])
        sidecar(
            desk.write[artefact],
            side=found.side,
            segmenter=found.segmenter,
            cautions=_distinct((*scan.cautions, *found.cautions)),
            **facts,
        )
    if found.probability is not None:
        path = desk.write[PROBABILITY]
        write_probability(found.probability, scan.grid, path, like=desk.read[PREPROC])
        sidecar(path, side=found.side, segmenter=found.segmenter, **facts)


def do_regions(desk: Desk) -> None:
    """Find the landmarks and part the muscles at the border."""
    split = regions(_read_segmentation(desk), desk.config.regions)
    write_labels(split.region_labels(), desk.write[REGIONS], like=desk.read[MUSCLES])
    write_landmarks(split.landmarks, desk.write[LANDMARKS])
    sidecar(
        desk.write[REGIONS],
        side=split.side,
        segmenter=split.segmentation.segmenter,
        cautions=split.cautions,
        **desk.facts("regions"),
    )


def do_measure(desk: Desk) -> None:
    """Measure every muscle in every region."""
    scan = read_scan(desk.read[PREPROC])
    split = _read_split(desk)
    fat = _read_fat(desk, split.muscles, scan)
    table = with_intervals(measure(split, scan, desk.config.measure, fat), scan)
    facts = desk.facts("measure")
    write_measurements(
        table,
        desk.write[VOLUMES],
        {"Settings": facts["settings"], "Sources": list(facts["sources"])},
    )
    sweep = sweep_border(split, desk.config.measure.muscles)
    write_table(sweep, desk.write[BORDER], SWEEP_COLUMNS)


def do_figures(desk: Desk) -> None:
    """Draw the labels over the scan."""
    picture = overlay(read_scan(desk.read[PREPROC]), _read_split(desk), desk.config.report)
    with written_whole(desk.write[OVERLAY]) as scratch:
        scratch.write_bytes(picture)


def _read_fat(desk: Desk, muscles: LabelMap, scan: Scan) -> FatMap | None:
    """Find the fat by the raw images, as preprocessing scales each on its own."""
    if FAT not in desk.read:
        return None
    water, fat = read_scan(desk.read[WATER], desk.contrast), read_scan(desk.read[FAT])
    if not water.grid.matches(fat.grid):
        msg = (
            "Water and fat images must lie on one grid: got shapes "
            f"{water.grid.shape} and {fat.grid.shape}, corners up to "
            f"{water.grid.max_offset_mm(fat.grid):.2f} mm apart. Take both from one "
            "acquisition, or move the fat image away."
        )
        raise GridMismatchError(msg)
    return find_fat(muscles, scan, DixonPair(water, fat))


def _read_corrections(desk: Desk, scan: Scan) -> Corrections:
    maps = ((MUSCLES_CORRECTION, MUSCLE_NAMES), (BONES_CORRECTION, BONE_NAMES))
    muscles, bones = (
        read_correction(desk.read[artefact], names, scan.grid)
        if artefact in desk.read
        else None
        for artefact, names in maps
    )
    return Corrections(muscles, bones)


def _read_segmentation(desk: Desk) -> Segmentation:
    return read_segmentation(desk.read[MUSCLES], desk.read[BONES])


def _read_split(desk: Desk) -> RegionSplit:
    sidecar_path = sidecar_of(desk.read[REGIONS])
    cautions = cautions_in(read_json(sidecar_path), sidecar_path)
    return RegionSplit.at(
        _read_segmentation(desk), read_landmarks(desk.read[LANDMARKS]), cautions
    )


def _distinct(cautions: Iterable[Caution]) -> tuple[Caution, ...]:
    return tuple(dict.fromkeys(cautions))
