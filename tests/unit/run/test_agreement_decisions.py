"""The agreement of the reviewers of a review.tsv."""

from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.domain.decision import Decision, Signature
from pipeline.domain.scan_key import ScanKey
from pipeline.errors import ConfigError
from pipeline.run.agreement import compare_decisions
from pipeline.store.review_table import write_decisions


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Let two reviewers decide on one foot."""
    path = tmp_path / "review.tsv"
    signatures = [Signature(who, "now", "a" * 64) for who in ("AB", "CD")]
    key = ScanKey("01")
    write_decisions([Decision.of_text(key, "accept", "", by=s) for s in signatures], path)
    return path


def test_reviewers_are_compared_by_the_command(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table is printed and written, and not overwritten."""
    out = tmp_path / "agreement"

    assert main(["agree", str(table), "--out", str(out)]) == 0
    assert "AB         CD" in capsys.readouterr().out
    assert (out / "decisions.tsv").read_text().splitlines()[1].startswith("AB\tCD\t1\t1\t")
    assert main(["agree", str(table), "--out", str(out)]) == ConfigError.exit_code
    assert "must not be overwritten: got ['decisions.tsv'" in capsys.readouterr().err


def test_one_reviewer_has_nobody_to_agree_with(table: Path) -> None:
    """The message says how to get a second one."""
    table.write_text("\n".join(table.read_text().splitlines()[:2]) + "\n")

    with pytest.raises(
        ConfigError, match=r"needs two reviewers: got \['AB'\] in 'review\.tsv'"
    ):
        compare_decisions(table)


def test_one_path_alone_is_a_review(tmp_path: Path) -> None:
    """A folder or a missing file needs a second one."""
    with pytest.raises(ConfigError, match=r"which is no such table\. Give a second path"):
        compare_decisions(tmp_path)
