"""The stages as plain data: what each reads, writes and calls."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.run import stage_io as work
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
from pipeline.run.stage_io import Desk


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of one participant.

    Parameters
    ----------
    reads, writes
        Artefacts; `artefacts.path_of` gives their files.
    may_read
        Artefacts that no stage writes, read where they exist.
    may_write
        Artefacts that are written only where there is something to write.
    settings
        Sections of the settings that decide what is written.
    work
        Reads, calls the stage's one function, writes.
    """

    name: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    settings: tuple[str, ...]
    work: Callable[[Desk], None]
    may_read: tuple[str, ...] = ()
    may_write: tuple[str, ...] = ()

    @property
    def targets(self) -> tuple[str, ...]:
        """All that it writes, or would."""
        return (*self.writes, *self.may_write)


SEGMENTATION = (MUSCLES, BONES)
CORRECTIONS = (MUSCLES_CORRECTION, BONES_CORRECTION)
STAGES = (
    Stage(
        "preprocess",
        (SCAN,),
        (PREPROC,),
        ("intake", "quality", "preprocess"),
        work.do_preprocess,
    ),
    Stage(
        "segment",
        (PREPROC,),
        SEGMENTATION,
        ("intake", "segment"),
        work.do_segment,
        may_read=(*CORRECTIONS, MODEL),
        may_write=(PROBABILITY,),
    ),
    Stage("regions", SEGMENTATION, (REGIONS, LANDMARKS), ("regions",), work.do_regions),
    Stage(
        "measure",
        (PREPROC, *SEGMENTATION, REGIONS, LANDMARKS),
        (VOLUMES, BORDER),
        ("measure",),
        work.do_measure,
        may_read=(WATER, FAT),
    ),
    Stage(
        "figures",
        (PREPROC, *SEGMENTATION, REGIONS, LANDMARKS),
        (OVERLAY,),
        ("report",),
        work.do_figures,
    ),
)
# What the tables and the report over all participants read.
COHORT_READS = (VOLUMES, BORDER, OVERLAY)
# Without these there are no numbers; the figures only show them.
MEASURING = ("preprocess", "segment", "regions", "measure")


def stage_names() -> tuple[str, ...]:
    """Give all stages, in order."""
    return tuple(stage.name for stage in STAGES)


def chosen(names: Sequence[str]) -> tuple[Stage, ...]:
    """Give the stages of these names, in the order of `STAGES`."""
    return tuple(stage for stage in STAGES if stage.name in names)


def producers(stage: Stage) -> tuple[Stage, ...]:
    """Give the stages that write what this one reads."""
    return tuple(other for other in STAGES if set(other.writes) & set(stage.reads))
