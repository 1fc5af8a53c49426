"""HTML pages, self-contained and the same for the same input."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from pipeline.domain.cautions import Caution
from pipeline.domain.table import MeasurementTable


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
    row: Mapping[str, object],
    table: MeasurementTable | None,
    cautions: Sequence[Caution],
    overlay_png: bytes | None,
    provenance: Mapping[str, str],
) -> str:
    """Give the page of one participant as HTML."""
    raise NotImplementedError


def report(
    volumes: pd.DataFrame,
    statistics: pd.DataFrame,
    overlays: Mapping[str, bytes],
    cautions: Mapping[str, Sequence[Caution]],
    facts: ReportFacts,
) -> str:
    """Give the page of the whole study as HTML; the mappings are by participant_id."""
    raise NotImplementedError
