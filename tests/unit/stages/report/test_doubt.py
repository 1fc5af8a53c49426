"""Which feet are looked at first."""

import pandas as pd
import pytest

from pipeline.stages.report.doubt import codes_in, doubts, label_of_caution, worst_first


def test_the_worst_feet_come_first() -> None:
    """Labels count more than images; volumes far from the median come before others."""
    rows = {
        "sub-01": (100.0, None),
        "sub-02": (70.0, "body-mass-missing;corrected-muscles"),
        "sub-03": (101.0, "quality-snr;quality-contrast"),
        "sub-04": (102.0, "implausible-QP"),
        "sub-05": (None, "low-certainty"),
        "sub-06": (103.0, "low-certainty;quality-snr"),
    }
    volumes = pd.DataFrame(
        [(name, *cells) for name, cells in rows.items()],
        columns=["participant_id", "total_cm3", "cautions"],
    )

    order = worst_first(volumes)

    assert order == ["sub-06", "sub-04", "sub-03", "sub-02", "sub-01"]


def test_data_beside_the_image_is_no_doubt() -> None:
    """Nor are labels that somebody corrected."""
    codes = codes_in("body-mass-missing;interval-unknown;corrected-bones;turn-sensitive")

    assert doubts(codes) == ["turn-sensitive"]
    assert codes_in(None) == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("truncated-FDB", "FDB cut by the image"),
        ("in-pieces-QP", "QP in pieces"),
        ("out-of-order-QP-LUM", "QP and LUM out of order"),
        ("quality-pixel-mm", "image quality: pixel mm"),
        ("low-certainty", "low certainty"),
    ],
)
def test_codes_are_shown_as_a_few_words(code: str, words: str) -> None:
    """Nobody has to know the codes."""
    assert label_of_caution(code) == words
