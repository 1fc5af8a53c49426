"""The tables over all participants."""

from dataclasses import replace
from pathlib import Path

import pytest
from fake_stages import spoil_scan

from pipeline.config import load_config
from pipeline.domain.scan_key import ScanKey
from pipeline.run.cohort import Cohort
from pipeline.run.cohort_results import read_results
from pipeline.run.cohort_state import collect_state
from pipeline.run.cohort_tables import write_statistics, write_volumes
from pipeline.run.muscle_tables import write_border, write_muscles
from pipeline.run.outcome import NOT_RUN, OK
from pipeline.run.process_participant import process_participant
from pipeline.run.stage_cache import FAILED
from pipeline.store.tables import read_table

pytestmark = pytest.mark.usefixtures("calls")


def test_failed_participants_have_a_row(cohort: Cohort, bids_dir: Path) -> None:
    """The table has failures, their reasons, and participants that were not run."""
    spoil_scan(bids_dir, "02")
    outcomes = [process_participant(job) for job in cohort.jobs()[:5]]
    volumes = write_volumes(read_results(collect_state(cohort, outcomes))).set_index(
        "participant_id"
    )

    assert volumes["status"].tolist() == [OK, FAILED, OK, OK, OK, NOT_RUN]
    assert "No foot was found" in volumes["reason"].tolist()[1]
    assert volumes["total_cm3"].isna().tolist() == [False, True, False, False, False, True]


def test_excluded_participants_are_shown_but_not_compared(cohort: Cohort) -> None:
    """An excluded participant has its volumes and the reason."""
    cohort = replace(cohort, excluded={ScanKey("03"): "motion"})
    outcomes = [process_participant(job) for job in cohort.jobs()]
    volumes = write_volumes(read_results(collect_state(cohort, outcomes)))
    statistics = write_statistics(cohort, volumes)

    row = volumes.set_index("participant_id").loc["sub-03"]
    assert (row["status"], row["reason"]) == ("excluded", "motion")
    assert row["total_cm3"] > 1
    assert statistics[0].a.n == 2


@pytest.mark.integration
def test_groups_may_be_in_another_column(cohort: Cohort) -> None:
    """Any column of participants.tsv can define the groups."""
    config = load_config(None, ["compare.group_column=sex", "compare.reference=F"])
    cohort = replace(cohort, config=config)
    outcomes = [process_participant(job) for job in cohort.jobs()]
    statistics = write_statistics(
        cohort, write_volumes(read_results(collect_state(cohort, outcomes)))
    )

    assert statistics[0].groups == ("F", "M")


def test_failed_participants_have_a_row_in_the_muscle_table(cohort: Cohort) -> None:
    """The row has the status and no volumes."""
    spoil_scan(cohort.bids_dir, "02")
    results = read_results(
        collect_state(cohort, [process_participant(job) for job in cohort.jobs()])
    )
    write_muscles(results, write_volumes(results))

    muscles = read_table(cohort.out / "muscles.tsv").set_index("participant_id")
    assert muscles["status"].tolist() == ["ok", "failed", "ok", "ok", "ok", "ok"]
    assert muscles["ABH_total_cm3"].isna().tolist() == [False, True, *[False] * 4]
    assert muscles["ABH_total_cm3"].min() > 1


@pytest.mark.integration
def test_other_border_positions_are_written_for_participants_and_groups(cohort: Cohort) -> None:
    """One table has the volumes, the other the comparison."""
    results = read_results(
        collect_state(cohort, [process_participant(job) for job in cohort.jobs()])
    )
    write_border(results, write_volumes(results))

    sweep = read_table(cohort.out / "border_sweep.tsv")
    assert len(sweep) == 6 * 3
    moved = read_table(cohort.out / "border_statistics.tsv")
    assert moved["offset_mm"].tolist() == [-1] * 6 + [0] * 6 + [1] * 6
    assert set(moved["group_b"]) == {"plantar_fasciitis"}
