"""How often two reviewers decide alike."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from types import MappingProxyType

import numpy as np
import pandas as pd
from statsmodels.stats.inter_rater import cohens_kappa

from pipeline.domain.decision import VERDICTS, Decision

DECISION_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "reviewer_a": "one reviewer",
        "reviewer_b": "the other reviewer",
        "n": "feet on which both decided, having seen the same labels",
        "agreement": "fraction of these on which both decided alike, 0 to 1",
        "kappa": "Cohen's kappa of the three decisions",
        "kappa_ci95_low": "lower end of its 95 % confidence interval",
        "kappa_ci95_high": "upper end of its 95 % confidence interval",
        "note": "why a cell is n/a",
    }
)


def agree_on_decisions(decisions: Sequence[Decision]) -> pd.DataFrame:
    """Compare the decisions of every pair of reviewers.

    A foot counts if both decided on the same labels, as corrected labels are another question.

    Returns
    -------
    DataFrame
        One row per pair, with the columns of `DECISION_COLUMNS`.

    Notes
    -----
    Cohen 1960, Educ Psychol Meas 20:37. Kappa is n/a if both gave one and the same decision
    throughout, as agreement by chance is then complete.
    """
    reviewers = sorted({decision.reviewer for decision in decisions})
    rows = [_row(a, b, decisions) for a, b in combinations(reviewers, 2)]
    return pd.DataFrame(rows, columns=list(DECISION_COLUMNS))


def _row(a: str, b: str, decisions: Sequence[Decision]) -> dict[str, object]:
    """Give the row of one pair."""
    first, second = (
        {(d.key, d.labels_sha256): d.verdict for d in decisions if d.reviewer == name}
        for name in (a, b)
    )
    counts = np.zeros((len(VERDICTS), len(VERDICTS)))
    for foot in first.keys() & second.keys():
        counts[VERDICTS.index(first[foot]), VERDICTS.index(second[foot])] += 1
    n = int(counts.sum())
    row = {"reviewer_a": a, "reviewer_b": b, "n": n}
    if not n:
        return row | {"note": "no foot that both decided on"}
    row |= {"agreement": float(np.trace(counts)) / n}
    if counts.max() == n and np.trace(counts) == n:
        return row | {"note": "both gave one and the same decision throughout"}
    found = cohens_kappa(counts)
    return row | {
        "kappa": float(found.kappa),
        "kappa_ci95_low": float(found.kappa_low),
        "kappa_ci95_high": float(found.kappa_upp),
    }
