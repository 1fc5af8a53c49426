"""Shards: parts of a cohort for the arrays of any scheduler, by a list that stays the same."""

import errno
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.config import PipelineConfig, load_config, to_toml
from pipeline.errors import ConfigError, listed
from pipeline.run.choose_scans import find_scans
from pipeline.run.cohort import Cohort, check_apart, open_cohort
from pipeline.run.cohort_outputs import SETTINGS
from pipeline.run.update_cohort import check_comparison
from pipeline.store.files import not_writable, scratch_folder
from pipeline.store.participants import TABLE, read_participants

# A folder with a copy of participants.tsv, and the settings.
PLAN = "logs/plan"


@dataclass(frozen=True, slots=True)
class Shard:
    """The `number`-th of `count` parts of a cohort, from 1."""

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Read ``K/N``.

        Raises
        ------
        ConfigError
            If it is not two numbers, or the first is not 1 to the second.
        """
        match = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)
        number, count = map(int, match.groups()) if match else (0, 0)
        if not 1 <= number <= count:
            msg = f"--shard must be K/N with K from 1 to N: got {text!r}. Example: --shard 3/9."
            raise ConfigError(msg)
        return cls(number, count)

    def __str__(self) -> str:
        """Write ``K/N``."""
        return f"{self.number}/{self.count}"


def write_plan(cohort: Cohort) -> Cohort:
    """Fix participants and settings for all shards; gives the planned cohort.

    The table and the settings are written together, and only if there is no plan yet, so
    that shards that start at once agree.

    Raises
    ------
    ConfigError
        If the comparison would refuse the settings, or OUT cannot be written.
    """
    check_comparison(cohort)
    target = cohort.out / PLAN
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with scratch_folder(target.parent) as scratch:
            shutil.copyfile(cohort.bids_dir / TABLE, scratch / TABLE)
            (scratch / SETTINGS).write_text(to_toml(cohort.config), encoding="utf-8")
            _move(scratch, target)
    except OSError as error:
        raise not_writable(target.parent, error) from error
    return _planned(cohort.bids_dir, cohort.out, cohort.config)


def remove_plan(out: Path) -> None:
    """Remove the plan, so that another can be written."""
    shutil.rmtree(out / PLAN, ignore_errors=True)


def open_shard(bids_dir: Path, out: Path, config: PipelineConfig, shard: Shard) -> Cohort:
    """Open the participants of one shard, with all their scans.

    The first call fixes the list of participants for all.

    Raises
    ------
    ConfigError
        If the settings are not those of the plan, or the dataset cannot be used.
    """
    check_apart(bids_dir, out)
    if (out / PLAN).is_dir():
        cohort = _planned(bids_dir, out, config)
    else:
        cohort = write_plan(open_cohort(bids_dir, out, config))
    own = cohort.participants[shard.number - 1 :: shard.count]
    scans = find_scans(bids_dir, own)
    others = [who for who in cohort.participants if who not in own]
    chosen = tuple(scan.key for scan in scans)
    return replace(cohort, participants=(*scans, *others), chosen=chosen)


def _move(scratch: Path, target: Path) -> None:
    """Rename a folder, unless the target exists: a folder with files is never replaced."""
    try:
        scratch.rename(target)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise


def _planned(bids_dir: Path, out: Path, config: PipelineConfig) -> Cohort:
    planned = load_config(out / PLAN / SETTINGS)
    differing = [*_differences(planned, config)]
    if differing:
        msg = (
            f"A shard must have the settings of its plan: got others, {listed(differing)}. "
            "Leave them as they were, or run footvol plan again."
        )
        raise ConfigError(msg)
    table = read_participants(out / PLAN)
    people = tuple(table[label] for label in sorted(table))
    return Cohort(people, tuple(who.key for who in people), bids_dir, out, config)


def _differences(planned: PipelineConfig, given: PipelineConfig) -> Iterator[str]:
    """Name the settings that differ; those of the run change no result."""
    before, now = _flat(planned), _flat(given)
    for key, value in now.items():
        if value != before[key] and not key.startswith("run."):
            yield f"{key} = {value!r} in place of {before[key]!r}"


def _flat(config: PipelineConfig) -> Mapping[str, Any]:
    return {
        f"{section}.{key}": value
        for section, table in config.model_dump(mode="json").items()
        for key, value in table.items()
    }
