"""The measurement error of one foot."""

import numpy as np
import pandas as pd

from pipeline.domain.comparison import MeasurementError
from pipeline.domain.outcomes import Outcome

_MDC95_PER_SEM = 1.96 * 2**0.5  # two measurements of one foot differ by more in 1 of 20
_HALF_WIDTH_PER_SEM = 1.96


def measurement_error(
    volumes: pd.DataFrame,
    values: "pd.Series[float]",
    outcome: Outcome,
    people: "pd.Series[str]",
    mdc95_percent: float | None,
) -> MeasurementError | None:
    """Estimate SEM and MDC95 of one outcome from the best source available.

    Parameters
    ----------
    volumes
        Rows of ``volumes.tsv``, with or without intervals of the volumes.
    values
        The outcome of all measured rows, repeats included.
    people
        Participant of each row.
    mdc95_percent
        MDC95 in per cent of the mean; used for the regions where there is no other source.

    Returns
    -------
    MeasurementError or None
        None where there is no source.

    Notes
    -----
    From repeats the SEM is the within-subject SD, the root of the mean variance within
    persons (Bland and Altman 1996, doi:10.1136/bmj.312.7047.1654). From segmentation
    intervals it is the root mean square of the half width of the 95 % interval over 1.96,
    which does not include the variation between two scans.
    """
    known = people[values.index].dropna()
    again = known.index[known.duplicated(keep=False)]
    if len(again):
        repeated = values[again].groupby(people).agg(["size", "var"])
        freedom = repeated["size"] - 1
        sem = float(np.sqrt((repeated["var"] * freedom).sum() / freedom.sum()))
        return _from_sem(sem, f"repeats of {len(repeated)} participants")
    volume = outcome.volume_column.removesuffix("_cm3")
    ends = [f"{volume}_ci95_{end}_cm3" for end in ("low", "high")]
    if set(ends) <= set(volumes):
        per_cm3 = values / pd.to_numeric(volumes[outcome.volume_column][values.index])
        low, high = (pd.to_numeric(volumes[end][values.index]) for end in ends)
        half_widths = ((high - low) / 2 * per_cm3).dropna()
        if len(half_widths):
            sem = float(np.sqrt((half_widths**2).mean())) / _HALF_WIDTH_PER_SEM
            return _from_sem(sem, "segmentation intervals")
    if mdc95_percent is not None and not outcome.is_muscle and len(values):
        sem = mdc95_percent / 100 * float(values.mean()) / _MDC95_PER_SEM
        return _from_sem(sem, "setting")
    return None


def _from_sem(sem: float, source: str) -> MeasurementError:
    return MeasurementError(sem, _MDC95_PER_SEM * sem, source)
