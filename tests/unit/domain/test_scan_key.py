"""Which scan of a dataset."""

import pytest

from pipeline.domain.scan_key import ScanKey


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (ScanKey("01"), "sub-01"),
        (ScanKey("01", "a"), "sub-01_ses-a"),
        (ScanKey("01", "a", "2"), "sub-01_ses-a_run-2"),
        (ScanKey("01", None, "2"), "sub-01_run-2"),
    ],
)
def test_a_key_has_the_name_and_the_cells_of_bids(key: ScanKey, name: str) -> None:
    """Both lead back to it."""
    assert key.name == name
    assert ScanKey.of_row({"participant_id": key.participant_id, **key.cells}) == key


@pytest.mark.parametrize("missing", [None, float("nan"), "n/a", ""])
def test_a_row_without_session_and_run_is_of_a_participant(missing: object) -> None:
    """Prefixes may be left out."""
    row = {"participant_id": "02", "session": missing, "run": "3"}

    assert ScanKey.of_row(row) == ScanKey("02", None, "3")
    assert ScanKey.of_row({"participant_id": "sub-02"}) == ScanKey("02")


def test_runs_are_ordered_by_number() -> None:
    """Run 10 comes after run 9, and every run after the scan without one."""
    keys = [ScanKey("01", None, run) for run in ("10", "09", None)]

    assert sorted(keys, key=lambda key: key.order) == keys[::-1]


def test_a_participant_names_all_of_its_scans_unless_one_has_no_session() -> None:
    """So a table without sessions applies to all of them."""
    scans = [ScanKey("01", "a", "1"), ScanKey("01", "a", "2"), ScanKey("01", "b")]
    others = [ScanKey("02"), ScanKey("02", "a")]

    assert ScanKey("01").among([*scans, *others]) == scans
    assert ScanKey("01", "a").among([*scans, *others]) == scans[:2]
    assert ScanKey("01", None, "2").among(scans) == scans[1:2]
    assert ScanKey("02").among([*scans, *others]) == others[:1]
    assert ScanKey("01", "c").among(scans) == []
