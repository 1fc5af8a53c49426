"""A run over very many participants whose stages write tiny files, and what it costs.

Prints a JSON object: seconds and memory of this process by number of participants done.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from pipeline.config import PipelineConfig
from pipeline.run import plan
from pipeline.run.cohort import open_cohort
from pipeline.run.locked_out import out_prepared
from pipeline.run.open_executor import open_cohort_executor
from pipeline.run.outcome import OK, Outcome
from pipeline.run.process_cohort import process_cohort
from pipeline.run.stages.context import StageContext

ROW = "participant_id\tgroup\tbody_mass_kg\n"


def write_tiny(stage: str, context: StageContext) -> None:
    """Read all inputs, and write a few bytes to all outputs."""
    read = sum(len(path.read_bytes()) for path in context.read.values())
    for path in context.write.values():
        path.write_text(f"{stage} of {read} bytes")


def make_dataset(folder: Path, count: int) -> Path:
    """Make participants whose scans have a few bytes each."""
    names = [f"sub-{number:06d}" for number in range(count)]
    for name in names:
        anat = folder / name / "anat"
        anat.mkdir(parents=True)
        (anat / f"{name}_T1w.nii.gz").write_text(name)
    rows = (f"{name}\t{'ab'[k % 2]}\t70\n" for k, name in enumerate(names))
    (folder / "participants.tsv").write_text(ROW + "".join(rows))
    return folder


def run(folder: Path, count: int) -> dict[str, object]:
    """Run all stages of all participants in two processes, twice; gives what that takes."""
    raw = make_dataset(folder / "raw", count)
    memory: list[tuple[int, int]] = []

    def note(_: Outcome) -> None:
        done = len(memory) + 1
        memory.append((done, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))

    cohort = open_cohort(raw, folder / "out", PipelineConfig())
    seconds = []
    for on_outcome in (note, ignore):
        started, used = time.monotonic(), cpu_s()
        with (
            out_prepared(cohort),
            open_cohort_executor(2, None, limit_s=60.0, is_one=False) as executor,
        ):
            outcomes = process_cohort(cohort.jobs(), executor, on_outcome=on_outcome)
        seconds.append((time.monotonic() - started, cpu_s() - used))
        assert [outcome.status for outcome in outcomes] == [OK] * count
    return {"seconds": seconds, "kilobytes": memory[count // 10 :: max(1, count // 10)]}


def ignore(_: Outcome) -> None:
    """Do nothing."""


def cpu_s() -> float:
    """Give the CPU time of this process and of the children that have ended."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    used = [resource.getrusage(kind) for kind in kinds]
    return sum(each.ru_utime + each.ru_stime for each in used)


def tiny(stage: plan.Stage) -> plan.Stage:
    """Replace what a stage does."""
    work: Callable[[StageContext], None] = partial(write_tiny, stage.name)
    return replace(stage, run=work)


setattr(plan, "STAGES", tuple(map(tiny, plan.STAGES)))  # noqa: B010 in worker processes, too
if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(Path(sys.argv[1]), int(sys.argv[2]))) + "\n")
