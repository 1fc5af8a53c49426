"""Matches muscle volumes and body masses to given sample effect sizes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from pipeline.domain.anatomy import REGIONS
from pipeline.errors import ConfigError
from pipeline.phantom.cohort.effects.effect import TargetD

Array = NDArray[np.float64]
MASS_LIMITS_KG = (45.0, 95.0)
_LARGEST_FACTOR = 2.0  # on a person's muscle volumes; larger ones would not be human
_TOLERANCE = 5e-4  # of d, once masses are rounded


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Plantar volumes of two groups.

    Parameters
    ----------
    rearfoot_cm3, forefoot_cm3
        One row per participant, one column per plantar muscle.
    is_reference
        Whether each participant belongs to the reference group.
    """

    rearfoot_cm3: Array
    forefoot_cm3: Array
    is_reference: NDArray[np.bool_]

    def scaled(self, factors: Array) -> "Sample":
        """Multiply every muscle by a factor; shape (participants, muscles)."""
        return Sample(
            self.rearfoot_cm3 * factors, self.forefoot_cm3 * factors, self.is_reference
        )


def cohens_ds(sample: Sample, mass_kg: Array) -> Array:
    """Give Cohen's d of rearfoot, forefoot and total volume per body mass.

    Notes
    -----
    Mean of the reference group minus mean of the affected group, over the pooled SD.
    """
    rearfoot, forefoot = (
        volumes.sum(axis=1) / mass_kg for volumes in (sample.rearfoot_cm3, sample.forefoot_cm3)
    )
    outcomes = np.array((rearfoot, forefoot, rearfoot + forefoot))
    groups = outcomes[:, sample.is_reference], outcomes[:, ~sample.is_reference]
    squares = sum(((g - g.mean(axis=1, keepdims=True)) ** 2).sum(axis=1) for g in groups)
    pooled = np.sqrt(squares / (outcomes.shape[1] - 2))
    ds: Array = (groups[0].mean(axis=1) - groups[1].mean(axis=1)) / pooled
    return ds


def match_volumes(
    sample: Sample, mass_kg: Array, is_smaller: NDArray[np.bool_], target: TargetD
) -> Array:
    """Find the factors on muscle volumes that give the effect sizes.

    Parameters
    ----------
    is_smaller
        Whether each muscle (column) belongs to the effect.

    Returns
    -------
    ndarray
        Factors, shape (participants, muscles): per participant one for the muscles of the
        effect and one for the others, as near to 1 as possible. Rounded to six decimals, so
        that they are the same on every machine.

    Raises
    ------
    ConfigError
        If no factors up to 2 give the effect sizes.

    Notes
    -----
    Body masses alone cannot give the effect sizes: they scale rearfoot and forefoot alike
    and so do not change the correlation between the two.
    """
    people = len(mass_kg)

    def factors(logs: Array) -> Array:
        smaller, others = np.exp(logs.reshape(2, people, 1))
        table: Array = np.where(is_smaller, smaller, others)
        return table

    limit = np.log(_LARGEST_FACTOR)
    logs = _nearest(
        np.zeros(2 * people),
        lambda logs: cohens_ds(sample.scaled(factors(logs)), mass_kg),
        target,
        (-limit, limit),
        quartic=2.0,  # with squares alone a few outliers would determine the correlation
    )
    matched = np.round(factors(logs), 6)
    _check(cohens_ds(sample.scaled(matched), mass_kg), target, people, "muscle volumes")
    return matched


def match_masses(sample: Sample, drawn_kg: Array, target: TargetD) -> Array:
    """Find the body masses nearest to the drawn ones that give the effect sizes.

    Returns
    -------
    ndarray
        In kg to three decimals, within 45 to 95 kg.

    Raises
    ------
    ConfigError
        If no such masses give the effect sizes.
    """
    masses = _nearest(drawn_kg, lambda kg: cohens_ds(sample, kg), target, MASS_LIMITS_KG)
    masses = np.round(masses, 3)
    _check(cohens_ds(sample, masses), target, len(drawn_kg), "body masses")
    return masses


def _nearest(
    start: Array,
    effect_sizes: Callable[[Array], Array],
    target: TargetD,
    limits: tuple[float, float],
    quartic: float = 0.0,
) -> Array:
    """Find the point within the limits that is nearest to `start` and has the effect sizes.

    The cost is the sum of squared steps plus `quartic` times the sum of their fourth powers.
    """
    asked, wanted = _wanted(target)
    unit = (limits[1] - limits[0]) / 6  # makes the cost of the same order as d

    def cost(moved: Array) -> float:
        steps = (moved - start) / unit
        return float((steps**2 + quartic * steps**4).sum())

    def slope(moved: Array) -> Array:
        steps = (moved - start) / unit
        gradient: Array = (2 * steps + 4 * quartic * steps**3) / unit
        return gradient

    solved = optimize.minimize(
        cost,
        start,
        jac=slope,
        bounds=[limits] * len(start),
        constraints=optimize.NonlinearConstraint(
            lambda moved: effect_sizes(moved)[asked], wanted, wanted
        ),
        method="SLSQP",
        options={"maxiter": 500, "ftol": 1e-10},
    )
    nearest: Array = np.clip(solved.x, *limits)
    return nearest


def _wanted(target: TargetD) -> tuple[NDArray[np.intp], Array]:
    ds = np.array([getattr(target, region) for region in REGIONS], dtype=float)
    asked = np.flatnonzero(~np.isnan(ds))
    return asked, ds[asked]


def _check(got: Array, target: TargetD, people: int, what: str) -> None:
    asked, wanted = _wanted(target)
    if np.isfinite(got).all() and np.abs(got[asked] - wanted).max() <= _TOLERANCE:
        return
    asked_for = ", ".join(f"{REGIONS[i]} {d:g}" for i, d in zip(asked, wanted, strict=True))
    reached = ", ".join(f"{REGIONS[i]} {got[i]:.3f}" for i in asked)
    msg = (
        f"The effect sizes must be ones that human {what} can have: asked for {asked_for} in "
        f"{people // 2} participants per group, got no nearer than {reached}. Ask for smaller "
        "or more alike effect sizes, another seed or more participants."
    )
    raise ConfigError(msg)
