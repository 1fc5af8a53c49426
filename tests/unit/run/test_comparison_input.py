"""The columns and settings of the comparison, before anything is measured."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from pipeline.config import PipelineConfig, load_config
from pipeline.domain.scan_key import ScanKey
from pipeline.errors import ConfigError
from pipeline.run.cohort import Cohort, open_cohort
from pipeline.run.comparison_input import add_participant_columns, check_columns

CONFIG = PipelineConfig()
PEOPLE = 6


def with_settings(cohort: Cohort, *overrides: str) -> Cohort:
    """Make the cohort with other settings."""
    return replace(cohort, config=load_config(None, overrides))


def with_column(cohort: Cohort, name: str, cells: str) -> Cohort:
    """Make the cohort with another column in participants.tsv, one letter per row."""
    path = cohort.bids_dir / "participants.tsv"
    head, *rows = path.read_text().splitlines()
    filled = [f"{row}\t{cell}" for row, cell in zip(rows, cells, strict=True)]
    path.write_text("\n".join([f"{head}\t{name}", *filled]) + "\n")
    return open_cohort(cohort.bids_dir, cohort.out, cohort.config)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sub-", ""),
        ("sub-", " sub-"),
        ("participant_id", "participant_id "),
        ("sex", "sex\t"),
        ("\n", "\t\t\n"),
    ],
)
def test_participant_columns_join_for_any_form_of_the_labels(
    old: str, new: str, bids_dir: Path, tmp_path: Path
) -> None:
    """Prefixes and blanks do not matter."""
    path = bids_dir / "participants.tsv"
    path.write_text(path.read_text().replace(old, new))
    config = load_config(None, ["compare.covariates=['sex']"])
    cohort = open_cohort(bids_dir, tmp_path / "out", config)
    volumes = pd.DataFrame({"participant_id": [p.participant_id for p in cohort.participants]})

    assert add_participant_columns(cohort, volumes)["sex"].tolist() == ["M", "F"] * 3


def test_cells_keep_their_text(bids_dir: Path, tmp_path: Path) -> None:
    """Only n/a is missing."""
    path, cells = bids_dir / "participants.tsv", ("n/a", "01", "NA", "None", "1e5", "")
    header, *rows = path.read_text().splitlines()
    lines = [f"{row}\t{cell}" for row, cell in zip(rows, cells, strict=True)]
    path.write_text("\n".join((f"{header}\trepeat_of", *lines)))
    cohort = open_cohort(bids_dir, tmp_path / "out", CONFIG)
    volumes = pd.DataFrame({"participant_id": [p.participant_id for p in cohort.participants]})

    assert add_participant_columns(cohort, volumes)["repeat_of"].tolist() == [None, *cells[1:]]


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["compare.reference=helthy"], "The reference 'helthy' must be a group"),
        (["compare.group_column=cohort"], r"needs the columns \['cohort'\]"),
        (["compare.covariates=['age']"], r"covariates must be columns .* got \['age'\]"),
        (["compare.covariates=['sex']"], "must be a number or n/a: got text in 'sex'"),
        (["compare.covariates=['segmenter']"], "got text in 'segmenter'"),
        (["compare.design=paired"], r"needs the columns \['pair'\]"),
        (["compare.design=paired", "compare.pair_column=sex"], "one participant in each group"),
        (["compare.repeat_column=group"], "must name a participant that is no repeat"),
    ],
)
def test_settings_that_do_not_fit_are_refused_first(
    cohort: Cohort, overrides: list[str], words: str
) -> None:
    """The participants suffice for the check, before anything is measured."""
    with pytest.raises(ConfigError, match=words):
        check_columns(with_settings(cohort, *overrides))


def test_three_groups_are_too_many_for_pairs_before_measuring(cohort: Cohort) -> None:
    """Pairs need a column with two groups."""
    cohort = with_column(with_column(cohort, "site", "abcabc"), "pair", "112233")
    words = ["compare.design=paired", "compare.group_column=site", "compare.reference=a"]

    with pytest.raises(ConfigError, match="paired design needs two groups"):
        check_columns(with_settings(cohort, *words))


@pytest.mark.parametrize(
    "overrides",
    [
        [],
        ["compare.group_column=sex", "compare.reference=F"],
        ["compare.covariates=['foot_length_mm', 'fat_fraction']"],
        ["compare.design=paired"],
    ],
)
def test_settings_that_fit_the_participants_are_accepted(
    cohort: Cohort, overrides: list[str]
) -> None:
    """Columns that are measured later are accepted."""
    cohort = with_column(cohort, "pair", "abcabc")

    check_columns(with_settings(cohort, *overrides))
    assert len(cohort.participants) == PEOPLE


def test_excluded_participants_do_not_count_in_pairs(cohort: Cohort) -> None:
    """They are not in the comparison."""
    cohort = with_column(cohort, "pair", "aabbcd")
    paired = with_settings(cohort, "compare.design=paired")
    with pytest.raises(ConfigError, match="pair 'a' with more than one in 'healthy'"):
        check_columns(paired)

    check_columns(replace(paired, excluded={ScanKey("02"): "motion", ScanKey("05"): "motion"}))


def test_a_single_scan_needs_no_groups(cohort: Cohort) -> None:
    """One scan without a table of participants is accepted."""
    who = cohort.participants[0]
    alone = replace(cohort, participants=(replace(who, group=None),), image=Path("foot.nii"))

    check_columns(alone)
    assert alone.image is not None
