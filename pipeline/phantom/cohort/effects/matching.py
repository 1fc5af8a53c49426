"""Muscle volumes and body masses that give a sample its effect sizes."""

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
_LARGEST_FACTOR = 2.0  # of a person's muscles by matching: beyond, feet are no longer human
_TOLERANCE = 5e-4  # of d, once masses are rounded


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Plantar volumes of two groups.

    Parameters
    ----------
    rearfoot_cm3, forefoot_cm3
        One row per participant, one column per plantar muscle.
    is_reference
        Whether each participant is of the reference group.
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
    Reference less affected group, over the pooled standard deviation.
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
    """Find by how much each participant's muscles must differ from those drawn.

    Parameters
    ----------
    is_smaller
        Whether each muscle (column) is one that the effect makes smaller.

    Returns
    -------
    ndarray
        A factor per participant and muscle, to six decimals so that no machine's last bit
        matters: one for the muscles of the effect and one for the others, as near to 1 as
        the effect sizes allow.

    Raises
    ------
    ConfigError
        If no factors up to 2 do.

    Notes
    -----
    Two factors, because body masses alone cannot do it: they scale rearfoot and forefoot
    alike, so they leave the two as correlated as a foot's muscles are.
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
        quartic=2.0,  # squares alone would let a few outliers carry a whole correlation
    )
    matched = np.round(factors(logs), 6)
    _check(cohens_ds(sample.scaled(matched), mass_kg), target, people, "muscle volumes")
    return matched


def match_masses(sample: Sample, drawn_kg: Array, target: TargetD) -> Array:
    """Find the body masses nearest to those drawn that give the effect sizes.

    Returns
    -------
    ndarray
        In kg to three decimals, within 45 to 95 kg.

    Raises
    ------
    ConfigError
        If no such masses do.
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
    """Give the point nearest to `start` within limits that has the effect sizes.

    Nearest by the sum of squared steps, and `quartic` times that of fourth powers.
    """
    asked, wanted = _wanted(target)
    unit = (limits[1] - limits[0]) / 6  # so that the squares are of the order of d

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
    words = ", ".join(f"{REGIONS[i]} {d:g}" for i, d in zip(asked, wanted, strict=True))
    found = ", ".join(f"{REGIONS[i]} {got[i]:.3f}" for i in asked)
    msg = (
        f"The effect sizes must be ones that human {what} can have: asked for {words} in "
        f"{people // 2} participants per group, got no nearer than {found}. Ask for smaller "
        "or more alike effect sizes, another seed or more participants."
    )
    raise ConfigError(msg)
