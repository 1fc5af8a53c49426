"""The files over all participants: files of other origin are kept."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.config import load_config
from pipeline.errors import MOST_LISTED, ArtefactError, ConfigError
from pipeline.run.cohort import Cohort
from pipeline.run.cohort_outputs import (
    DATASET,
    PAGES,
    TABLES,
    check_out,
    find_optional,
    prepare_out,
    record_path,
    targets,
    written_together,
)
from pipeline.run.cohort_results import read_results
from pipeline.run.cohort_state import collect_state
from pipeline.run.cohort_tables import write_statistics, write_volumes
from pipeline.run.process_participant import process_participant

pytestmark = pytest.mark.usefixtures("calls")


def with_settings(cohort: Cohort, *overrides: str) -> Cohort:
    """Make the cohort with other settings."""
    return replace(cohort, config=load_config(None, overrides))


def test_every_file_of_other_origin_is_kept(cohort: Cohort) -> None:
    """Footvol does not overwrite files that it did not write."""
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
def test_force_overwrites_files_of_other_origin(cohort: Cohort, name: str) -> None:
    """Only with this option."""
    cohort.out.mkdir()
    (cohort.out / name).write_text("mine")
    prepare_out(cohort, force=True)

    assert (cohort.out / name).read_text() != "mine"


@pytest.mark.parametrize("name", ["config.toml", ".bidsignore", "dseg.json"])
def test_edits_of_the_dataset_description_are_kept(cohort: Cohort, name: str) -> None:
    """These files are protected as the tables are."""
    prepare_out(cohort)
    (cohort.out / name).write_text("mine")

    with pytest.raises(ArtefactError, match=rf"altered since then: \['{name}'\]"):
        prepare_out(with_settings(cohort, "compare.test=student"))
    assert (cohort.out / name).read_text() == "mine"


def test_edits_and_files_of_other_origin_are_reported_together(cohort: Cohort) -> None:
    """One message lists all of them."""
    prepare_out(cohort)
    for name in ("config.toml", "volumes.tsv"):
        (cohort.out / name).write_text("mine")

    with pytest.raises(
        ArtefactError,
        match=r"altered.*\['config.toml'\].*unknown origin: got \['volumes.tsv'\]",
    ):
        prepare_out(cohort)


def test_only_requested_tables_are_conflicts(cohort: Cohort) -> None:
    """A file of other origin matters only if a table of that name is to be written."""
    cohort.out.mkdir()
    (cohort.out / "statistics.csv").write_text("mine")
    prepare_out(cohort)

    assert find_optional(cohort) == set()
    with pytest.raises(ArtefactError, match=r"unknown origin: got \['statistics.csv'\]"):
        check_out(with_settings(cohort, "compare.csv=true"))


def test_outdated_outputs_are_removed_if_footvol_wrote_them(cohort: Cohort) -> None:
    """Old plots are removed; files of other origin are kept."""
    prepare_out(cohort)
    for names in (("groups.svg", "effects.svg"), ("groups.svg",)):
        with written_together(cohort, PAGES) as scratch:
            (scratch.out / "figures").mkdir()
            for name in names:
                (scratch.out / "figures" / name).write_text("plot")
        (cohort.out / "figures" / "mine.svg").write_text("mine")

    left = sorted(path.name for path in (cohort.out / "figures").iterdir())
    assert left == ["groups.svg", "mine.svg"]


def test_a_failure_writes_no_file_to_out(cohort: Cohort) -> None:
    """The files are written together or not at all."""

    def fail() -> None:
        with written_together(cohort, TABLES) as scratch:
            (scratch.out / "volumes.tsv").write_text("half")
            raise KeyError

    prepare_out(cohort)
    with pytest.raises(KeyError):
        fail()
    assert not (cohort.out / "volumes.tsv").exists()
    assert not record_path(cohort, TABLES).exists()


@pytest.mark.parametrize("part", [DATASET, TABLES, PAGES])
def test_a_damaged_record_stops_the_command(cohort: Cohort, part: str) -> None:
    """Unless --force is given."""
    prepare_out(cohort)
    record_path(cohort, part).write_text('{"files": []}')

    with pytest.raises(ArtefactError, match=rf"as footvol wrote it: got '.*{part}\.json'"):
        prepare_out(cohort)
    prepare_out(cohort, force=True)


def test_a_file_in_the_path_of_out_is_refused(cohort: Cohort, tmp_path: Path) -> None:
    """OUT is checked without making it."""
    (tmp_path / "file").write_text("")

    with pytest.raises(
        ConfigError, match=r"must be writable: got '.*deep'.*file' is not a writable folder"
    ):
        check_out(replace(cohort, out=tmp_path / "file" / "deep"))


@pytest.mark.integration
def test_edited_tables_are_not_overwritten(cohort: Cohort) -> None:
    """An edited volumes.tsv stops the next run before any stage."""
    prepare_out(cohort)
    outcomes = [process_participant(job) for job in cohort.jobs()]
    results = read_results(collect_state(cohort, outcomes))
    with written_together(cohort, TABLES) as scratch:
        write_statistics(scratch, write_volumes(replace(results, cohort=scratch)))
    (cohort.out / "volumes.tsv").write_text("mine\n")

    with pytest.raises(ArtefactError, match=r"altered since then: \['volumes.tsv'\]"):
        prepare_out(cohort)
    prepare_out(cohort, force=True)


def test_the_resolved_settings_are_written(cohort: Cohort) -> None:
    """The file gives the same settings when read."""
    prepare_out(cohort)

    assert load_config(cohort.out / "config.toml") == cohort.config


def test_a_missing_model_stops_the_command(cohort: Cohort, tmp_path: Path) -> None:
    """It is refused before any stage, and before anything is written."""
    own = ["segment.segmenter=onnx", f"segment.model={str(tmp_path / 'no.toml')!r}"]

    with pytest.raises(ConfigError, match=r"must be a readable TOML file, .* got '.*no\.toml'"):
        prepare_out(replace(cohort, config=load_config(None, own)))
    assert not cohort.out.exists()


def test_a_correction_for_an_unknown_participant_stops_the_command(cohort: Cohort) -> None:
    """It is refused before any stage, as a wrong name would go unnoticed."""
    by_hand = cohort.out / "corrections" / "sub-77_seg-muscles_dseg.nii.gz"
    by_hand.parent.mkdir(parents=True)
    by_hand.write_bytes(b"edited")

    with pytest.raises(ConfigError, match=r"must be named after a participant: got \['sub-77"):
        prepare_out(cohort)


def test_force_keeps_corrections(cohort: Cohort) -> None:
    """Corrections by hand are never overwritten or removed."""
    by_hand = cohort.out / "corrections" / "sub-01_seg-muscles_dseg.nii.gz"
    by_hand.parent.mkdir(parents=True)
    by_hand.write_bytes(b"edited")
    prepare_out(cohort, force=True)
    for job in cohort.jobs(force=True):
        process_participant(job)

    assert [p.read_bytes() for p in by_hand.parent.iterdir()] == [b"edited"]
