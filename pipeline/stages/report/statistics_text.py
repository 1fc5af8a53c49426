"""The statistics as Markdown and LaTeX."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

import pandas as pd

from pipeline.domain.comparison import BorderComparison, Comparison, Interval, Sample
from pipeline.domain.dependent_scans import why_not_compared
from pipeline.domain.outcomes import Quantity
from pipeline.stages.report.finding import finding
from pipeline.stages.report.formatting import fixed, interval, is_missing, p_value
from pipeline.stages.report.outcome_labels import label_of
from pipeline.stages.report.page_parts import with_name
from pipeline.stages.report.render import render
from pipeline.stages.report.sentences import Context, explanation, verdict

# An underscore within a word is not markup.
_MARKDOWN = re.compile(r"[\\`*\[\]<>|~#&$]|(?<![^\W_])_|_(?![^\W_])")
# Characters that pandas does not escape; without T1 fonts, <, > and | are typeset as others.
_LATEX = {
    "\N{MINUS SIGN}": "-",
    "±": r"$\pm$",
    "³": "$^3$",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}


def context_of(
    volumes: pd.DataFrame,
    statistics: Sequence[Comparison],
    main: Quantity,
    moved: Sequence[BorderComparison] = (),
) -> Context:
    """Gather what all outcomes have in common.

    Parameters
    ----------
    volumes
        Rows of ``volumes.tsv``.
    main
        As in `Context`.
    moved
        The comparisons with the border moved.
    """
    measured = volumes[volumes["status"] == "ok"]
    tested = [comparison for comparison in statistics if comparison.tests]
    muscle_tests = sum(comparison.outcome.is_muscle for comparison in tested)
    return Context(
        main=main,
        borders=_distinct(measured["border"]),
        muscles=_distinct(measured["muscles"]),
        region_tests=len(tested) - muscle_tests,
        muscle_tests=muscle_tests,
        moved=moved,
        left_out=_left_out(volumes),
        why_not_compared=why_not_compared(volumes.to_dict("records")),
    )


def paragraphs(
    statistics: Iterable[Comparison], context: Context
) -> dict[str, list[tuple[str, str]]]:
    """Give verdict and explanation of every comparison of regions, the main family first."""
    by_family: dict[str, list[tuple[str, str]]] = {context.main.family: []}
    for comparison in statistics:
        if not comparison.outcome.is_muscle:
            paragraph = verdict(comparison), explanation(comparison, context)
            by_family.setdefault(comparison.outcome.family, []).append(paragraph)
    return {family: texts for family, texts in by_family.items() if texts}


def markdown(statistics: Sequence[Comparison], context: Context) -> str:
    """Give ``statistics.md``: paragraphs, then tables; group names are never markup."""
    statistics = [_escaped(comparison) for comparison in statistics]
    moved = [replace(m, comparison=_escaped(m.comparison)) for m in context.moved]
    left_out = [(_escape(who), _escape(why)) for who, why in context.left_out]
    context = replace(context, moved=moved, left_out=left_out)
    return render(
        "statistics.md.j2",
        is_compared=any(comparison.has_two_groups for comparison in statistics),
        finding=finding(statistics, context.main),
        paragraphs=paragraphs(statistics, context),
        muscles=[cell.replace(";", ", ") for cell in context.muscles],
        tables={
            family: [table_row(comparison) for comparison in members]
            for family, members in groupby(statistics, lambda c: c.outcome.family)
        },
        context=context,
        notes=[(c.outcome.column, "; ".join(c.notes)) for c in statistics if c.notes],
    )


def latex(statistics: Iterable[Comparison]) -> str:
    """Give ``statistics.tex``: the regions as a table for the booktabs package."""
    rows = pd.DataFrame([table_row(c) for c in statistics if not c.outcome.is_muscle])
    table = (
        rows.style.hide(axis="index")
        .format(escape="latex")
        .format_index(escape="latex", axis="columns")
    )
    text = table.to_latex(hrules=True, column_format="ll" + "r" * (rows.shape[1] - 2))
    for plain, typeset in _LATEX.items():
        text = text.replace(plain, typeset)
    return f"% Needs \\usepackage{{booktabs}}. Made by footvol.\n{text}"


def table_row(comparison: Comparison) -> dict[str, str]:
    """Give the formatted cells of one comparison, by column heading."""
    label = label_of(comparison.outcome)
    samples = (comparison.a, comparison.b)
    ci95 = comparison.tests.mean.ci95 if comparison.tests else None
    effect = comparison.tests.effect if comparison.tests else None
    return {
        "outcome": f"{label.name}, {label.unit}",
        "groups": " minus ".join(sample.group for sample in samples if sample.group),
        "n": ", ".join(str(sample.n) for sample in samples),
        "mean ± SD": " / ".join(
            f"{fixed(sample.mean, label.decimals)} ± {fixed(sample.sd, label.decimals)}"
            for sample in samples
        ),
        "difference (95 % CI)": _estimate(comparison.mean_difference, ci95, label.decimals),
        "p": p_value(comparison.p),
        "p, Holm": p_value(comparison.p_holm),
        "d (95 % CI)": _estimate(effect.cohens_d, effect.cohens_d_ci95, 2) if effect else "n/a",
        "g": fixed(effect.hedges_g if effect else None, 2),
    }


def _escaped(comparison: Comparison) -> Comparison:
    """Escape the words of users that Markdown would take for markup."""
    adjustment = comparison.adjustment
    return replace(
        comparison,
        a=_escaped_group(comparison.a),
        b=_escaped_group(comparison.b),
        adjustment=adjustment
        and replace(adjustment, covariates=tuple(map(_escape, adjustment.covariates))),
        notes=tuple(map(_escape, comparison.notes)),
    )


def _escaped_group(sample: Sample) -> Sample:
    return replace(sample, group=sample.group and _escape(sample.group))


def _escape(text: str) -> str:
    return _MARKDOWN.sub(r"\\\g<0>", text)


def _left_out(volumes: pd.DataFrame) -> list[tuple[str, str]]:
    """Give scan and reason of every row that was not measured or is excluded."""
    rows = map(with_name, volumes[volumes["status"] != "ok"].to_dict("records"))
    return [
        (str(row["name"]), f"{row['status']}: {row['reason']}")
        for row in rows
        if not is_missing(row.get("reason"))
    ]


def _estimate(value: float | None, ci95: Interval | None, decimals: int) -> str:
    if value is None:
        return "n/a"
    return f"{fixed(value, decimals)} ({interval(ci95, decimals)})"


def _distinct(cells: Iterable[object]) -> tuple[str, ...]:
    return tuple(sorted({str(cell) for cell in cells if not is_missing(cell)}))
