"""How doubtful the labels of each foot are, so that the worst are looked at first."""

import re
from collections.abc import Iterable

import pandas as pd

from pipeline.domain.scan_key import ScanKey
from pipeline.stages.report.formatting import is_missing

# Cautions about data beside the image, and about labels that somebody has looked at.
_NO_DOUBT = re.compile(r"body-mass-missing|interval-unknown|corrected-.*")
_ABOUT_IMAGE = re.compile(r"quality-.*|strong-bias-field|orientation-unknown|fat-uncalibrated")
_LABELS_WEIGHT, _IMAGE_WEIGHT = 3, 1

_WORDS = (
    (r"truncated-(.+)", r"\1 cut by the image"),
    (r"missing-(.+)", r"\1 not found"),
    (r"implausible-(.+)", r"\1 of unusual volume"),
    (r"in-pieces-(.+)", r"\1 in pieces"),
    (r"out-of-order-([^-]+)-(.+)", r"\1 and \2 out of order"),
    (r"quality-(.+)", r"image quality: \1"),
)


def codes_in(cell: object) -> list[str]:
    """Give the codes in a cell of ``cautions``."""
    return [] if is_missing(cell) else [code for code in str(cell).split(";") if code]


def doubts(codes: Iterable[str]) -> list[str]:
    """Give the codes that say something against the labels or the image."""
    return [code for code in codes if not _NO_DOUBT.fullmatch(code)]


def label_of_caution(code: str) -> str:
    """Give a caution's code as a few words."""
    for pattern, words in _WORDS:
        if match := re.fullmatch(pattern, code):
            return match.expand(words).replace("-", " ")
    return code.replace("-", " ")


def worst_first(volumes: pd.DataFrame) -> list[str]:
    """Order the measured feet by doubt.

    Parameters
    ----------
    volumes
        Rows of ``volumes.tsv``.

    Returns
    -------
    list of str
        The name of each scan that has a total volume.

    Notes
    -----
    A caution about the labels counts three times one about the image. Feet with equal
    cautions are ordered by how far their total volume lies from the median of all.
    """
    measured = volumes[pd.to_numeric(volumes["total_cm3"]).notna()]
    totals = pd.to_numeric(measured["total_cm3"])
    ranked = pd.DataFrame(
        {
            "name": [ScanKey.of_row(row).name for row in measured.to_dict("records")],
            "doubt": [-weight_of(codes_in(cell)) for cell in measured["cautions"]],
            "apart": -(totals - totals.median()).abs(),
        }
    )
    ordered = ranked.sort_values(["doubt", "apart", "name"], kind="stable")
    return [str(name) for name in ordered["name"]]


def weight_of(codes: Iterable[str]) -> int:
    """Weigh the doubts among the codes of a foot; 0 where there is none."""
    return sum(
        _IMAGE_WEIGHT if _ABOUT_IMAGE.fullmatch(code) else _LABELS_WEIGHT
        for code in doubts(codes)
    )
