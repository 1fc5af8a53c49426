"""How far the measurement of one foot can be trusted."""

import numpy as np
import pandas as pd

from pipeline.stages.compare.descriptives import Facts
from pipeline.stages.compare.outcomes import Outcome

_PER_SEM = 1.96 * 2**0.5  # two measurements of one foot differ by more in 1 of 20
_HALF_WIDTHS = 1.96


def measurement_error(
    volumes: pd.DataFrame,
    values: "pd.Series[float]",
    outcome: Outcome,
    people: "pd.Series[str]",
    mdc95_percent: float | None,
) -> Facts:
    """Give SEM and MDC95 of one outcome, from the best source there is.

    Parameters
    ----------
    volumes
        Rows of ``volumes.tsv``; may have ``rearfoot_ci95_low_cm3`` and its like.
    values
        The outcome of all that were measured, repeats too.
    people
        Who was measured in each row.
    mdc95_percent
        Of the mean; for the regions, where nothing better is known.

    Returns
    -------
    dict
        ``sem``, ``mdc95`` and ``mdc95_source``; none where nothing is known.

    Notes
    -----
    From repeats the SEM is the within-subject SD, the root of the mean variance within
    persons (Bland and Altman 1996, doi:10.1136/bmj.312.7047.1654). From segmentation
    intervals it is the root mean square of a 95 % interval's half width over 1.96, which
    knows nothing of what differs between two scans.
    """
    repeated = values.groupby(people).agg(["size", "var"])
    repeated = repeated[repeated["size"] > 1]
    if len(repeated):
        freedom = repeated["size"] - 1
        sem = float(np.sqrt((repeated["var"] * freedom).sum() / freedom.sum()))
        return _facts(sem, f"repeats of {len(repeated)} participants")
    volume = outcome.source.removesuffix("_cm3")
    ends = [f"{volume}_ci95_{end}_cm3" for end in ("low", "high")]
    if set(ends) <= set(volumes):
        per_cm3 = values / pd.to_numeric(volumes[outcome.source][values.index])
        low, high = (pd.to_numeric(volumes[end][values.index]) for end in ends)
        half_widths = ((high - low) / 2 * per_cm3).dropna()
        if len(half_widths):
            sem = float(np.sqrt((half_widths**2).mean())) / _HALF_WIDTHS
            return _facts(sem, "segmentation intervals")
    if mdc95_percent is not None and outcome.is_region and len(values):
        return _facts(mdc95_percent / 100 * float(values.mean()) / _PER_SEM, "setting")
    return {}


def is_below(difference: float, error: Facts) -> bool | None:
    """Whether a difference is smaller than the smallest detectable change."""
    mdc95 = error.get("mdc95")
    return (
        None if mdc95 is None or np.isnan(difference) else abs(difference) < float(str(mdc95))
    )


def _facts(sem: float, source: str) -> Facts:
    return {"sem": sem, "mdc95": _PER_SEM * sem, "mdc95_source": source}
