"""How the volumes move when the border between rearfoot and forefoot does."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd
from scipy import ndimage

from pipeline.domain.anatomy import MUSCLES, REGION_NAMES, TOTAL
from pipeline.domain.outcome_keys import OUTCOME_KEYS
from pipeline.domain.region_split import RegionSplit, fraction_behind
from pipeline.stages.compare import CompareParams, compare

OFFSETS_MM = tuple(float(mm) for mm in range(-5, 6))
"""A slice of 4 mm and a millimetre more, each way; the literature settles no border."""

SWEEP_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "offset_mm": "how far the border is moved toward the toes, in mm; 0 is where it was",
        "rearfoot_cm3": "volume of the chosen muscles on the heel side, in cm3",
        "forefoot_cm3": "volume of the chosen muscles on the toe side, in cm3",
    }
)
BORDER_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "offset_mm": "how far the border is moved toward the toes, in mm; 0 is where it was",
        "outcome": "column of volumes.tsv that is compared",
        "group_a": "reference group",
        "group_b": "other group",
        "n_a": "participants of group a",
        "n_b": "participants of group b",
        "mean_a": "mean of group a, in the unit of the outcome",
        "mean_b": "mean of group b, in the unit of the outcome",
        "mean_difference": "mean a less mean b, in the unit of the outcome",
        "ci95_low": "lower end of the 95 % confidence interval of the difference",
        "ci95_high": "upper end of the 95 % confidence interval of the difference",
        "p": "two-sided p value of the t test",
        "cohens_d": "mean difference over the pooled standard deviation",
    }
)
_MOVED = [key for key in OUTCOME_KEYS if not key.startswith(TOTAL)]


def sweep_border(
    split: RegionSplit, muscles: Sequence[str], offsets_mm: Sequence[float] = OFFSETS_MM
) -> pd.DataFrame:
    """Measure rearfoot and forefoot with the border moved along the long axis.

    Parameters
    ----------
    muscles
        Abbreviations of those that are summed.
    offsets_mm
        Toward the toes is positive.

    Returns
    -------
    pandas.DataFrame
        One row per offset, the columns of `SWEEP_COLUMNS`.

    Notes
    -----
    Every voxel that the moved plane cuts is shared out, as `RegionSplit.at` does.
    """
    frame, position_mm = split.landmarks.frame, split.landmarks.border.position_mm
    chosen = [m.index for m in MUSCLES if m.abbreviation in muscles]
    is_chosen = np.isin(split.muscles.voxels, chosen)
    cm3_per_voxel = split.muscles.grid.voxel_volume_mm3 / 1e3
    parts = ndimage.find_objects(is_chosen.astype(np.uint8))
    box = parts[0] if parts else (slice(0, 1),) * 3
    grid, is_inside = split.muscles.grid.cropped(box), is_chosen[box]
    rows: list[tuple[float, float, float]] = []
    for offset_mm in offsets_mm:
        share = fraction_behind(grid, frame, position_mm + offset_mm)[is_inside]
        behind = float(share.sum(dtype=float))
        ahead = share.size - behind
        rows.append((offset_mm, behind * cm3_per_voxel, ahead * cm3_per_voxel))
    return pd.DataFrame(rows, columns=list(SWEEP_COLUMNS))


def compare_borders(
    volumes: pd.DataFrame, sweep: pd.DataFrame, params: CompareParams
) -> pd.DataFrame:
    """Compare the groups with the border moved.

    Parameters
    ----------
    volumes
        Rows of ``volumes.tsv``.
    sweep
        Rows of `sweep_border` of all participants, with their ``participant_id``.

    Returns
    -------
    pandas.DataFrame
        A row per offset and outcome, the columns of `BORDER_COLUMNS`; at offset 0 they
        are those of the comparison itself. The totals do not move, so they are left out.
    """
    # what the table does not hold need not be worked out eleven times
    params = params.model_copy(update={"permutations": 0, "covariates": ()})
    found = [pd.DataFrame(columns=list(BORDER_COLUMNS))]
    for offset_mm in sorted(sweep["offset_mm"].unique()):
        moved = _moved(volumes, sweep[sweep["offset_mm"] == offset_mm])
        rows = compare(moved, params).assign(offset_mm=offset_mm)
        found.append(rows[rows["outcome"].isin(_MOVED)])
    return pd.concat(found[1:] or found)[list(BORDER_COLUMNS)]


def _moved(volumes: pd.DataFrame, at_offset: pd.DataFrame) -> pd.DataFrame:
    """Give the rows of ``volumes.tsv`` as they were with the border at one offset."""
    moved, places = volumes.copy(), at_offset.set_index("participant_id")
    mass_kg = pd.to_numeric(volumes["body_mass_kg"])
    length_mm = pd.to_numeric(volumes["foot_length_mm"])
    for region in REGION_NAMES.values():
        cm3 = volumes["participant_id"].map(places[f"{region}_cm3"]).astype(float)
        moved[f"{region}_cm3"], moved[f"{region}_mm3_per_kg"] = cm3, 1000 * cm3 / mass_kg
        moved[f"{region}_mm3_per_mm"] = 1000 * cm3 / length_mm
    return moved
