"""Shards: parts of a planned cohort."""

from pathlib import Path

import pytest

from pipeline.config import PipelineConfig, load_config
from pipeline.errors import ConfigError
from pipeline.run.cohort import open_cohort
from pipeline.run.shards import PLAN, Shard, open_shard, remove_plan, write_plan


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "1/0", "-1/3", "a/3", "1/3/3", "", "1/ 3"])
def test_a_shard_is_one_of_a_number_of_parts(text: str) -> None:
    """Parts are numbered from 1."""
    with pytest.raises(ConfigError, match=r"--shard must be K/N with K from 1 to N: got '"):
        Shard.parse(text)


@pytest.mark.parametrize("count", [1, 2, 4, 6, 9])
def test_the_parts_are_all_participants_once(
    bids_dir: Path, tmp_path: Path, count: int
) -> None:
    """Their sizes differ by at most one; there may be more parts than participants."""
    parts = [
        open_shard(bids_dir, tmp_path / "out", PipelineConfig(), Shard(k, count)).chosen
        for k in range(1, count + 1)
    ]

    labels = [key.label for part in parts for key in part]
    assert sorted(labels) == ["01", "02", "03", "04", "05", "06"]
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_a_table_that_changes_later_does_not_change_the_parts(
    bids_dir: Path, tmp_path: Path
) -> None:
    """The first call has copied it."""
    out, whole = tmp_path / "out", Shard.parse("1/1")
    first = open_shard(bids_dir, out, PipelineConfig(), whole)
    table = bids_dir / "participants.tsv"
    table.write_text(table.read_text().replace("61.5", "99").replace("sub-06", "sub-07"))
    later = open_shard(bids_dir, out, PipelineConfig(), whole)

    assert later.participants == first.participants
    assert later.participants[0].cells == first.participants[0].cells
    assert later.participants[0].body_mass_kg == 61.5


def test_a_plan_that_exists_is_not_replaced(bids_dir: Path, tmp_path: Path) -> None:
    """Of two shards that start at once, the second uses the plan of the first."""
    out = tmp_path / "out"
    cohort = open_cohort(bids_dir, out, PipelineConfig())
    write_plan(cohort)
    table = out / PLAN / "participants.tsv"
    table.write_text(table.read_text().replace("61.5", "62"))
    again = write_plan(cohort)

    assert again.participants[0].body_mass_kg == 62
    assert [path.name for path in (out / "logs").iterdir()] == ["plan"]
    remove_plan(out)
    assert write_plan(cohort).participants[0].body_mass_kg == 61.5


def test_a_shard_with_other_settings_is_refused(bids_dir: Path, tmp_path: Path) -> None:
    """The message names the setting; those of the run may differ."""
    out, shard = tmp_path / "out", Shard(1, 2)
    open_shard(bids_dir, out, PipelineConfig(), shard)
    open_shard(bids_dir, out, load_config(None, ["run.retries=7"]), shard)

    with pytest.raises(
        ConfigError, match=r"got others, \['compare\.seed = 1 in place of 20'\]"
    ):
        open_shard(bids_dir, out, load_config(None, ["compare.seed=1"]), shard)


def test_a_plan_that_cannot_be_written_is_refused(bids_dir: Path, tmp_path: Path) -> None:
    """Here a file is in the way of the logs."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "logs").write_text("a file")

    with pytest.raises(ConfigError, match=r"output folder must be writable: got 'File exists'"):
        write_plan(open_cohort(bids_dir, tmp_path / "out", PipelineConfig()))


def test_a_plan_among_the_raw_data_is_refused(bids_dir: Path) -> None:
    """As any other results."""
    with pytest.raises(ConfigError, match="OUT must not be the raw dataset"):
        open_shard(bids_dir, bids_dir, PipelineConfig(), Shard(1, 1))


def test_a_comparison_that_does_not_fit_is_refused_before_the_plan(
    bids_dir: Path, tmp_path: Path
) -> None:
    """Nothing is written."""
    config = load_config(None, ["compare.reference=nobody"])

    with pytest.raises(ConfigError, match="The reference 'nobody' must be a group"):
        open_shard(bids_dir, tmp_path / "out", config, Shard(1, 1))
    assert not (tmp_path / "out").exists()
