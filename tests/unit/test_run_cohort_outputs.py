"""The files over all participants: nobody else's are lost, and settings are checked first."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.config import PipelineConfig, load_config
from pipeline.errors import MOST_LISTED, ArtefactError, ConfigError
from pipeline.run.cohort import Cohort, open_cohort
from pipeline.run.cohort_outputs import (
    DATASET,
    PAGES,
    TABLES,
    asked_for_before,
    check_out,
    prepare_out,
    record_path,
    targets,
    written_together,
)
from pipeline.run.cohort_tables import check_comparison

PEOPLE = 6


@pytest.fixture
def cohort(bids_dir: Path, tmp_path: Path) -> Cohort:
    """Give the six participants, with the default settings."""
    return open_cohort(bids_dir, tmp_path / "out", PipelineConfig())


def with_settings(cohort: Cohort, *overrides: str) -> Cohort:
    """Give the cohort with other settings."""
    return replace(cohort, config=load_config(None, overrides))


def with_column(cohort: Cohort, name: str, cells: str) -> Cohort:
    """Give the cohort with a column more in participants.tsv, a letter for each row."""
    path = cohort.bids_dir / "participants.tsv"
    head, *rows = path.read_text().splitlines()
    filled = [f"{row}\t{cell}" for row, cell in zip(rows, cells, strict=True)]
    path.write_text("\n".join([f"{head}\t{name}", *filled]) + "\n")
    return open_cohort(cohort.bids_dir, cohort.out, cohort.config)


def test_every_file_of_others_is_named_and_kept(cohort: Cohort) -> None:
    """Whatever footvol would write, it does not write over what it did not write."""
    names = targets(cohort)
    for name in names:
        (cohort.out / name).parent.mkdir(parents=True, exist_ok=True)
        (cohort.out / name).write_text("mine")

    with pytest.raises(ArtefactError, match="unknown origin") as refused:
        prepare_out(cohort)
    assert all(repr(name) in str(refused.value) for name in names[:MOST_LISTED])
    assert f"and {len(names) - MOST_LISTED} more" in str(refused.value)
    assert all((cohort.out / name).read_text() == "mine" for name in names)
    assert {"volumes.tsv", "volumes.json", "report.html", "sub-06.html"} <= set(names)
    assert {"config.toml", "dseg.tsv", ".bidsignore", "figures/groups.svg"} <= set(names)


@pytest.mark.parametrize("name", ["config.toml", ".bidsignore", "dataset_description.json"])
def test_force_writes_over_files_of_others(cohort: Cohort, name: str) -> None:
    """Whoever asks for it gets it."""
    cohort.out.mkdir()
    (cohort.out / name).write_text("mine")
    prepare_out(cohort, force=True)

    assert (cohort.out / name).read_text() != "mine"


@pytest.mark.parametrize("name", ["config.toml", ".bidsignore", "dseg.json"])
def test_an_edit_of_what_describes_the_dataset_is_kept(cohort: Cohort, name: str) -> None:
    """These are footvol's files as the tables are."""
    prepare_out(cohort)
    (cohort.out / name).write_text("mine")

    with pytest.raises(ArtefactError, match=rf"altered since then: \['{name}'\]"):
        prepare_out(with_settings(cohort, "compare.test=student"))
    assert (cohort.out / name).read_text() == "mine"


def test_edits_and_files_of_others_are_told_at_once(cohort: Cohort) -> None:
    """Nobody has to move one file to hear of the next."""
    prepare_out(cohort)
    for name in ("config.toml", "volumes.tsv"):
        (cohort.out / name).write_text("mine")

    with pytest.raises(
        ArtefactError,
        match=r"altered.*\['config.toml'\].*unknown origin: got \['volumes.tsv'\]",
    ):
        prepare_out(cohort)


def test_only_what_is_asked_for_is_in_the_way(cohort: Cohort) -> None:
    """A table of somebody's stands aside until one of that name is to be written."""
    cohort.out.mkdir()
    (cohort.out / "statistics.csv").write_text("mine")
    prepare_out(cohort)

    assert asked_for_before(cohort) == set()
    with pytest.raises(ArtefactError, match=r"unknown origin: got \['statistics.csv'\]"):
        check_out(with_settings(cohort, "compare.csv=true"))


