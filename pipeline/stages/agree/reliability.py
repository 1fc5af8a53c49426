"""Agreement of volumes across feet, by structure."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd

from pipeline.stages.agree.bland_altman import bland_altman
from pipeline.stages.agree.icc import MeanSquares, within_cv

RELIABILITY_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "label": "structure; the last row is the union of those that are summed",
        "n": "number of feet with the structure in both maps",
        "mean_reference_cm3": "mean volume in the reference, in cm3",
        "mean_segmentation_cm3": "mean volume in the segmentation, in cm3",
        "icc21": "ICC(2,1): single rating, absolute agreement, random raters",
        "icc21_ci95_low": "lower end of its 95 % confidence interval",
        "icc21_ci95_high": "upper end of its 95 % confidence interval",
        "sem_cm3": "standard error of measurement, including the bias, in cm3",
        "mdc95_cm3": "smallest detectable change of one foot at 95 % confidence, in cm3",
        "cv_percent": "coefficient of variation within feet, in per cent",
        "bias_cm3": "mean of segmentation minus reference, in cm3",
        "bias_ci95_low": "lower end of its 95 % confidence interval, in cm3",
        "bias_ci95_high": "upper end of its 95 % confidence interval, in cm3",
        "sd_cm3": "standard deviation of the differences, in cm3",
        "limit_low_cm3": "lower limit of agreement, bias - 1.96 SD, in cm3",
        "limit_low_ci95_low": "lower end of its 95 % confidence interval, in cm3",
        "limit_low_ci95_high": "upper end of its 95 % confidence interval, in cm3",
        "limit_high_cm3": "upper limit of agreement, bias + 1.96 SD, in cm3",
        "limit_high_ci95_low": "lower end of its 95 % confidence interval, in cm3",
        "limit_high_ci95_high": "upper end of its 95 % confidence interval, in cm3",
        "note": "why a cell is n/a",
    }
)


def reliability(overlaps: pd.DataFrame) -> pd.DataFrame:
    """Give the agreement of the volumes across feet.

    Parameters
    ----------
    overlaps
        Rows of `overlap` of all feet.

    Returns
    -------
    pandas.DataFrame
        One row per structure, the columns of `RELIABILITY_COLUMNS`. A foot in which either
        map lacks the structure is left out of its row.
    """
    rows = []
    for label, rows_of_label in overlaps.groupby("label", sort=False):
        both = rows_of_label[
            (rows_of_label["reference_cm3"] > 0) & (rows_of_label["segmentation_cm3"] > 0)
        ]
        volumes = both[["reference_cm3", "segmentation_cm3"]].to_numpy(dtype=float)
        rows.append({"label": label, "n": len(both), **_cells(volumes)})
    return pd.DataFrame(rows, columns=list(RELIABILITY_COLUMNS))


def _cells(volumes: "np.ndarray[tuple[int, int], np.dtype[np.float64]]") -> dict[str, object]:
    """Give the cells of one structure; volumes have shape (feet, 2)."""
    if len(volumes) < 2:
        return {"note": "needs two feet with it in both maps"}
    squares, limits = MeanSquares.of(volumes), bland_altman(volumes[:, 1], volumes[:, 0])
    interval, cv = squares.icc_interval(), within_cv(volumes)
    means = volumes.mean(axis=0).tolist()
    return {
        "mean_reference_cm3": means[0],
        "mean_segmentation_cm3": means[1],
        "icc21": squares.icc(),
        **_ends("icc21", interval),
        "sem_cm3": squares.sem(),
        "mdc95_cm3": squares.mdc95(),
        "cv_percent": None if cv is None else 100 * cv,
        "bias_cm3": limits.bias,
        **_ends("bias", limits.bias_ci95),
        "sd_cm3": limits.sd,
        "limit_low_cm3": limits.low,
        **_ends("limit_low", limits.low_ci95),
        "limit_high_cm3": limits.high,
        **_ends("limit_high", limits.high_ci95),
        "note": None if interval else "no interval: the volumes do not differ but by a shift",
    }


def _ends(name: str, interval: tuple[float, float] | None) -> dict[str, float | None]:
    """Give the two cells of a confidence interval."""
    low, high = interval or (None, None)
    return {f"{name}_ci95_low": low, f"{name}_ci95_high": high}
