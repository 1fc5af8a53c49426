"""Intensities of tissues as a plot."""

from boxed_foot import scan_of, split_of, without_labels

from pipeline.stages.report.histogram_plot import plot_histogram


def test_intensities_are_those_of_each_tissue() -> None:
    """Muscle at 0.3 and the rest at 0.9; fat is marked where it is bright."""
    split = split_of()

    svg = plot_histogram(scan_of(split), split)

    for words in ("muscle (median 0.30)", "fat and other tissue (median 0.90)"):
        assert f"<!-- {words} -->".encode() in svg
    assert b"subcutaneous fat -->" in svg
    assert svg == plot_histogram(scan_of(split), split)


def test_a_foot_without_labels_has_intensities_of_other_tissue() -> None:
    """There is neither muscle nor bone."""
    split = without_labels(split_of())

    svg = plot_histogram(scan_of(split), split)

    assert b"fat and other tissue" in svg
    assert b"muscle (median" not in svg
