"""Who is compared with whom: the rows of the table that count, and their groups."""

import math
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.domain.participant import number_in
from pipeline.errors import ArtefactError, ConfigError, listed
from pipeline.stages.compare.compare_params import CompareParams
from pipeline.stages.compare.outcomes import Outcome
from pipeline.stages.compare.volume_row import OK

MOST_GROUPS = 10
"""Ten make 45 pairs of groups, each a row of every outcome; forty would make 780."""


@dataclass(frozen=True, slots=True)
class Study:
    """The measured rows of ``volumes.tsv``, and what the settings make of them.

    Parameters
    ----------
    volumes
        Rows whose status is ok.
    groups
        Group of each row; missing for repeats, which count for the measurement error only.
    names
        The reference first; its like is None where there is no other group.
    pairs
        Pair of each row, in the paired design.
    people
        Who was measured in each row.
    covariates
        One column each.
    """

    volumes: pd.DataFrame
    groups: "pd.Series[str]"
    names: tuple[str | None, ...]
    pairs: "pd.Series[str] | None"
    people: "pd.Series[str]"
    covariates: pd.DataFrame

    def values(self, outcome: Outcome) -> "pd.Series[float]":
        """Give an outcome of all who have it, repeats too."""
        if outcome.column in self.volumes or outcome.is_region:
            return numbers(self.volumes, outcome.column).dropna()
        mass_kg = numbers(self.volumes, "body_mass_kg")
        return (1000 * numbers(self.volumes, outcome.source) / mass_kg).dropna()


def read_study(volumes: pd.DataFrame, params: CompareParams) -> Study:
    """Find groups, pairs and repeats.

    Raises
    ------
    ConfigError
        If the settings do not fit the table, a covariate is no number, groups or pairs are
        written in two ways, or there are more than `MOST_GROUPS`.
    ArtefactError
        If a column that must hold numbers does not.
    """
    all_groups = _words(volumes, params.group_column, "compare.group_column")
    _words(volumes, "status", "compare.group_column")
    people = _people(volumes, params)
    is_repeat = people != _identities(volumes)
    names = _in_order(all_groups.mask(is_repeat), params)
    measured = volumes[volumes["status"] == OK]
    pairs = None
    if params.design == "paired":
        pairs = _words(volumes, params.pair_column, "compare.pair_column")
        _check_spellings(pairs.dropna(), params.pair_column)
        pairs = pairs[measured.index]
    return Study(
        volumes=measured,
        groups=all_groups.mask(is_repeat)[measured.index],
        names=names,
        pairs=pairs,
        people=people[measured.index],
        covariates=_covariates(volumes, params).loc[measured.index],
    )


def numbers(volumes: pd.DataFrame, column: str) -> "pd.Series[float]":
    """Give a column as numbers; missing cells stay missing.

    Raises
    ------
    ArtefactError
        If it is not there, or holds what is not a number.
    """
    if column not in volumes:
        msg = (
            f"volumes.tsv must have the column {column!r}: got {list(volumes.columns)!r}. "
            "Run the measure stage again."
        )
        raise ArtefactError(msg)
    found: pd.Series[float] = pd.to_numeric(volumes[column], errors="coerce").astype(float)
    odd = volumes[column][volumes[column].notna() & ~np.isfinite(found)]
    if len(odd):
        msg = (
            f"Every {column} in volumes.tsv must be a number or n/a: got "
            f"{listed(odd.astype(str))}. Run the measure stage again."
        )
        raise ArtefactError(msg)
    return found


def _words(volumes: pd.DataFrame, column: str, setting: str) -> "pd.Series[str]":
    """Give a column as text; empty cells are missing."""
    if column not in volumes:
        msg = (
            f"The comparison needs the columns {[column]!r} of volumes.tsv or "
            f"participants.tsv: got {list(volumes.columns)!r}. Name another with {setting}."
        )
        raise ConfigError(msg)
    # whole numbers beside a missing cell are floats to pandas: "1.0" is no group's name
    words: pd.Series[str] = volumes[column].convert_dtypes().astype("string").str.strip()
    return words.mask(words == "", None)


