"""Numbers and statistics in plain words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from pipeline.stages.report.outcome_labels import named

Row = Mapping[str, object]

ALPHA = 0.05
BORDER_SHIFT_MM = 5.0


@dataclass(frozen=True, slots=True)
class Context:
    """What holds for all outcomes of a comparison.

    Parameters
    ----------
    borders, muscles
        As ``volumes.tsv`` has them.
    region_tests, muscle_tests
        Tests that were made.
    moved
        Rows of ``border_statistics.tsv``: the same tests with the border moved.
    """

    borders: tuple[str, ...] = ()
    muscles: tuple[str, ...] = ()
    region_tests: int = 0
    muscle_tests: int = 0
    moved: Sequence[Row] = ()


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


def verdict(row: Row) -> str:
    """Say in one sentence which group has more, as far as the data tell."""
    name = named(str(row["outcome"]))[0]
    a, b = str(row["group_a"]), str(row["group_b"])
    if is_missing(row["p"]):
        counts = f"{row['n_a']} {a}" + (
            "" if is_missing(row["group_b"]) else f" and {row['n_b']} {b}"
        )
        return (
            f"The {name} could not be tested ({counts} measured): a test needs two or more "
            "participants in each of two groups, with values that differ."
        )
    larger, smaller = (a, b) if _number(row["mean_difference"]) > 0 else (b, a)
    if _number(row["p"]) >= ALPHA:
        return (
            f"The {name} may or may not differ between {a} and {b}: these data do not settle "
            "it, which is not the same as no difference."
        )
    if _number(row["p_holm"]) >= ALPHA:
        return (
            f"The {name} is larger in {larger} than in {smaller}, but this does not stand once "
            "the outcomes tested together are corrected for."
        )
    return f"The {name} is larger in {larger} than in {smaller}."


def explanation(row: Row, context: Context) -> str:
    """Say how sure a verdict is, and on what it rests."""
    if is_missing(row["p"]):
        return "" if is_missing(row["note"]) else f"Why: {row['note']}."
    return " ".join(_sentences(row, context))


def _sentences(row: Row, context: Context) -> Iterator[str]:
    _, unit, decimals = named(str(row["outcome"]))
    means = " and ".join(
        f"{fixed(row[f'mean_{side}'], decimals)} ± {fixed(row[f'sd_{side}'], decimals)} in "
        f"{row[f'group_{side}']} (n = {row[f'n_{side}']})"
        for side in "ab"
    )
    yield (
        f"Mean ± SD ({unit}) are {means}; the first less the second is "
        f"{fixed(row['mean_difference'], decimals)}, 95 % confidence interval "
        f"{_interval(row, 'ci95', decimals)} ({row['test']}, p {chance(row['p'])}; corrected "
        f"by Holm for {int(_number(row['family_tests']))} outcomes, p {chance(row['p_holm'])})."
    )
    yield (
        f"Cohen's d is {fixed(row['cohens_d'], 2)}, 95 % interval "
        f"{_interval(row, 'cohens_d_ci95', 2)}; one test at {ALPHA} with these numbers of "
        f"participants finds a true d of {fixed(row['detectable_d'], 2)} with "
        f"{100 * _number(row['power']):.0f} % power, and smaller ones less often."
    )
    yield from _other_tests(row)
    yield from _adjusted(row, unit, decimals)
    yield from _error(row, unit, decimals)
    yield from _border(row, context)


def _other_tests(row: Row) -> Iterator[str]:
    """Hold tests that assume less beside the t test."""
    names = {
        "permutation_p": "permutation",
        "mann_whitney_p": "Mann-Whitney",
        "wilcoxon_p": "Wilcoxon",
    }
    known = {name: row[column] for column, name in names.items() if not is_missing(row[column])}
    if not known:
        return
    is_found = _number(row["p"]) < ALPHA
    agree = all((_number(p) < ALPHA) == is_found for p in known.values())
    listed = ", ".join(f"{name} p {chance(p)}" for name, p in known.items())
    said = "say the same" if agree else "do not all say the same, so take it with care"
    yield f"Tests that assume less {said}: {listed}."


def _adjusted(row: Row, unit: str, decimals: int) -> Iterator[str]:
    if is_missing(row["adjusted_difference"]):
        return
    names = [
        name.removesuffix("_kg").removesuffix("_mm").replace("_", " ")
        for name in str(row["covariates"]).split(";")
    ]
    agrees = (_number(row["adjusted_p"]) < ALPHA) == (_number(row["p"]) < ALPHA)
    yield (
        f"At equal {' and '.join(names)} the difference is "
        f"{fixed(row['adjusted_difference'], decimals)} {unit}, 95 % confidence interval "
        f"{_interval(row, 'adjusted_ci95', decimals)} (p {chance(row['adjusted_p'])}, "
        f"{int(_number(row['n_adjusted']))} participants)"
        f"{'.' if agrees else ', which is another conclusion: look at both.'}"
    )


def _error(row: Row, unit: str, decimals: int) -> Iterator[str]:
    if is_missing(row["mdc95"]):
        return
    error = (
        f"the smallest change that can be told in one foot (MDC95 "
        f"{fixed(row['mdc95'], decimals)} {unit}, from {row['mdc95_source']})"
    )
    if row["below_mdc95"]:
        yield f"CAUTION: the difference is smaller than {error}."
    else:
        yield f"The difference is larger than {error}."


def _border(row: Row, context: Context) -> Iterator[str]:
    """Say what was summed, and how the result moves with the border."""
    if context.muscles and "_total_" not in str(row["outcome"]):
        muscles = " or ".join(cell.replace(";", ", ") for cell in context.muscles)
        yield f"Border {' or '.join(context.borders)}; muscles {muscles}."
    moved = {
        _number(other["offset_mm"]): other
        for other in context.moved
        if all(other[key] == row[key] for key in ("outcome", "group_a", "group_b"))
        and abs(_number(other["offset_mm"])) == BORDER_SHIFT_MM
        and not is_missing(other["p"])
    }
    if len(moved) < 2:
        return
    told = [
        f"{BORDER_SHIFT_MM:.0f} mm nearer the {end}, d = {fixed(moved[mm]['cohens_d'], 2)}, p "
        f"{chance(moved[mm]['p'])}"
        for mm, end in ((-BORDER_SHIFT_MM, "heel"), (BORDER_SHIFT_MM, "toes"))
    ]
    same = all(_conclusion(other) == _conclusion(row) for other in moved.values())
    said = "the conclusion stays" if same else "THE CONCLUSION CHANGES"
    yield f"With the border {'; '.join(told)}: {said}."


def _conclusion(row: Row) -> int:
    """Give 1 or -1 where one group is larger at 0.05, else 0."""
    if _number(row["p"]) >= ALPHA:
        return 0
    return 1 if _number(row["mean_difference"]) > 0 else -1


def _interval(row: Row, name: str, decimals: int) -> str:
    return f"{fixed(row[f'{name}_low'], decimals)} to {fixed(row[f'{name}_high'], decimals)}"


def _number(value: object) -> float:
    return float(str(value))
