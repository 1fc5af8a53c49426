"""Numbers and statistics in plain words."""

from collections.abc import Mapping

import pandas as pd

Row = Mapping[str, object]

NAMES = {
    "rearfoot_cm3": ("rearfoot volume", "cm³", 1),
    "forefoot_cm3": ("forefoot volume", "cm³", 1),
    "total_cm3": ("total volume", "cm³", 1),
    "rearfoot_mm3_per_kg": ("rearfoot volume per body mass", "mm³/kg", 0),
    "forefoot_mm3_per_kg": ("forefoot volume per body mass", "mm³/kg", 0),
    "total_mm3_per_kg": ("total volume per body mass", "mm³/kg", 0),
}
"""Outcome to its words, its unit and the decimals that are shown."""
ALPHA = 0.05


def fixed(value: object, decimals: int = 1) -> str:
    """Give a number with so many decimals, ``n/a`` for a missing one."""
    if is_missing(value):
        return "n/a"
    text = f"{float(str(value)):.{decimals}f}"
    is_zero = not text.strip("-0.")
    return text.removeprefix("-") if is_zero else text.replace("-", "\N{MINUS SIGN}")


def chance(p: object) -> str:
    """Give a p value, with its sign."""
    if is_missing(p):
        return "n/a"
    return "< 0.001" if float(str(p)) < 0.001 else f"= {float(str(p)):.3f}"


def is_missing(value: object) -> bool:
    """Whether a cell is empty."""
    return value is None or bool(pd.isna(value))  # type: ignore[call-overload]


def sentence(row: Row) -> str:
    """Say what one row of statistics means, and what it does not mean."""
    name, unit, decimals = NAMES[str(row["outcome"])]
    a, b = row["group_a"], row["group_b"]
    counts = f"{row['n_a']} {a}" + ("" if is_missing(b) else f" and {row['n_b']} {b}")
    if is_missing(row["p"]):
        return (
            f"The {name} could not be tested ({counts} measured): a test needs two or more "
            "participants in each of two groups, with values that differ."
        )
    low, high = fixed(row["ci95_low"], decimals), fixed(row["ci95_high"], decimals)
    estimate = (
        f"{a} less {b} is {fixed(row['mean_difference'], decimals)} {unit} (95 % confidence "
        f"interval {low} to {high}; p {chance(row['p'])}, corrected by Holm p "
        f"{chance(row['p_holm'])}; d = {fixed(row['cohens_d'], 2)}, 95 % interval "
        f"{fixed(row['cohens_d_ci95_low'], 2)} to {fixed(row['cohens_d_ci95_high'], 2)})"
    )
    return f"{_verdict(row, name)}: {estimate}."


def _verdict(row: Row, name: str) -> str:
    """Say which group has more, as far as the data tell."""
    a, b = str(row["group_a"]), str(row["group_b"])
    larger, smaller = (a, b) if float(str(row["mean_difference"])) > 0 else (b, a)
    p, p_holm = float(str(row["p"])), float(str(row["p_holm"]))
    if p >= ALPHA:
        return (
            f"The {name} may or may not differ between the groups; these data do not settle "
            "it, which is not the same as no difference"
        )
    if p_holm >= ALPHA:
        return (
            f"The {name} is larger in {larger} than in {smaller}, but this does not stand once "
            "the outcomes tested together are corrected for"
        )
    return f"The {name} is larger in {larger} than in {smaller}"