def _identities(volumes: pd.DataFrame) -> "pd.Series[str]":
    """Give the name of each row."""
    if "participant_id" in volumes:
        return volumes["participant_id"].astype("string")
    return pd.Series(volumes.index.astype(str), volumes.index, dtype="string")


def _people(volumes: pd.DataFrame, params: CompareParams) -> "pd.Series[str]":
    """Give who was measured in each row; a repeat is of someone in another row."""
    own = _identities(volumes)
    if params.repeat_column not in volumes:
        return own
    named = _words(volumes, params.repeat_column, "compare.repeat_column")
    named = "sub-" + named.str.removeprefix("sub-")
    unknown = sorted(set(named.dropna()) - set(own[named.isna()]))
    if unknown:
        msg = (
            f"{params.repeat_column} must name a participant that is no repeat itself: got "
            f"{listed(unknown)}. Correct participants.tsv."
        )
        raise ConfigError(msg)
    return named.fillna(own)


def _in_order(groups: "pd.Series[str]", params: CompareParams) -> tuple[str | None, ...]:
    """Give the reference, then the other groups by name."""
    found = sorted(groups.dropna().unique())
    _check_spellings((params.reference, *found), params.group_column)
    if len(found) > MOST_GROUPS:
        msg = (
            f"The column {params.group_column!r} must name at most {MOST_GROUPS} groups: got "
            f"{len(found)}, {listed(found)}. Join groups, or name another column with "
            "compare.group_column."
        )
        raise ConfigError(msg)
    others = [name for name in found if name != params.reference]
    if len(others) > 1 and len(others) == len(found):
        msg = (
            f"The reference {params.reference!r} must be a group in the column "
            f"{params.group_column!r}: got {listed(found)}. Set compare.reference to "
            "one of these."
        )
        raise ConfigError(msg)
    if params.design == "paired" and len(found) > 2:
        msg = (
            f"The paired design needs two groups in the column {params.group_column!r}: got "
            f"{len(found)}, {listed(found)}. Leave some out, or set compare.design to "
            "independent."
        )
        raise ConfigError(msg)
    return (params.reference, *(others or [None]))


def _covariates(volumes: pd.DataFrame, params: CompareParams) -> pd.DataFrame:
    """Give the columns that are adjusted for."""
    missing = [name for name in params.covariates if name not in volumes]
    if missing:
        msg = (
            "compare.covariates must be columns of volumes.tsv or participants.tsv: got "
            f"{missing!r}, which are none. Known: {', '.join(map(str, volumes.columns))}."
        )
        raise ConfigError(msg)
    columns = {}
    for name in params.covariates:
        cells = volumes[name].dropna()
        columns[name] = cells.map(_number).astype(float).reindex(volumes.index)
        odd = cells[columns[name][cells.index].isna()]
        if len(odd):
            who = _identities(volumes)[odd.index].iloc[0]
            msg = (
                f"A covariate must hold numbers or n/a: got text in {name!r} of {len(odd)} "
                f"participants, in the row of {who} {str(odd.iloc[0])!r}. Correct it, code it "
                "as numbers, such as 0 and 1, or take it from compare.covariates."
            )
            raise ConfigError(msg)
    return pd.DataFrame(columns, index=volumes.index)


def _number(cell: object) -> float:
    """Give a cell as a number; NaN where it is none, or not finite."""
    number = number_in(cell) if isinstance(cell, str) else float(str(cell))
    return number if number is not None and math.isfinite(number) else math.nan


def _check_spellings(words: Iterable[str], column: str) -> None:
    """Refuse words that a reader takes for one and the same."""
    seen: dict[str, str] = {}
    for word in sorted(set(words)):
        # letters that look alike, case, blanks, and what is not seen at all do not count
        folded = unicodedata.normalize("NFKC", word).casefold()
        key = "".join(sign for sign in folded if sign.isprintable() and not sign.isspace())
        other = seen.setdefault(key, word)
        if other != word:
            msg = (
                f"A word in the column {column!r} (or its name in the settings) must be "
                f"written in one way: got {other!r} and {word!r}, which differ by case or "
                "blanks alone. Write them alike."
            )
            raise ConfigError(msg)
