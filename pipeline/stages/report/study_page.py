"""The page of the whole study; the same input gives the same page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from pipeline.domain.cautions import Caution
from pipeline.domain.comparison import BorderComparison, Comparison
from pipeline.domain.outcomes import REGION_OUTCOMES, Outcome, Quantity
from pipeline.stages.report.doubt import codes_in, doubts, worst_first
from pipeline.stages.report.finding import finding
from pipeline.stages.report.methods_text import ReportFacts, Sample, full_names, methods_text
from pipeline.stages.report.outcome_labels import label_of
from pipeline.stages.report.page_parts import data_url, distinct, shown_cautions, with_name
from pipeline.stages.report.render import render
from pipeline.stages.report.sentences import Context
from pipeline.stages.report.statistics_text import context_of, paragraphs, table_row

PLOTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "main": (
            "All participants",
            "The lowest and the highest value of each group are labelled; p is that of the "
            "test of means, before correction. Values: volumes.tsv, statistics.tsv.",
        ),
        "groups": (
            "All participants, absolute and per body mass",
            "As the plot above. Values: volumes.tsv, statistics.tsv.",
        ),
        "effects": (
            "Effect sizes of regions and muscles",
            "An interval that includes 0 is compatible with no difference. With this many "
            "muscles, some differences are expected by chance: use p after Holm's "
            "correction. Values: statistics.tsv.",
        ),
        "border": (
            "Sensitivity to the border",
            "Studies do not agree on the border between rearfoot and forefoot; here it is "
            "moved by up to 5 mm either way. A conclusion that changes within this range "
            "depends on the choice of border. Thin lines are participants, the band is the "
            "95 % confidence interval of the difference. Values: border_sweep.tsv, "
            "border_statistics.tsv.",
        ),
    }
)
"""Title and caption by name."""
_REFUSED = "failed"


@dataclass(frozen=True, slots=True)
class Study:
    """What the page of a study shows.

    Parameters
    ----------
    volumes
        Rows of ``volumes.tsv``.
    statistics
        Comparisons in all outcomes; shown only where two groups have members.
    main
        Form of the volumes in the family that the settings name.
    thumbnails
        JPEG by the names of the scans.
    cautions
        By the names of the scans.
    plots
        SVG by the names of `PLOTS`.
    moved
        The comparisons with the border moved.
    """

    volumes: pd.DataFrame
    statistics: Sequence[Comparison]
    main: Quantity
    thumbnails: Mapping[str, bytes]
    cautions: Mapping[str, Sequence[Caution]]
    plots: Mapping[str, bytes]
    moved: Sequence[BorderComparison] = ()


def report(study: Study, facts: ReportFacts) -> str:
    """Give the page of the whole study as HTML."""
    volumes = study.volumes
    is_compared = any(comparison.has_two_groups for comparison in study.statistics)
    statistics = study.statistics if is_compared else ()
    rows = [with_name(row) for row in volumes.to_dict("records")]
    context = context_of(volumes, statistics, study.main, study.moved)
    cautions = {
        str(row["name"]): shown_cautions(row, study.cautions.get(str(row["name"]), ()))
        for row in rows
    }
    measured = volumes[volumes["status"] == "ok"]
    return render(
        "report.html.j2",
        rows=sorted(rows, key=lambda row: row["status"] != _REFUSED),
        counts=_counts(volumes),
        has=_known_columns(volumes),
        facts=facts,
        finding=finding(statistics, study.main),
        context=context,
        borders=distinct(measured["border"]),
        sides=distinct(measured["side"]),
        muscles=[full_names(cell) for cell in distinct(measured["muscles"])],
        shown=[(outcome, label_of(outcome)) for outcome in _shown(study)],
        families=_families(statistics, context),
        muscle_statistics=[table_row(c) for c in statistics if c.outcome.is_muscle],
        plots={
            name: {
                "title": title,
                "caption": caption,
                "url": data_url(study.plots[name], "svg"),
            }
            for name, (title, caption) in PLOTS.items()
            if name in study.plots
        },
        cautions=cautions,
        feet=_feet(study, rows, cautions),
        methods=methods_text(facts, _sample(volumes), statistics),
    )


def _counts(volumes: pd.DataFrame) -> dict[str, int]:
    """Count participants by what became of them; the doubted are among the measured."""
    status, codes = volumes["status"], volumes["cautions"].map(codes_in)
    is_ok = status == "ok"
    counts = {
        "participants": len(volumes),
        "measured": int(is_ok.sum()),
        "doubted": sum(bool(doubts(cell)) for cell in codes[is_ok]),
        "refused": int((status == _REFUSED).sum()),
    }
    others = {str(name): int(n) for name, n in status.value_counts().items()}
    return counts | {k: n for k, n in sorted(others.items()) if k not in {"ok", _REFUSED}}


def _known_columns(volumes: pd.DataFrame) -> dict[str, bool]:
    """Say of each column whether anybody has a value."""
    return {str(name): bool(known) for name, known in volumes.notna().any().items()}


def _shown(study: Study) -> list[Outcome]:
    """Give the outcomes in the table: absolute, and in the main form if anybody has a value."""
    relative = Quantity.PER_BODY_MASS if study.main is Quantity.VOLUME else study.main
    known = _known_columns(study.volumes)
    return [
        outcome
        for outcome in REGION_OUTCOMES
        if outcome.is_absolute or (outcome.quantity is relative and known[outcome.column])
    ]


def _families(statistics: Sequence[Comparison], context: Context) -> list[dict[str, object]]:
    """Give the families of regions in words and numbers, the main one first."""
    texts = paragraphs(statistics, context)
    return [
        {
            "name": family,
            "is_main": family == context.main.family,
            "paragraphs": texts[family],
            "comparisons": [
                (comparison, label_of(comparison.outcome))
                for comparison in statistics
                if comparison.outcome.family == family
            ],
        }
        for family in texts
    ]


def _feet(
    study: Study, rows: Sequence[Mapping[str, object]], cautions: Mapping[str, Sequence[object]]
) -> list[dict[str, object]]:
    """Give the tiles of the grid, worst first."""
    by_name = {str(row["name"]): row for row in rows}
    return [
        {
            "row": by_name[name],
            "cautions": cautions[name],
            "url": data_url(study.thumbnails[name], "jpg"),
        }
        for name in worst_first(study.volumes)
        if name in study.thumbnails
    ]


def _sample(volumes: pd.DataFrame) -> Sample:
    measured = volumes[volumes["status"] == "ok"]
    sensitivities = pd.to_numeric(measured["border_sensitivity_cm3_per_mm"]).dropna()
    return Sample(
        measured=len(measured),
        total=len(volumes),
        people=volumes["participant_id"].nunique(),
        segmenters=distinct(measured["segmenter"]),
        muscles=distinct(measured["muscles"]),
        sensitivities=[float(value) for value in sensitivities],
    )
