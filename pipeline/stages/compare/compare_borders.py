"""The comparison with the border between rearfoot and forefoot moved."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import pandas as pd

from pipeline.domain.anatomy import REGION_NAMES
from pipeline.domain.comparison import BorderComparison
from pipeline.settings.compare import CompareParams
from pipeline.stages.compare.groups import compare
from pipeline.stages.compare.statistics_table import STATISTICS_COLUMNS, statistics_row

_REPEATED = (
    *("group_a", "group_b", "n_a", "n_b", "mean_a", "mean_b", "mean_difference"),
    *("ci95_low", "ci95_high"),
)
BORDER_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "offset_mm": "offset of the border toward the toes, in mm; 0 is the measured border",
        "outcome": "column of volumes.tsv that is compared",
        **{name: STATISTICS_COLUMNS[name] for name in _REPEATED},
        "p": "two-sided p value of the t test",
        "cohens_d": "mean difference over the pooled standard deviation",
    }
)
"""Columns of ``border_statistics.tsv`` and what they mean."""


def compare_borders(
    volumes: pd.DataFrame, sweep: pd.DataFrame, params: CompareParams
) -> tuple[BorderComparison, ...]:
    """Compare the groups at each offset of the border.

    Parameters
    ----------
    volumes
        Rows of ``volumes.tsv``.
    sweep
        Rows of ``border_sweep.tsv``: volumes at each offset, by ``participant_id``.

    Returns
    -------
    tuple of BorderComparison
        One per offset, outcome and pair of groups; those at offset 0 equal the comparison
        itself. The totals do not depend on the border and are left out.
    """
    # results that the table does not have are not calculated for every offset
    params = params.model_copy(update={"permutations": 0, "covariates": ()})
    intervals = [name for name in volumes if "_ci95_" in str(name)]
    volumes = volumes.drop(columns=intervals)
    return tuple(
        BorderComparison(float(offset_mm), comparison)
        for offset_mm in sorted(sweep["offset_mm"].unique())
        for comparison in compare(_moved(volumes, sweep, offset_mm), params)
        if comparison.outcome.structure in REGION_NAMES.values()
    )


def border_table(comparisons: Iterable[BorderComparison]) -> pd.DataFrame:
    """Give ``border_statistics.tsv``: a row per comparison, the columns of `BORDER_COLUMNS`."""
    rows = [{"offset_mm": c.offset_mm, **statistics_row(c.comparison)} for c in comparisons]
    return pd.DataFrame(rows, columns=list(BORDER_COLUMNS))


def _moved(volumes: pd.DataFrame, sweep: pd.DataFrame, offset_mm: float) -> pd.DataFrame:
    """Give the rows of ``volumes.tsv`` as they would be with the border at an offset."""
    at_offset = sweep[sweep["offset_mm"] == offset_mm].set_index("participant_id")
    moved = volumes.copy()
    mass_kg = pd.to_numeric(volumes["body_mass_kg"])
    length_mm = pd.to_numeric(volumes["foot_length_mm"])
    for region in REGION_NAMES.values():
        cm3 = volumes["participant_id"].map(at_offset[f"{region}_cm3"]).astype(float)
        moved[f"{region}_cm3"], moved[f"{region}_mm3_per_kg"] = cm3, 1000 * cm3 / mass_kg
        moved[f"{region}_mm3_per_mm"] = 1000 * cm3 / length_mm
    return moved
