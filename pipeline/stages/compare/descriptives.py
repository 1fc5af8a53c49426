"""Descriptive statistics of one group, and the reasons for missing values."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from pipeline.domain.comparison import Sample

Values = NDArray[np.float64]

NO_VALUES = np.array([], dtype=np.float64)


def has_spread(values: Values) -> bool:
    """Whether values differ by more than rounding."""
    return values.size > 1 and bool(np.ptp(values) > 1e-9 * np.abs(values).max())


def summarise(group: str | None, values: Values) -> Sample:
    """Summarise the values of a group."""
    if not values.size:
        return Sample(group, 0)
    low, median, high = np.quantile(values, (0.25, 0.5, 0.75))
    return Sample(
        group,
        n=values.size,
        mean=float(values.mean()),
        sd=float(values.std(ddof=1)) if values.size > 1 else None,
        median=float(median),
        iqr=float(high - low),
        shapiro_p=shapiro_p(values),
    )


def why_untested(name: str, values: Values) -> list[str]:
    """Give the reasons for the values that are missing because of a group of this name."""
    if values.size < 2:
        count = "nobody" if values.size == 0 else "one participant"
        return [f"{count} measured in {name}: no test"]
    if not has_spread(values):
        return [f"all values alike in {name}: no test"]
    if values.size < 3:
        return [f"two participants in {name}: no Shapiro-Wilk, no Levene"]
    return []


def shapiro_p(values: Values) -> float | None:
    """Give the p of Shapiro and Wilk; None below three values or without spread."""
    if values.size < 3 or not has_spread(values):
        return None
    return float(stats.shapiro(values).pvalue)
