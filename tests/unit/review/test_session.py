"""Decisions, time spent, and a blinded order."""

import json
from pathlib import Path

import pytest
from reviewed import make_reviewable, open_tiny

from pipeline.errors import ConfigError
from pipeline.review.saving import ConflictError
from pipeline.review.session import open_session, why_not_measured


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Write two tiny feet."""
    return make_reviewable(tmp_path / "out")


def test_a_reviewer_has_one_decision_per_foot(out: Path) -> None:
    """A later one takes its place, and that of another reviewer stays."""
    session = open_tiny(out)
    foot = next(iter(session.feet.values()))
    sha256 = foot.labels_sha256()
    other = open_session(out, "CD", is_blinded=False, seed=None)

    session.decide(foot, "accept", "", sha256)
    other.decide(foot, "accept", "fine", sha256)
    session.decide(foot, "reject", "moved", sha256)

    decided = [(d.reviewer, d.verdict, d.comment) for d in session.decisions()]
    assert decided == [("AB", "reject", "moved"), ("CD", "accept", "fine")]


def test_a_decision_on_other_labels_is_refused(out: Path) -> None:
    """They were changed after they were loaded."""
    session = open_tiny(out)
    foot = next(iter(session.feet.values()))

    with pytest.raises(ConflictError, match="must be on the labels as they are"):
        session.decide(foot, "accept", "", "0" * 64)

    assert not session.table().exists()


def test_the_time_spent_is_summed(out: Path) -> None:
    """Over all that this reviewer did on a foot; a damaged line is skipped."""
    session = open_tiny(out)
    foot = next(iter(session.feet.values()))
    session.log("accept", foot, 12.34)
    with (out / "logs" / "review.jsonl").open("a") as file:
        file.write("{cut off\n")
    session.log("correction", foot, 30)
    open_session(out, "CD", is_blinded=False, seed=None).log("accept", foot, 7)

    assert session.seconds_spent() == {"sub-02": 42.3}


def test_a_blinded_review_shuffles_by_a_seed_on_disk(out: Path) -> None:
    """The same seed gives the same order, which is written down."""
    first, again = (open_tiny(out, is_blinded=True, seed=3) for _ in range(2))

    assert [f.key.label for f in first.feet.values()] == [
        f.key.label for f in again.feet.values()
    ]
    assert list(first.names.values()) == ["Foot 1", "Foot 2"]
    written = json.loads((out / "logs" / "review_order_AB.json").read_text())
    assert written["seed"] == 3
    assert written["order"] == [f"sub-{foot.key.label}" for foot in first.feet.values()]


def test_a_blinded_review_hides_names_in_messages(out: Path) -> None:
    """An open one shows them."""
    blinded = open_tiny(out, is_blinded=True, seed=3)
    key = next(key for key, foot in blinded.feet.items() if foot.key.label == "02")

    assert blinded.hidden("See sub-02.") == f"See {blinded.names[key]}."
    assert open_tiny(out).hidden("See sub-02.") == "See sub-02."


def test_keys_do_not_tell_who_it_is(out: Path) -> None:
    """They differ from session to session."""
    assert not open_tiny(out).feet.keys() & open_tiny(out).feet.keys()


def test_it_is_said_why_nothing_can_be_measured(out: Path) -> None:
    """The tiny folder has no settings."""
    assert "config.toml" in (why_not_measured(open_tiny(out)) or "")


def test_a_folder_without_labels_is_refused(out: Path) -> None:
    """There is nothing to review."""
    for path in out.glob("sub-*/anat/*_seg-muscles_dseg.nii.gz"):
        path.unlink()

    with pytest.raises(ConfigError, match="must have label maps: got none"):
        open_tiny(out)
