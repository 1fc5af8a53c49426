"""What the table of stages promises."""

from pipeline.run.outputs import SCAN
from pipeline.run.plan import (
    COHORT_READS,
    MEASURING,
    STAGES,
    producers,
    select_stages,
    stage_names,
)


def test_arrows_point_one_way() -> None:
    """Each stage reads what an earlier stage wrote; nothing is written twice."""
    written = {SCAN}
    for stage in STAGES:
        assert set(stage.reads) <= written, stage.name
        assert written.isdisjoint(stage.writes), stage.name
        written |= set(stage.writes)


def test_every_output_is_read() -> None:
    """A stage reads each output, or what spans all participants does."""
    read = {output for stage in STAGES for output in stage.reads} | set(COHORT_READS)

    for stage in STAGES:
        assert set(stage.writes) <= read, stage.name


def test_measuring_needs_nothing_beyond_its_stages() -> None:
    """The stages that give the numbers are closed: no other stage feeds them."""
    needed = {other.name for stage in select_stages(MEASURING) for other in producers(stage)}

    assert needed < set(MEASURING) < set(stage_names())
