"""A difference at equal body mass and foot length."""

import numpy as np
import pandas as pd
from statsmodels.regression.linear_model import OLS

from pipeline.stages.compare.descriptives import Facts


def adjust(
    values: "pd.Series[float]", is_a: "pd.Series[bool]", covariates: pd.DataFrame
) -> Facts:
    """Give the difference of two groups at equal covariates.

    Parameters
    ----------
    values
        Of both groups; rows whose covariates are not all known are left out.
    is_a
        Whether each is of group a.
    covariates
        One column each, the rows of `values`.

    Returns
    -------
    dict
        The ``adjusted_`` columns, or ``note`` with the reason that there are none.

    Notes
    -----
    Least squares with one slope per covariate, the same in both groups (ANCOVA).
    """
    known = covariates.loc[values.index].dropna()
    y, of_a = values[known.index].to_numpy(dtype=float), is_a[known.index].to_numpy(dtype=float)
    facts: Facts = {"covariates": ";".join(map(str, covariates)), "n_adjusted": y.size}
    centred = known.to_numpy(dtype=float)
    centred = centred - centred.mean(axis=0) if y.size else centred
    scale = np.abs(centred).max(axis=0, initial=0)
    design = np.column_stack((of_a, np.ones(y.size), centred / np.where(scale, scale, 1)))
    if y.size <= design.shape[1]:
        unknowns = f"{y.size} participants with known covariates for {design.shape[1]} unknowns"
        return facts | {"note": f"{unknowns}: not adjusted"}
    if not 0 < of_a.sum() < y.size or np.linalg.matrix_rank(design) < design.shape[1]:
        return facts | {"note": "group and covariates cannot be told apart: not adjusted"}
    fit = OLS(y, design).fit()
    if fit.ssr <= 1e-18 * (y**2).sum():
        return facts | {"note": "covariates explain every value: not adjusted"}
    low, high = fit.conf_int(0.05)[0]
    return facts | {
        "adjusted_difference": float(fit.params[0]),
        "adjusted_ci95_low": float(low),
        "adjusted_ci95_high": float(high),
        "adjusted_p": float(fit.pvalues[0]),
    }
