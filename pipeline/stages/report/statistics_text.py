"""The statistics as a paper prints them: Markdown and LaTeX."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pandas as pd

from pipeline.stages.report.outcome_labels import named
from pipeline.stages.report.render import render
from pipeline.stages.report.sentences import (
    Context,
    Row,
    chance,
    explanation,
    fixed,
    is_missing,
    verdict,
)

# What users wrote: names of groups and columns, and the notes that hold them.
_USERS_WORDS = ("group_a", "group_b", "covariates", "note")
# An underscore within a word is none of Markdown's marks.
_MARKDOWN = re.compile(r"[\\`*\[\]<>|~#&$]|(?<![^\W_])_|_(?![^\W_])")
# What pandas leaves as it is; without T1 fonts, < and | are printed as other signs.
_LATEX = {
    "\N{MINUS SIGN}": "-",
    "±": r"$\pm$",
    "³": "$^3$",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}


def context_of(
    volumes: pd.DataFrame, statistics: pd.DataFrame, moved: pd.DataFrame | None = None
) -> Context:
    """Gather what holds for all outcomes.

    Parameters
    ----------
    volumes
        Rows of ``volumes.tsv``.
    statistics
        Rows of ``statistics.tsv``.
    moved
        Rows of ``border_statistics.tsv``, where there are any.
    """
    measured = volumes[volumes["status"] == "ok"]
    tested = statistics.dropna(subset="p")
    is_muscle = tested["family"].str.startswith("muscles")
    return Context(
        borders=_distinct(measured["border"]),
        muscles=_distinct(measured["muscles"]),
        region_tests=int((~is_muscle).sum()),
        muscle_tests=int(is_muscle.sum()),
        moved=[] if moved is None else records(moved),
    )


def records(frame: pd.DataFrame) -> list[Row]:
    """Give the rows of a table as mappings."""
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


def paragraphs(statistics: pd.DataFrame, context: Context) -> dict[str, list[tuple[str, str]]]:
    """Give verdict and explanation of every row of the regions, by family."""
    found: dict[str, list[tuple[str, str]]] = {}
    for row in records(statistics):
        family = str(row["family"])
        if not family.startswith("muscles"):
            found.setdefault(family, []).append((verdict(row), explanation(row, context)))
    return found


def markdown(statistics: pd.DataFrame, context: Context) -> str:
    """Give ``statistics.md``: paragraphs, then tables; names of groups are never markup."""
    statistics = _escaped(statistics)
    context = replace(context, moved=records(_escaped(pd.DataFrame([*context.moved]))))
    tables = {
        str(family): [*map(printed_row, records(rows))]
        for family, rows in statistics.groupby("family", sort=False)
    }
    return render(
        "statistics.md.j2",
        paragraphs=paragraphs(statistics, context),
        tables=tables,
        context=context,
        notes=_notes(records(statistics)),
    )


def latex(statistics: pd.DataFrame) -> str:
    """Give ``statistics.tex``: the regions as a table for the booktabs package."""
    is_muscle = statistics["family"].str.startswith("muscles")
    rows = pd.DataFrame([printed_row(row) for row in records(statistics[~is_muscle])])
    table = (
        rows.style.hide(axis="index")
        .format(escape="latex")
        .format_index(escape="latex", axis="columns")
    )
    written = table.to_latex(hrules=True, column_format="ll" + "r" * (rows.shape[1] - 2))
    for plain, typeset in _LATEX.items():
        written = written.replace(plain, typeset)
    return f"% Needs \\usepackage{{booktabs}}. Made by footvol.\n{written}"


def printed_row(row: Row) -> dict[str, str]:
    """Give the cells of one row as they are printed."""
    name, unit, decimals = named(str(row["outcome"]))
    return {
        "outcome": f"{name}, {unit}",
        "groups": " - ".join(
            str(row[key]) for key in ("group_a", "group_b") if not is_missing(row[key])
        ),
        "n": f"{row['n_a']}, {row['n_b']}",
        "mean ± SD": " / ".join(
            f"{fixed(row[f'mean_{side}'], decimals)} ± {fixed(row[f'sd_{side}'], decimals)}"
            for side in "ab"
        ),
        "difference (95 % CI)": _estimate(row, "mean_difference", "ci95", decimals),
        "p": chance(row["p"]).removeprefix("= "),
        "p, Holm": chance(row["p_holm"]).removeprefix("= "),
        "d (95 % CI)": _estimate(row, "cohens_d", "cohens_d_ci95", 2),
        "g": fixed(row["hedges_g"], 2),
    }


def _escaped(table: pd.DataFrame) -> pd.DataFrame:
    """Put a backslash before every sign in users' words that Markdown would take for markup."""
    written = [name for name in _USERS_WORDS if name in table]
    return table.assign(
        **{
            name: table[name].map(lambda cell: _MARKDOWN.sub(r"\\\g<0>", str(cell)), "ignore")
            for name in written
        }
    )


def _estimate(row: Row, name: str, interval: str, decimals: int) -> str:
    if is_missing(row[name]):
        return "n/a"
    estimate = fixed(row[name], decimals)
    low, high = (fixed(row[f"{interval}_{end}"], decimals) for end in ("low", "high"))
    return f"{estimate} ({low} to {high})"


def _notes(rows: Iterable[Row]) -> Sequence[tuple[str, str]]:
    """Give what is told of rows, each with its outcome."""
    return [(str(r["outcome"]), str(r["note"])) for r in rows if not is_missing(r["note"])]


def _distinct(cells: Iterable[object]) -> tuple[str, ...]:
    return tuple(sorted({str(cell) for cell in cells if not is_missing(cell)}))
