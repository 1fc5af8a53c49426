"""When tables and pages over all participants are up to date."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from fake_stages import spoil_scan

from pipeline.config import load_config
from pipeline.domain.participant import Participant
from pipeline.domain.scan_key import ScanKey
from pipeline.run import cohort_state, dependencies
from pipeline.run.cohort import Cohort
from pipeline.run.cohort_outputs import PAGES, TABLES, record_path
from pipeline.run.cohort_state import collect_state, is_comparison_checked
from pipeline.run.outcome import NOT_RUN, OK
from pipeline.run.process_participant import process_participant
from pipeline.run.stage_cache import FAILED
from pipeline.run.update_cohort import update_cohort

pytestmark = [pytest.mark.usefixtures("calls"), pytest.mark.integration]

Change = Callable[[Cohort], Cohort]


@pytest.fixture
def written(cohort: Cohort) -> Cohort:
    """Measure all participants, and write tables and pages."""
    update_cohort(cohort, [process_participant(job) for job in cohort.jobs()])
    return cohort


def with_settings(*overrides: str) -> Change:
    """Make a change of settings."""
    return lambda cohort: replace(cohort, config=load_config(None, overrides))


def with_row(edit: Callable[[Participant], Participant]) -> Change:
    """Make a change of the row of the first participant."""

    def change(cohort: Cohort) -> Cohort:
        first, *others = cohort.participants
        return replace(cohort, participants=(edit(first), *others))

    return change


def without_one(cohort: Cohort) -> Cohort:
    """Leave the last participant out of the dataset."""
    return replace(cohort, participants=cohort.participants[:-1])


def excluded(cohort: Cohort) -> Cohort:
    """Leave a participant out of the comparison."""
    return replace(cohort, excluded={ScanKey("03"): "motion"})


def with_another_scan(cohort: Cohort) -> Cohort:
    """Replace the scan of a participant, who is not measured again."""
    spoil_scan(cohort.bids_dir, "04")
    return cohort


def without_a_picture(cohort: Cohort) -> Cohort:
    """Remove a picture of a participant."""
    (cohort.out / "sub-02" / "figures" / "sub-02_overlay.png").unlink()
    return cohort


def are_written(cohort: Cohort) -> tuple[bool, bool, bool]:
    """Say whether the comparison was checked, and tables and pages are up to date."""
    state = collect_state(cohort)
    return is_comparison_checked(cohort), state.is_written(TABLES), state.is_written(PAGES)


def test_what_was_just_written_is_up_to_date(written: Cohort) -> None:
    """Whichever participants are chosen, and however they are processed."""
    assert are_written(written) == (True, True, True)
    assert are_written(replace(written, chosen=(ScanKey("02"),))) == (True, True, True)


def test_before_the_first_run_nothing_is_up_to_date(cohort: Cohort) -> None:
    """There are no records."""
    assert are_written(cohort) == (False, False, False)


@pytest.mark.parametrize(
    "change",
    [
        with_settings("compare.test='student'"),
        with_row(lambda who: replace(who, body_mass_kg=81.5)),
        with_row(lambda who: replace(who, group="other")),
        with_row(lambda who: replace(who, cells={**who.cells, "age": "44"})),
        without_one,
        excluded,
    ],
)
def test_another_cohort_needs_another_check_and_tables(change: Change, written: Cohort) -> None:
    """Settings, rows of the table and exclusions decide what is compared."""
    assert are_written(change(written)) == (False, False, False)


@pytest.mark.parametrize("change", [with_another_scan, without_a_picture])
def test_other_results_need_other_tables(change: Change, written: Cohort) -> None:
    """The comparison itself is still possible."""
    assert are_written(change(written)) == (True, False, False)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("volumes.tsv", (True, False, True)), ("sub-03.html", (True, True, False))],
)
def test_a_missing_file_is_written_again(
    name: str, expected: tuple[bool, ...], written: Cohort
) -> None:
    """Only its part is not up to date."""
    (written.out / name).unlink()

    assert are_written(written) == expected


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("comparison_input", (False, False, False)),
        ("cohort_tables", (True, False, True)),
        ("cohort_pages", (True, True, False)),
    ],
)
def test_other_code_writes_what_it_makes(
    module: str,
    expected: tuple[bool, ...],
    written: Cohort,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Code of pages does not write the tables again."""
    code_hash = dependencies.code_hash
    monkeypatch.setattr(
        cohort_state, "code_hash", lambda m: "new" if m.endswith(module) else code_hash(m)
    )

    assert are_written(written) == expected


def test_another_version_of_a_library_writes_all_again(
    written: Cohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tables say which run they are of, and the pages which libraries."""
    monkeypatch.setattr(cohort_state, "library_versions", lambda _: {"scipy": "99"})

    assert are_written(written) == (False, False, False)


def test_a_damaged_record_counts_as_no_check(written: Cohort) -> None:
    """It is refused where it matters."""
    record_path(written, TABLES).write_text("{]")

    assert not is_comparison_checked(written)


def test_the_state_has_the_outcome_and_the_outputs_of_everyone(cohort: Cohort) -> None:
    """A refused scan has its reason and no outputs."""
    spoil_scan(cohort.bids_dir, "02")
    outcomes = [process_participant(job) for job in cohort.jobs()[:5]]
    state = collect_state(replace(cohort, excluded={ScanKey("05"): "motion"}), outcomes)

    statuses = [entry.outcome.status for entry in state.entries]
    assert statuses == [OK, FAILED, OK, OK, cohort_state.EXCLUDED, NOT_RUN]
    assert [bool(entry.files) for entry in state.entries] == [True, False, *[True] * 3, False]
    assert all(entry.scan_sha256 for entry in state.entries)


def test_a_participant_without_a_scan_has_a_state(cohort: Cohort) -> None:
    """The table still has a row."""
    lost = replace(cohort, participants=(Participant("99"),))

    (entry,) = collect_state(lost).entries
    assert (entry.outcome.status, entry.scan_sha256) == (FAILED, None)
