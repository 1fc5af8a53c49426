"""Which foot a scan shows, and which feet are accepted."""

import numpy as np
import pytest
from pydantic import ValidationError

from pipeline.domain.grid import Grid
from pipeline.domain.scan import Scan, Side
from pipeline.errors import ScanError
from pipeline.settings.intake import LateralityParams
from pipeline.stages.laterality import SideClaims, settle_laterality

R, L = Side.RIGHT, Side.LEFT


@pytest.fixture
def scan() -> Scan:
    """Make a scan without a side."""
    grid = Grid.from_arrays((3, 4, 5), np.diag((0.5, 0.7, 3, 1)))
    return Scan(np.arange(60, dtype=np.float32).reshape(3, 4, 5), grid)


@pytest.mark.parametrize(
    "claims",
    [
        SideClaims(option=R),
        SideClaims(table=R),
        SideClaims(others=(("DICOM X", R),)),
        SideClaims(R, R, (("DICOM X", R), ("DICOM Y", None))),
    ],
)
def test_any_source_may_state_the_side(claims: SideClaims, scan: Scan) -> None:
    """One source is enough, and sources may agree."""
    settled = settle_laterality(scan, claims, LateralityParams())

    assert settled.side is R
    assert settled.cautions == ()


def test_a_side_that_no_source_states_is_a_caution(scan: Scan) -> None:
    """The side stays unknown."""
    settled = settle_laterality(scan, SideClaims(), LateralityParams())

    assert settled.side is None
    assert [c.code for c in settled.cautions] == ["side-unknown"]


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        (SideClaims(R, L), r"right from the option --side but left from participants\.tsv"),
        (SideClaims(option=R, others=(("DICOM X", L),)), "but left from DICOM X"),
        (
            SideClaims(table=L, others=(("DICOM X", R),)),
            r"left from participants\.tsv but right from DICOM X",
        ),
        (
            SideClaims(others=(("DICOM X", L), ("DICOM Y", R))),
            "left from DICOM X but right from DICOM Y",
        ),
    ],
)
def test_sources_that_contradict_are_refused(
    claims: SideClaims, words: str, scan: Scan
) -> None:
    """The message names both sources and both sides."""
    with pytest.raises(ScanError, match=words):
        settle_laterality(scan, claims, LateralityParams(accept_left=True))


def test_a_left_foot_is_refused(scan: Scan) -> None:
    """The message names the source and the setting."""
    with pytest.raises(ScanError, match=r"participants\.tsv\. Set intake\.accept_left = true"):
        settle_laterality(scan, SideClaims(table=L), LateralityParams())


def test_a_left_foot_may_be_accepted(scan: Scan) -> None:
    """It stays a left foot, and its voxels are unchanged."""
    settled = settle_laterality(scan, SideClaims(table=L), LateralityParams(accept_left=True))

    assert settled.side is L
    np.testing.assert_array_equal(settled.intensity, scan.intensity)


def test_unknown_settings_are_refused() -> None:
    """A misspelt key does not mean the default."""
    with pytest.raises(ValidationError, match="acept_left"):
        LateralityParams.model_validate({"acept_left": True})
