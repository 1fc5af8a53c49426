"""The design of the comparison: which rows of the table are compared, in which groups."""

import math
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.domain.outcomes import Outcome
from pipeline.domain.participant import number_in
from pipeline.errors import ArtefactError, ConfigError, listed
from pipeline.settings.compare import CompareParams
from pipeline.stages.compare.volume_row import OK

MOST_GROUPS = 10
"""Ten groups make 45 pairs, each a row per outcome; forty would make 780."""


@dataclass(frozen=True, slots=True)
class Design:
    """The measured rows of ``volumes.tsv``, with groups and pairs by the settings.

    Parameters
    ----------
    volumes
        Rows whose status is ok.
    groups
        Group of each row; missing for repeats, which are used for the measurement error
        only.
    names
        The reference, then the other groups; None where there is no other group.
    pairs
        Pair of each row, in the paired design.
    people
        Participant of each row.
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
        """Give the known values of an outcome, repeats included."""
        if outcome.column in self.volumes or not outcome.is_muscle:
            return numbers(self.volumes, outcome.column).dropna()
        mass_kg = numbers(self.volumes, "body_mass_kg")
        return (1000 * numbers(self.volumes, outcome.volume_column) / mass_kg).dropna()


def read_design(volumes: pd.DataFrame, params: CompareParams) -> Design:
    """Find groups, pairs and repeats.

    Raises
    ------
    ConfigError
        If the settings do not fit the table, a covariate is not a number, a group or pair
        is spelled in two ways, or there are more than `MOST_GROUPS` groups.
    ArtefactError
        If a numeric column contains a value that is not a number.
    """
    all_groups = _text(volumes, params.group_column, "compare.group_column")
    _text(volumes, "status", "compare.group_column")
    people = _people(volumes, params)
    is_repeat = people != _identities(volumes)
    names = _in_order(all_groups.mask(is_repeat), params)
    measured = volumes[volumes["status"] == OK]
    pairs = None
    if params.design == "paired":
        pairs = _text(volumes, params.pair_column, "compare.pair_column")
        _check_spellings(pairs.dropna(), params.pair_column)
        pairs = pairs[measured.index]
    return Design(
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
        If the column is missing, or contains a value that is not a number.
    """
    if column not in volumes:
        msg = (
            f"volumes.tsv must have the column {column!r}: got {list(volumes.columns)!r}. "
            "Run the measure stage again."
        )
        raise ArtefactError(msg)
    values: pd.Series[float] = pd.to_numeric(volumes[column], errors="coerce").astype(float)
    odd = volumes[column][volumes[column].notna() & ~np.isfinite(values)]
    if len(odd):
        msg = (
            f"Every {column} in volumes.tsv must be a number or n/a: got "
            f"{listed(odd.astype(str))}. Run the measure stage again."
        )
        raise ArtefactError(msg)
    return values


def _text(volumes: pd.DataFrame, column: str, setting: str) -> "pd.Series[str]":
    """Give a column as text; empty cells are missing."""
    if column not in volumes:
        msg = (
            f"The comparison needs the columns {[column]!r} of volumes.tsv or "
            f"participants.tsv: got {list(volumes.columns)!r}. Name another with {setting}."
        )
        raise ConfigError(msg)
    # pandas reads whole numbers beside a missing cell as floats: "1.0" for the group "1"
    text: pd.Series[str] = volumes[column].convert_dtypes().astype("string").str.strip()
    return text.mask(text == "", None)


def _identities(volumes: pd.DataFrame) -> "pd.Series[str]":
    """Give the identifier of each row."""
    if "participant_id" in volumes:
        return volumes["participant_id"].astype("string")
    return pd.Series(volumes.index.astype(str), volumes.index, dtype="string")


def _people(volumes: pd.DataFrame, params: CompareParams) -> "pd.Series[str]":
    """Give the participant of each row; a repeat names the participant of another row."""
    own = _identities(volumes)
    if params.repeat_column not in volumes:
        return own
    named = _text(volumes, params.repeat_column, "compare.repeat_column")
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
    known = sorted(groups.dropna().unique())
    _check_spellings((params.reference, *known), params.group_column)
    if len(known) > MOST_GROUPS:
        msg = (
            f"The column {params.group_column!r} must name at most {MOST_GROUPS} groups: got "
            f"{len(known)}, {listed(known)}. Join groups, or name another column with "
            "compare.group_column."
        )
        raise ConfigError(msg)
    others = [name for name in known if name != params.reference]
    if len(others) > 1 and len(others) == len(known):
        msg = (
            f"The reference {params.reference!r} must be a group in the column "
            f"{params.group_column!r}: got {listed(known)}. Set compare.reference to "
            "one of these."
        )
        raise ConfigError(msg)
    if params.design == "paired" and len(known) > 2:
        msg = (
            f"The paired design needs two groups in the column {params.group_column!r}: got "
            f"{len(known)}, {listed(known)}. Leave some out, or set compare.design to "
            "independent."
        )
        raise ConfigError(msg)
    return (params.reference, *(others or [None]))


def _covariates(volumes: pd.DataFrame, params: CompareParams) -> pd.DataFrame:
    """Give the covariates as numbers."""
    missing = [name for name in params.covariates if name not in volumes]
    if missing:
        msg = (
            "compare.covariates must be columns of volumes.tsv or participants.tsv: got "
            f"{missing!r}. Known: {', '.join(map(str, volumes.columns))}."
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
                f"A covariate must be a number or n/a: got text in {name!r} of {len(odd)} "
                f"participants, in the row of {who} {str(odd.iloc[0])!r}. Correct it, code it "
                "as numbers, such as 0 and 1, or remove it from compare.covariates."
            )
            raise ConfigError(msg)
    return pd.DataFrame(columns, index=volumes.index)


def _number(cell: object) -> float:
    """Give a cell as a number; NaN where it is not a finite number."""
    number = number_in(cell) if isinstance(cell, str) else float(str(cell))
    return number if number is not None and math.isfinite(number) else math.nan


def _check_spellings(words: Iterable[str], column: str) -> None:
    """Check that no two words look alike to a reader."""
    seen: dict[str, str] = {}
    for word in sorted(set(words)):
        # case, blanks, invisible characters and look-alike letters are ignored
        folded = unicodedata.normalize("NFKC", word).casefold()
        key = "".join(sign for sign in folded if sign.isprintable() and not sign.isspace())
        other = seen.setdefault(key, word)
        if other != word:
            msg = (
                f"A word in the column {column!r} (or its name in the settings) must be "
                f"spelled in one way: got {other!r} and {word!r}, which differ by case or "
                "blanks alone. Spell them alike."
            )
            raise ConfigError(msg)
