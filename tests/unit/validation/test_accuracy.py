"""Tables of accuracy."""

import pandas as pd
import pytest

from pipeline.domain.anatomy import MUSCLES, REGIONS
from validation.accuracy import FOREIGN, LEFT_OUT, print_tables

ROW = {
    "set": LEFT_OUT,
    "scan": "9991-01",
    "kind": "filled",
    "protocol": "t1_se_4mm",
    "plantar_total_true_cm3": 90.0,
    "dice": 0.9,
    "border_mm": 1.0,
    "cautions": "unusual-bones",
    **{f"{region}_error": 2.0 for region in REGIONS},
    **{f"{region}_covered": True for region in REGIONS},
    **{f"{m.abbreviation}_dice": 0.8 for m in MUSCLES},
    **{f"{m.abbreviation}_total_true_cm3": 8.0 for m in MUSCLES},
    **{f"{m.abbreviation}_total_cm3": 9.0 for m in MUSCLES},
}
BAD = ROW | {
    "scan": "9991-02",
    "cautions": "unusual-bones;turn-sensitive",
    "total_error": -12.0,
    "rearfoot_covered": False,
    **{f"{m.abbreviation}_total_true_cm3": 10.0 for m in MUSCLES},
    **{f"{m.abbreviation}_total_cm3": 10.0 for m in MUSCLES},
}
REFUSED = {k: ROW[k] for k in ("set", "kind", "protocol")} | {"refused": "No foot."}


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> str:
    """Print the tables of three scans of a kind, one of them refused, and two foreign ones."""
    foreign = [row | {"set": FOREIGN, "kind": FOREIGN} for row in (ROW, BAD)]
    print_tables(pd.DataFrame([ROW, BAD, REFUSED, *foreign]))
    return capsys.readouterr().out


def test_a_kind_is_summarised_with_its_refusals(printed: str) -> None:
    """Median, worst and mean error of the two that were measured."""
    assert "| left out | filled | 3 | 1 | 0.900 (0.900) | 7.0 (12.0), -5.0 |" in printed
    assert "| 2 of 2/1 of 2/2 of 2 |" in printed


def test_slopes_are_of_measured_on_true_volume(printed: str) -> None:
    """From 8 to 10 cm3 the measured volume rises by 1."""
    assert "| ABH | 0.80 (0.80) | 0.50 |" in printed


def test_cautions_are_judged_by_the_error_of_the_total(printed: str) -> None:
    """One stands beside all, the other beside the bad one alone."""
    assert "| unusual-bones | 2 | 2 | 0.50 |" in printed
    assert "| turn-sensitive | 2 | 0 | 1.00 |" in printed
