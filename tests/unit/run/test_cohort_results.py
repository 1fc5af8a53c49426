"""The results of all participants, read from OUT."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from fake_stages import spoil_scan

from pipeline.config import load_config
from pipeline.run.cohort import Cohort
from pipeline.run.cohort_results import read_results
from pipeline.run.cohort_state import collect_state
from pipeline.run.cohort_tables import write_volumes
from pipeline.run.process_participant import process_participant

pytestmark = pytest.mark.usefixtures("calls")


@pytest.mark.integration
def test_tables_from_disk_equal_those_from_the_run(cohort: Cohort) -> None:
    """The commands run and compare write the same."""
    outcomes = [process_participant(job) for job in cohort.jobs()]
    from_run = write_volumes(read_results(collect_state(cohort, outcomes)))
    from_disk = write_volumes(read_results(collect_state(cohort)))

    pd.testing.assert_frame_equal(from_run, from_disk)


def test_the_run_id_depends_on_settings_and_scans_only(
    cohort: Cohort, bids_dir: Path, tmp_path: Path
) -> None:
    """Another folder has the same identifier, another scan or setting a new one."""

    def run_id(cohort: Cohort) -> str:
        return read_results(collect_state(cohort)).run_id

    first = run_id(cohort)
    narrowed = replace(cohort, config=load_config(None, ["measure.muscles=['ABH']"]))

    assert run_id(replace(cohort, out=tmp_path / "elsewhere")) == first
    assert run_id(narrowed) != first
    assert run_id(replace(cohort, config=load_config(None, ["run.retries=7"]))) == first
    spoil_scan(bids_dir, "04")
    assert run_id(cohort) != first
