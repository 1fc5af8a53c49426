"""The difference of two groups at equal body mass and foot length."""

import numpy as np
import pandas as pd
from statsmodels.regression.linear_model import OLS

from pipeline.domain.comparison import AdjustedDifference, Adjustment, Interval


def adjust(
    values: "pd.Series[float]", is_a: "pd.Series[bool]", covariates: pd.DataFrame
) -> Adjustment:
    """Estimate the difference of two groups at equal covariates.

    Parameters
    ----------
    values
        Of both groups; rows with an unknown covariate are left out.
    is_a
        Whether each value is of group a.
    covariates
        One column each, with the index of `values`.

    Notes
    -----
    Least squares with one slope per covariate, the same in both groups (ANCOVA).
    """
    names = tuple(map(str, covariates))
    known = covariates.loc[values.index].dropna()
    y, of_a = values[known.index].to_numpy(dtype=float), is_a[known.index].to_numpy(dtype=float)
    centred = known.to_numpy(dtype=float)
    centred = centred - centred.mean(axis=0) if y.size else centred
    scale = np.abs(centred).max(axis=0, initial=0)
    design = np.column_stack((of_a, np.ones(y.size), centred / np.where(scale, scale, 1)))
    if y.size <= design.shape[1]:
        unknowns = f"{y.size} participants with known covariates for {design.shape[1]} unknowns"
        return Adjustment(names, y.size, None, f"{unknowns}: not adjusted")
    if not 0 < of_a.sum() < y.size or np.linalg.matrix_rank(design) < design.shape[1]:
        note = "group and covariates cannot be told apart: not adjusted"
        return Adjustment(names, y.size, None, note)
    fit = OLS(y, design).fit()
    if fit.ssr <= 1e-18 * (y**2).sum():
        return Adjustment(names, y.size, None, "covariates explain every value: not adjusted")
    low, high = fit.conf_int(0.05)[0]
    result = AdjustedDifference(
        float(fit.params[0]), Interval(float(low), float(high)), float(fit.pvalues[0])
    )
    return Adjustment(names, y.size, result)
