"""The stages as data: what each reads, writes and calls."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module

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
    PICTURES,
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
from pipeline.run.stages.context import StageContext


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of one participant.

    Parameters
    ----------
    reads, writes
        Names of files, from `outputs`.
    may_read
        Inputs that are read where they exist.
    may_write
        Outputs that are written only with some settings.
    settings
        Sections of the settings that decide what is written.
    run
        Reads the inputs, calls the stage's function and writes the outputs.
    """

    name: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    settings: tuple[str, ...]
    run: Callable[[StageContext], None]
    may_read: tuple[str, ...] = ()
    may_write: tuple[str, ...] = ()

    @property
    def targets(self) -> tuple[str, ...]:
        """All outputs that the stage may write."""
        return (*self.writes, *self.may_write)


def module_of(stage: str) -> str:
    """Give the module that reads the inputs of a stage, calls it and writes its outputs."""
    return f"pipeline.run.stages.{stage}"


def run_stage(stage: str, context: StageContext) -> None:
    """Run a stage; its module is imported only now, with the libraries that it needs."""
    import_module(module_of(stage)).run(context)


SEGMENTATION = (MUSCLES, BONES)
CORRECTIONS = (MUSCLES_CORRECTION, BONES_CORRECTION)
STAGES = (
    Stage(
        "preprocess",
        (SCAN,),
        (PREPROC,),
        ("intake", "quality", "preprocess"),
        partial(run_stage, "preprocess"),
    ),
    Stage(
        "segment",
        (PREPROC,),
        SEGMENTATION,
        ("intake", "segment"),
        partial(run_stage, "segment"),
        may_read=(*CORRECTIONS, MODEL),
        may_write=(PROBABILITY,),
    ),
    Stage(
        "regions",
        SEGMENTATION,
        (REGIONS, LANDMARKS),
        ("regions",),
        partial(run_stage, "regions"),
    ),
    Stage(
        "measure",
        (PREPROC, *SEGMENTATION, REGIONS, LANDMARKS),
        (VOLUMES, BORDER, PROFILE),
        ("measure",),
        partial(run_stage, "measure"),
        may_read=(WATER, FAT),
    ),
    Stage(
        "figures",
        (PREPROC, *SEGMENTATION, REGIONS, LANDMARKS, PROFILE),
        (OVERLAY, THUMBNAIL, SURFACE, PROFILE_PLOT, HISTOGRAM),
        ("report",),
        partial(run_stage, "figures"),
        may_read=(PROBABILITY,),
        may_write=(PROBABILITY_MAP,),
    ),
)
# Read by the tables and the report over all participants.
COHORT_READS = (VOLUMES, BORDER, *PICTURES)
# The stages that every number depends on.
MEASURING = ("preprocess", "segment", "regions", "measure")


def stage_names() -> tuple[str, ...]:
    """Give the names of all stages, in order."""
    return tuple(stage.name for stage in STAGES)


def select_stages(names: Sequence[str]) -> tuple[Stage, ...]:
    """Give the stages of these names, in the order of `STAGES`."""
    return tuple(stage for stage in STAGES if stage.name in names)


def producers(stage: Stage) -> tuple[Stage, ...]:
    """Give the stages whose outputs this one reads."""
    return tuple(other for other in STAGES if set(other.writes) & set(stage.reads))
