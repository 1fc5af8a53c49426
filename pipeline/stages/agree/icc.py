"""Intraclass correlation, standard error of measurement and related statistics."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats


@dataclass(frozen=True, slots=True)
class MeanSquares:
    """Two-way analysis of variance of n targets and k raters, one rating each.

    Parameters
    ----------
    targets, raters, residual
        Mean squares between targets (BMS), between raters (JMS) and of the residual (EMS).
    """

    n: int
    k: int
    targets: float
    raters: float
    residual: float

    @classmethod
    def of(cls, ratings: ArrayLike) -> "MeanSquares":
        """Analyse ratings of shape (targets, raters).

        Raises
        ------
        ValueError
            If there are fewer than two targets or two raters.
        """
        x = np.asarray(ratings, dtype=float)
        n, k = x.shape
        if n < 2 or k < 2:
            msg = f"Agreement needs two targets and two raters, got {n} and {k}"
            raise ValueError(msg)
        of_targets = k * ((x.mean(axis=1) - x.mean()) ** 2).sum()
        of_raters = n * ((x.mean(axis=0) - x.mean()) ** 2).sum()
        within = ((x - x.mean(axis=1, keepdims=True)) ** 2).sum()
        residual = max(within - of_raters, 0.0)
        return cls(
            n,
            k,
            float(of_targets / (n - 1)),
            float(of_raters / (k - 1)),
            float(residual / ((n - 1) * (k - 1))),
        )

    def icc(self) -> float | None:
        """Give ICC(2,1): single rating, absolute agreement, random raters.

        None where all values are equal.

        Notes
        -----
        Shrout and Fleiss 1979 (doi:10.1037/0033-2909.86.2.420).
        """
        spread = (
            self.targets
            + (self.k - 1) * self.residual
            + self.k * (self.raters - self.residual) / self.n
        )
        return (self.targets - self.residual) / spread if spread > 0 else None

    def icc_interval(self, level: float = 0.95) -> tuple[float, float] | None:
        """Give the confidence interval of ICC(2,1); None where it is undefined.

        Notes
        -----
        Satterthwaite's degrees of freedom, as Shrout and Fleiss 1979 and McGraw and Wong
        1996 (doi:10.1037/1082-989X.1.1.30).
        """
        icc, n, k = self.icc(), self.n, self.k
        if icc is None or icc >= 1 or self.residual <= 0:
            return None
        a = k * icc / (n * (1 - icc))
        b = 1 + k * icc * (n - 1) / (n * (1 - icc))
        parts = (a * self.raters) ** 2 / (k - 1), (b * self.residual) ** 2 / ((n - 1) * (k - 1))
        df = (a * self.raters + b * self.residual) ** 2 / sum(parts)
        upper_tail = (1 + level) / 2
        f_low = stats.f.ppf(upper_tail, n - 1, df)
        f_high = stats.f.ppf(upper_tail, df, n - 1)
        shared = k * self.raters + (k * n - k - n) * self.residual
        low = n * (self.targets - f_low * self.residual) / (f_low * shared + n * self.targets)
        high = n * (f_high * self.targets - self.residual)
        return float(low), float(high / (shared + n * f_high * self.targets))

    def sem(self) -> float:
        """Give the standard error of measurement, including the bias between raters.

        Notes
        -----
        The agreement form of de Vet 2006 (doi:10.1016/j.jclinepi.2005.10.015): the square
        root of the sum of the variances of raters and of the residual.
        """
        of_raters = max((self.raters - self.residual) / self.n, 0.0)
        return float(np.sqrt(of_raters + self.residual))

    def mdc95(self) -> float:
        """Give the smallest detectable change of one target at 95 % confidence.

        Notes
        -----
        1.96 x sqrt(2) x SEM (Weir 2005, doi:10.1519/15184.1).
        """
        return 1.96 * float(np.sqrt(2)) * self.sem()


def within_cv(ratings: ArrayLike) -> float | None:
    """Give the coefficient of variation within targets; None if a target's mean is 0.

    Notes
    -----
    Root mean square of SD / mean over the targets (Glueer 1995, doi:10.1007/BF01774016).
    """
    x = np.asarray(ratings, dtype=float)
    means = x.mean(axis=1)
    if (means == 0).any():
        return None
    return float(np.sqrt(((x.std(axis=1, ddof=1) / means) ** 2).mean()))
