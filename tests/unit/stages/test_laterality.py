"""Which foot a new scan shows."""

import numpy as np
import pytest
from pydantic import ValidationError

from pipeline.domain.grid import Grid
from pipeline.domain.scan import Scan, Side
from pipeline.errors import ScanError
from pipeline.stages.laterality import IntakeClaims, IntakeParams, intake

R, L = Side.RIGHT, Side.LEFT


@pytest.fixture
def scan() -> Scan:
    """Make a scan that claims nothing."""
    grid = Grid.from_arrays((3, 4, 5), np.diag((0.5, 0.7, 3, 1)))
    return Scan(np.arange(60, dtype=np.float32).reshape(3, 4, 5), grid)


@pytest.mark.parametrize(
    "claims",
    [
        IntakeClaims(option=R),
        IntakeClaims(table=R),
        IntakeClaims(header=R),
        IntakeClaims(R, R, R),
    ],
)
def test_any_source_tells_the_side(claims: IntakeClaims, scan: Scan) -> None:
    """One source is enough, and sources may agree."""
    told = intake(scan, claims, IntakeParams())

    assert told.side is R
    assert told.cautions == ()


def test_an_untold_side_is_a_caution(scan: Scan) -> None:
    """No source: the side stays unknown and the row says so."""
    told = intake(scan, IntakeClaims(), IntakeParams())

    assert told.side is None
    assert [c.code for c in told.cautions] == ["side-unknown"]


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        (IntakeClaims(R, L), r"right from the option --side but left from participants\.tsv"),
        (IntakeClaims(option=R, header=L, header_text="DICOM X"), "but left from DICOM X"),
        (
            IntakeClaims(table=L, header=R),
            r"left from participants\.tsv but right from the header",
        ),
    ],
)
def test_sources_that_contradict_are_refused(
    claims: IntakeClaims, words: str, scan: Scan
) -> None:
    """Both facts stand in the sentence."""
    with pytest.raises(ScanError, match=words):
        intake(scan, claims, IntakeParams(accept_left=True))


def test_a_left_foot_is_refused(scan: Scan) -> None:
    """The sentence says by whom it is called left, and the setting."""
    with pytest.raises(ScanError, match=r"participants\.tsv\. Set intake\.accept_left = true"):
        intake(scan, IntakeClaims(table=L), IntakeParams())


def test_a_left_foot_may_be_accepted(scan: Scan) -> None:
    """It stays a left foot, voxel for voxel."""
    told = intake(scan, IntakeClaims(table=L), IntakeParams(accept_left=True))

    assert told.side is L
    np.testing.assert_array_equal(told.intensity, scan.intensity)


@pytest.mark.parametrize(
    "wrong",
    [
        {"series": "x"},
        {"plane": "short"},
        {"max_slice_mm": 0},
        {"suffix": "bold"},
        {"acept_left": True},
    ],
)
def test_settings_are_checked(wrong: dict[str, object]) -> None:
    """Values out of range and unknown keys are refused."""
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        IntakeParams.model_validate(wrong)
