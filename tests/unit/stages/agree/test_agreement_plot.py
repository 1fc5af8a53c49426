"""The Bland-Altman plot."""

import pandas as pd
import pytest

from pipeline.stages.agree import plot_agreement, reliability


def make_overlaps() -> pd.DataFrame:
    """Make three feet with two structures."""
    rows = [
        (label, true, true + gain)
        for label, size in (("ABH", 10.0), ("plantar", 80.0))
        for true, gain in ((size, 1.0), (1.2 * size, -0.5), (1.5 * size, 0.25))
    ]
    table = pd.DataFrame(rows, columns=["label", "reference_cm3", "segmentation_cm3"])
    return table.assign(difference_cm3=table["segmentation_cm3"] - table["reference_cm3"])


@pytest.mark.integration
def test_the_agreement_plot_is_the_same_each_time() -> None:
    """Two drawings have the same bytes without a date; the sum has the first panel."""
    overlaps = make_overlaps()
    first, second = (plot_agreement(overlaps, reliability(overlaps)) for _ in range(2))

    assert first is not None
    assert first == second
    assert b"<dc:date>" not in first.svg
    assert first.svg.index(b"plantar (n = 3)") < first.svg.index(b"ABH (n = 3)")


def test_nothing_to_plot_gives_no_plot() -> None:
    """One foot has no limits of agreement."""
    overlaps = make_overlaps().iloc[[0, 3]]

    assert plot_agreement(overlaps, reliability(overlaps)) is None
