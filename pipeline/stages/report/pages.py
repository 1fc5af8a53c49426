"""Self-contained HTML pages; the same input gives the same page."""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from pipeline.domain.anatomy import MUSCLES
from pipeline.domain.cautions import Caution
from pipeline.domain.comparison import BorderComparison, Comparison
from pipeline.domain.measurement_table import Measurement, MeasurementTable
from pipeline.stages.report.formatting import is_missing
from pipeline.stages.report.outcome_labels import SHOWN, label_of
from pipeline.stages.report.render import render
from pipeline.stages.report.statistics_text import context_of, paragraphs, table_row

Row = Mapping[str, object]

PLOTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "groups": (
            "All participants",
            "Each mark is one participant; the bar is the mean with its 95 % confidence "
            "interval. The lowest and the highest value of each group are labelled. Values: "
            "volumes.tsv, statistics.tsv.",
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
"""Title and caption by name, in the order of the page."""
NO_PLOTS: Mapping[str, bytes] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """Provenance of the numbers of a page.

    Parameters
    ----------
    settings_toml
        The resolved settings, as text.
    """

    footvol_version: str
    run_id: str
    settings_toml: str


def participant_page(
    row: Row,
    table: MeasurementTable | None,
    cautions: Sequence[Caution],
    overlay_png: bytes | None,
    provenance: Mapping[str, str],
) -> str:
    """Give the page of one participant as HTML.

    Parameters
    ----------
    row
        The participant's row of ``volumes.tsv``.
    table
        None where nothing was measured.
    provenance
        Values by name, as they are shown.
    """
    return render(
        "participant.html.j2",
        row=row,
        muscles=[] if table is None else _by_muscle(table),
        cautions=_explained(row, cautions),
        picture=_data_url(overlay_png),
        provenance=provenance,
    )


def report(
    volumes: pd.DataFrame,
    statistics: Sequence[Comparison],
    overlays: Mapping[str, bytes],
    cautions: Mapping[str, Sequence[Caution]],
    facts: ReportFacts,
    plots: Mapping[str, bytes] = NO_PLOTS,
    moved: Sequence[BorderComparison] = (),
) -> str:
    """Give the page of the whole study as HTML.

    Parameters
    ----------
    volumes
        Rows of ``volumes.tsv``.
    statistics
        Empty where no groups were compared.
    overlays, cautions
        By ``participant_id``.
    plots
        SVG by the names of `PLOTS`.
    moved
        The comparisons with the border moved.
    """
    measured = volumes[volumes["status"] == "ok"]
    rows = [{str(k): v for k, v in row.items()} for row in volumes.to_dict("records")]
    context = context_of(volumes, statistics, moved)
    regions = [comparison for comparison in statistics if not comparison.outcome.is_muscle]
    return render(
        "report.html.j2",
        rows=rows,
        measured_count=len(measured),
        facts=facts,
        borders=_distinct(measured["border"]),
        sides=_distinct(measured["side"]),
        segmenters=_distinct(measured["segmenter"]),
        muscles=[_full_names(cell) for cell in _distinct(measured["muscles"])],
        sensitivities=pd.to_numeric(measured["border_sensitivity_cm3_per_mm"])
        .dropna()
        .tolist(),
        statistics=[(comparison, label_of(comparison.outcome)) for comparison in regions],
        muscle_statistics=[table_row(c) for c in statistics if c.outcome.is_muscle],
        paragraphs=paragraphs(statistics, context),
        context=context,
        shown=[(outcome, label_of(outcome)) for outcome in SHOWN],
        plots=[
            {"title": title, "caption": caption, "picture": _data_url(plots[name], "svg+xml")}
            for name, (title, caption) in PLOTS.items()
            if name in plots
        ],
        cautions={
            str(row["participant_id"]): _explained(
                row, cautions.get(str(row["participant_id"]), ())
            )
            for row in rows
        },
        pictures={name: _data_url(png) for name, png in overlays.items()},
    )


def _distinct(cells: Iterable[object]) -> list[str]:
    """Give the cells that are not empty, each once, sorted."""
    return sorted({str(cell) for cell in cells if not is_missing(cell)})


def _full_names(cell: str) -> str:
    """Give the names of muscles whose abbreviations are separated by semicolons."""
    names = {muscle.abbreviation: muscle.name for muscle in MUSCLES}
    return ", ".join(names.get(key, key) for key in cell.split(";"))


def _explained(row: Row, cautions: Sequence[Caution]) -> list[tuple[str, str]]:
    """Give each caution of a row as code and message; the message is empty if unknown."""
    explained = [(caution.code, caution.message) for caution in cautions]
    codes = [] if is_missing(row["cautions"]) else str(row["cautions"]).split(";")
    return explained + [(code, "") for code in codes if code not in dict(explained)]


def _by_muscle(table: MeasurementTable) -> list[dict[str, object]]:
    """Give one row per muscle, in the order of the labels."""
    regions: dict[str, dict[str, Measurement]] = {}
    for row in table.rows:
        regions.setdefault(row.muscle, {})[row.region] = row
    return [
        {
            "abbreviation": name,
            "name": _full_names(name),
            "in_total": name in table.muscles,
            "cm3": {region: _cm3(row.volume_mm3) for region, row in rows.items()},
            "contractile_cm3": _cm3(rows["total"].contractile_mm3),
            "whole": rows["total"],
        }
        for name, rows in regions.items()
    ]


def _cm3(mm3: float | None) -> float | None:
    """Convert mm3 to cm3; None stays None."""
    return None if mm3 is None else mm3 / 1000


def _data_url(picture: bytes | None, kind: str = "png") -> str | None:
    """Encode a picture as a data URL."""
    if picture is None:
        return None
    return f"data:image/{kind};base64,{b64encode(picture).decode('ascii')}"
