"""The check of the design before anything is measured; it needs no statistics."""

import pandas as pd

from pipeline.errors import ConfigError
from pipeline.settings.compare import CompareParams
from pipeline.stages.compare.design import read_design


def check_design(volumes: pd.DataFrame, params: CompareParams) -> None:
    """Check the settings that do not depend on what is measured.

    Parameters
    ----------
    volumes
        Rows of ``volumes.tsv`` with further columns, as for `compare`; the volumes
        themselves may be missing.

    Raises
    ------
    ConfigError
        If the settings name a column, reference, pair or covariate that does not fit.
    """
    design = read_design(volumes, params)
    if design.pairs is not None:
        complete_pairs(pd.Series(0.0, design.groups.index), design.groups, design.pairs)


def complete_pairs(
    values: "pd.Series[float]", groups: "pd.Series[str]", pairs: "pd.Series[str]"
) -> pd.DataFrame:
    """Give one row per pair that has a value in both groups, one column per group.

    Raises
    ------
    ConfigError
        If a pair has more than one participant in a group.
    """
    table = pd.DataFrame({"value": values, "group": groups, "pair": pairs}).dropna()
    twice = table[table.duplicated(["group", "pair"])]
    if len(twice):
        pair, group = twice[["pair", "group"]].iloc[0]
        msg = (
            "Each pair must have one participant in each group: got pair "
            f"{str(pair)!r} with more than one in {str(group)!r}. Correct the pairs."
        )
        raise ConfigError(msg)
    return table.pivot_table(index="pair", columns="group", values="value").dropna()
