"""The result of the main family in one sentence."""

from collections.abc import Iterable, Sequence

from pipeline.domain.comparison import Comparison
from pipeline.domain.outcomes import Quantity
from pipeline.stages.report.formatting import fixed, p_equals
from pipeline.stages.report.outcome_labels import QUANTITY_NAMES
from pipeline.stages.report.sentences import ALPHA

_MOST_LISTED = 3
_CORRECTED = "p after Holm's correction"


def finding(statistics: Sequence[Comparison], main: Quantity) -> str:
    """Say in one sentence what the comparison of the regions found.

    Parameters
    ----------
    main
        Form of the volumes in the main family.

    Returns
    -------
    str
        Empty where nobody was measured in a second group.
    """
    family = [c for c in statistics if c.outcome.quantity is main and not c.outcome.is_muscle]
    if not any(c.has_two_groups for c in statistics):
        return ""
    tested = [c for c in family if c.tests]
    if not tested:
        reasons = "; ".join(dict.fromkeys(note for c in family for note in c.notes))
        return f"The {QUANTITY_NAMES[main]} could not be tested: {reasons or 'it is unknown'}."
    pairs = dict.fromkeys(c.groups for c in tested)
    return _of_two_groups(tested, main) if len(pairs) == 1 else _of_many(tested, main)


def _of_two_groups(tested: Sequence[Comparison], main: Quantity) -> str:
    a, b = tested[0].groups
    what = QUANTITY_NAMES[main]
    significant = [c for c in tested if _is_significant(c)]
    others = [c for c in tested if not _is_significant(c)]
    if not significant:
        return (
            f"The {what} does not differ significantly between {a} and {b}, which is not "
            f"evidence that there is no difference ({_listed(tested)}; {_CORRECTED})."
        )
    parts = []
    for larger, smaller, sign in ((a, b, 1), (b, a, -1)):
        of_sign = [c for c in significant if (c.mean_difference or 0) * sign > 0]
        if of_sign:
            names = _and(c.outcome.structure for c in of_sign)
            parts.append(
                f"larger in {larger} than in {smaller} in {names} ({_listed(of_sign)})"
            )
    if others:
        names = _and(c.outcome.structure for c in others)
        parts.append(f"not significantly different in {names} ({_listed(others)})")
    return f"The {what} is {', and '.join(parts)}; {_CORRECTED}."


def _of_many(tested: Sequence[Comparison], main: Quantity) -> str:
    significant = sorted((c for c in tested if _is_significant(c)), key=lambda c: c.p_holm or 0)
    said = (
        f"Of {len(tested)} comparisons of the {QUANTITY_NAMES[main]} between two groups, "
        f"{len(significant)} {'is' if len(significant) == 1 else 'are'} significant after "
        "correction"
    )
    if not significant:
        return f"{said}, which is not evidence that there is no difference."
    listed = [
        f"{c.outcome.structure}, {c.a.group} minus {c.b.group} ({_listed([c], named=False)})"
        for c in significant[:_MOST_LISTED]
    ]
    more = len(significant) - len(listed)
    return f"{said}: {'; '.join(listed)}{f'; and {more} more' if more else ''}."


def _is_significant(comparison: Comparison) -> bool:
    return comparison.p_holm is not None and comparison.p_holm < ALPHA


def _listed(comparisons: Iterable[Comparison], *, named: bool = True) -> str:
    """Give Cohen's d and the corrected p of each comparison."""
    return "; ".join(
        f"{f'{c.outcome.structure} ' if named else ''}"
        f"d = {fixed(c.tests.effect.cohens_d if c.tests else None, 2)}, "
        f"p {p_equals(c.p_holm)}"
        for c in comparisons
    )


def _and(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