def test_what_is_not_written_again_is_removed_if_it_is_ours(cohort: Cohort) -> None:
    """An older plot must not outlive its numbers, but a file of somebody's stays."""
    prepare_out(cohort)
    for names in (("groups.svg", "effects.svg"), ("groups.svg",)):
        with written_together(cohort, PAGES) as aside:
            (aside.out / "figures").mkdir()
            for name in names:
                (aside.out / "figures" / name).write_text("plot")
        (cohort.out / "figures" / "mine.svg").write_text("mine")

    left = sorted(path.name for path in (cohort.out / "figures").iterdir())
    assert left == ["groups.svg", "mine.svg"]


def test_a_failure_puts_nothing_in_place(cohort: Cohort) -> None:
    """The files come together or not at all."""

    def fail() -> None:
        with written_together(cohort, TABLES) as aside:
            (aside.out / "volumes.tsv").write_text("half")
            raise KeyError

    prepare_out(cohort)
    with pytest.raises(KeyError):
        fail()
    assert not (cohort.out / "volumes.tsv").exists()
    assert not record_path(cohort, TABLES).exists()


@pytest.mark.parametrize("part", [DATASET, TABLES, PAGES])
def test_a_record_that_is_none_stops_the_command(cohort: Cohort, part: str) -> None:
    """Unless all is made anew."""
    prepare_out(cohort)
    record_path(cohort, part).write_text('{"files": []}')

    with pytest.raises(ArtefactError, match=rf"as footvol wrote it: got '.*{part}\.json'"):
        prepare_out(cohort)
    prepare_out(cohort, force=True)


def test_a_file_above_out_is_told_before_any_work(cohort: Cohort, tmp_path: Path) -> None:
    """A folder that cannot be made is found without making it."""
    (tmp_path / "file").write_text("")

    with pytest.raises(
        ConfigError, match=r"must be writable: got '.*deep'.*file' is no folder"
    ):
        check_out(replace(cohort, out=tmp_path / "file" / "deep"))


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
def test_what_the_comparison_would_refuse_is_refused_first(
    cohort: Cohort, overrides: list[str], words: str
) -> None:
    """By the participants alone, hours before anything is measured."""
    with pytest.raises(ConfigError, match=words):
        check_comparison(with_settings(cohort, *overrides))


def test_three_groups_are_too_many_for_pairs_before_measuring(cohort: Cohort) -> None:
    """A column with three words cannot part pairs."""
    cohort = with_column(with_column(cohort, "site", "abcabc"), "pair", "112233")
    words = ["compare.design=paired", "compare.group_column=site", "compare.reference=a"]

    with pytest.raises(ConfigError, match="paired design needs two groups"):
        check_comparison(with_settings(cohort, *words))


@pytest.mark.parametrize(
    "overrides",
    [
        [],
        ["compare.group_column=sex", "compare.reference=F"],
        ["compare.covariates=['foot_length_mm', 'fat_fraction']"],
        ["compare.design=paired"],
    ],
)
def test_what_fits_the_participants_passes(cohort: Cohort, overrides: list[str]) -> None:
    """What only measuring will tell is no reason to refuse."""
    cohort = with_column(cohort, "pair", "abcabc")

    check_comparison(with_settings(cohort, *overrides))
    assert len(cohort.participants) == PEOPLE


def test_one_left_out_does_not_double_a_pair(cohort: Cohort) -> None:
    """Who is excluded is compared with nobody."""
    cohort = with_column(cohort, "pair", "aabbcd")
    paired = with_settings(cohort, "compare.design=paired")
    with pytest.raises(ConfigError, match="pair 'a' with more than one in 'healthy'"):
        check_comparison(paired)

    check_comparison(replace(paired, excluded={"02": "motion", "05": "motion"}))


def test_a_scan_alone_has_nothing_to_compare(cohort: Cohort) -> None:
    """One scan without a table of participants passes."""
    who = cohort.participants[0]
    alone = replace(cohort, participants=(replace(who, group=None),), image=Path("foot.nii"))

    check_comparison(alone)
    assert alone.image is not None
