"""HTML pages, self-contained and the same for the same input."""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from pipeline.domain.anatomy import MUSCLES
from pipeline.domain.cautions import Caution
from pipeline.domain.measurement_table import Measurement, MeasurementTable
from pipeline.stages.report.outcome_labels import NAMES, SHOWN
from pipeline.stages.report.render import render
from pipeline.stages.report.sentences import Row, is_missing
from pipeline.stages.report.statistics_text import context_of, paragraphs, printed_row, records

PLOTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "groups": (
            "Every participant",
            "Dots, not bars: a mean says nothing of who is behind it. The lowest and the "
            "highest of each group are named. Numbers: volumes.tsv, statistics.tsv.",
        ),
        "effects": (
            "Which muscles differ",
            "An interval that crosses 0 leaves it open which group has more. With so many "
            "muscles some stand out by chance: read the p after Holm's correction. Numbers: "
            "statistics.tsv.",
        ),
        "border": (
            "If the border were elsewhere",
            "Studies do not agree on the border between rearfoot and forefoot: here it is "
            "moved by 5 mm either way. A conclusion that hangs on a millimetre is none. Thin "
            "lines are participants, the band is the 95 % interval of the difference. "
            "Numbers: border_sweep.tsv, border_statistics.tsv.",
        ),
    }
)
"""Title and caption by name, in the order of the page."""
NO_PLOTS: Mapping[str, bytes] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """How the numbers of a page were made.

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
        Words to values, as they are shown.
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
    statistics: pd.DataFrame,
    overlays: Mapping[str, bytes],
    cautions: Mapping[str, Sequence[Caution]],
    facts: ReportFacts,
    plots: Mapping[str, bytes] = NO_PLOTS,
    moved: pd.DataFrame | None = None,
) -> str:
    """Give the page of the whole study as HTML.

    Parameters
    ----------
    volumes
        Rows of ``volumes.tsv``.
    statistics
        Rows of ``statistics.tsv``; none where no groups were compared.
    overlays, cautions
        By ``participant_id``.
    plots
        SVG by name, as `PLOTS` has them.
    moved
        Rows of ``border_statistics.tsv``, where there are any.
    """
    measured = volumes[volumes["status"] == "ok"]
    rows = records(volumes)
    context = context_of(volumes, statistics, moved)
    is_muscle = statistics["family"].str.startswith("muscles")
    return render(
        "report.html.j2",
        rows=rows,
        measured_count=len(measured),
        facts=facts,
        borders=_distinct(measured["border"]),
        sides=_distinct(measured["side"]),
        segmenters=_distinct(measured["segmenter"]),
        muscles=[_spelt_out(cell) for cell in _distinct(measured["muscles"])],
        sensitivities=pd.to_numeric(measured["border_sensitivity_cm3_per_mm"])
        .dropna()
        .tolist(),
        statistics=records(statistics[~is_muscle]),
        muscle_statistics=[printed_row(row) for row in records(statistics[is_muscle])],
        paragraphs=paragraphs(statistics, context),
        context=context,
        names=NAMES,
        shown=SHOWN,
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


def _spelt_out(cell: str) -> str:
    """Give the names behind abbreviations parted by semicolons."""
    names = {muscle.abbreviation: muscle.name for muscle in MUSCLES}
    return ", ".join(names.get(part, part) for part in cell.split(";"))


def _explained(row: Row, cautions: Sequence[Caution]) -> list[tuple[str, str]]:
    """Give each caution of a row as its name and its sentence, where there is one."""
    told = [(caution.code, caution.message) for caution in cautions]
    codes = [] if is_missing(row["cautions"]) else str(row["cautions"]).split(";")
    return told + [(code, "") for code in codes if code not in dict(told)]


def _by_muscle(table: MeasurementTable) -> list[dict[str, object]]:
    """Give one row per muscle, in the order of the labels."""
    regions: dict[str, dict[str, Measurement]] = {}
    for row in table.rows:
        regions.setdefault(row.muscle, {})[row.region] = row
    return [
        {
            "abbreviation": name,
            "name": _spelt_out(name),
            "in_total": name in table.muscles,
            "cm3": {region: _cm3(row.volume_mm3) for region, row in parts.items()},
            "contractile_cm3": _cm3(parts["total"].contractile_mm3),
            "whole": parts["total"],
        }
        for name, parts in regions.items()
    ]


def _cm3(mm3: float | None) -> float | None:
    """Turn mm3 into cm3; unknown stays unknown."""
    return None if mm3 is None else mm3 / 1000


def _data_url(picture: bytes | None, kind: str = "png") -> str | None:
    """Give a picture as text that a page can hold."""
    if picture is None:
        return None
    return f"data:image/{kind};base64,{b64encode(picture).decode('ascii')}"
