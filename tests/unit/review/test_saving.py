"""Corrected labels: checked, kept in every version, and measured again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reviewed import make_reviewable, open_tiny

from pipeline.config import PipelineConfig
from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.domain.participant import Participant
from pipeline.errors import ArtefactError, ConfigError
from pipeline.review import saving
from pipeline.review.feet import Foot
from pipeline.review.saving import ConflictError, Edit, UnusableError, save_labels, slug
from pipeline.run.cohort import Cohort
from pipeline.run.job import Job
from pipeline.run.outcome import OK, Outcome
from pipeline.run.outputs import MUSCLES
from pipeline.run.stage_cache import FAILED
from pipeline.store.browser_images import label_bytes
from pipeline.store.images import read_labels, write_labels

Measured = list[tuple[str, ...]]


@pytest.fixture
def foot(tmp_path: Path) -> Foot:
    """Write two tiny feet, and give the first."""
    session = open_tiny(make_reviewable(tmp_path / "out"))
    return next(foot for foot in session.feet.values() if foot.key.label == "01")


@pytest.fixture
def cohort(foot: Foot) -> Cohort:
    """Make the cohort of that foot."""
    who = Participant("01")
    return Cohort((who,), (who.key,), foot.out.parent / "raw", foot.out, PipelineConfig())


@pytest.fixture
def measured(foot: Foot, monkeypatch: pytest.MonkeyPatch) -> Measured:
    """Replace the stages: a correction becomes the labels, and label 9 cannot be measured."""
    calls: Measured = []

    def measure(job: Job) -> Outcome:
        calls.append(job.stages)
        corrections = list((foot.out / "corrections").glob("*.nii.gz"))
        if not corrections:
            return Outcome(job.participant)
        labels = read_labels(corrections[0], MUSCLE_NAMES)
        if (labels.voxels == 9).any():
            return Outcome(job.participant, FAILED, "No border: got none.", 4)
        write_labels(labels, foot.path(MUSCLES), like=None)
        return Outcome(job.participant)

    monkeypatch.setattr(saving, "process_participant", measure)
    monkeypatch.setattr(saving, "get_status", lambda job: Outcome(job.participant, OK))
    return calls


def edit(foot: Foot, label: int, reviewer: str = "AB", **changes: Any) -> Edit:
    """Set one corner voxel to a label."""
    voxels = foot.labels().voxels.copy()
    voxels[0, 0, 0] = label
    known = {"content": label_bytes(voxels), "base_sha256": foot.labels_sha256()}
    return Edit(**(known | changes), reviewer=reviewer, time=f"2026-02-03T04:05:0{label}Z")


def files(foot: Foot) -> list[str]:
    """List the corrections, below their folder."""
    folder = foot.out / "corrections"
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.nii.gz"))


NAME = "sub-01_seg-muscles_dseg.nii.gz"


def test_a_correction_is_written_and_measured(
    foot: Foot, cohort: Cohort, measured: Measured
) -> None:
    """Exact in voxels, on the scan's grid, and only the stages that need it run."""
    before = foot.labels()

    save_labels(foot, cohort, edit(foot, 5))

    after = read_labels(foot.out / "corrections" / NAME, MUSCLE_NAMES)
    assert after.grid.matches(before.grid)
    assert after.voxels[0, 0, 0] == 5
    assert np.count_nonzero(after.voxels != before.voxels) == 1
    assert measured == [("segment", "regions", "measure")]
    assert files(foot) == [f"by-AB/{NAME}", NAME]


def test_the_former_correction_is_kept(foot: Foot, cohort: Cohort, measured: Measured) -> None:
    """Under the time when it was replaced."""
    save_labels(foot, cohort, edit(foot, 5))
    save_labels(foot, cohort, edit(foot, 6, "C D/.."))

    assert files(foot) == [
        f"by-AB/{NAME}",
        f"by-C-D/{NAME}",
        NAME,
        f"versions/until-20260203040506_{NAME}",
    ]
    assert len(measured) == 2


def test_a_second_reviewer_does_not_overwrite(
    foot: Foot, cohort: Cohort, measured: Measured
) -> None:
    """Both versions are kept, and nothing is measured."""
    late = edit(foot, 6, "CD")
    save_labels(foot, cohort, edit(foot, 5))

    with pytest.raises(
        ConflictError, match=r"saved meanwhile\. Your version is kept as .*by-CD"
    ):
        save_labels(foot, cohort, late)

    assert files(foot) == [f"by-AB/{NAME}", f"by-CD/{NAME}", NAME]
    assert foot.labels().voxels[0, 0, 0] == 5
    assert len(measured) == 1


def test_labels_that_cannot_be_measured_are_taken_back(
    foot: Foot, cohort: Cohort, measured: Measured
) -> None:
    """The former correction is restored and measured, and the reason is given."""
    save_labels(foot, cohort, edit(foot, 5))

    with pytest.raises(UnusableError, match="No border: got none"):
        save_labels(foot, cohort, edit(foot, 9))

    assert files(foot) == [f"by-AB/{NAME}", NAME]
    correction = read_labels(foot.out / "corrections" / NAME, MUSCLE_NAMES)
    assert correction.voxels[0, 0, 0] == foot.labels().voxels[0, 0, 0] == 5
    assert len(measured) == 3


def test_a_first_correction_that_fails_leaves_none(
    foot: Foot, cohort: Cohort, measured: Measured
) -> None:
    """The automatic labels are used again."""
    with pytest.raises(UnusableError, match="No border"):
        save_labels(foot, cohort, edit(foot, 9))

    assert files(foot) == [f"by-AB/{NAME}"]
    assert len(measured) == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda good: good[:-1], "must have one byte per voxel"),
        (lambda good: b"\x0d" + good[1:], r"Labels must be 0 to 12: got \[13\]"),
        (lambda good: bytes(len(good)), "A correction must contain labels: got none"),
    ],
)
def test_invalid_labels_are_refused(
    foot: Foot,
    cohort: Cohort,
    measured: Measured,
    content: Callable[[bytes], bytes],
    words: str,
) -> None:
    """Nothing is written."""
    good = label_bytes(foot.labels().voxels)

    with pytest.raises(ArtefactError, match=words):
        save_labels(foot, cohort, edit(foot, 5, content=content(good)))

    assert files(foot) == []
    assert not measured


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(
            Participant("01"), "not run", "Stage 'preprocess' was not run.", 0, ("preprocess",)
        ),
        Outcome(Participant("01"), FAILED, "Altered since then.", 5),
    ],
)
def test_results_must_be_up_to_date(
    foot: Foot,
    cohort: Cohort,
    measured: Measured,
    monkeypatch: pytest.MonkeyPatch,
    outcome: Outcome,
) -> None:
    """Else one foot would be measured by another version than the rest."""
    monkeypatch.setattr(saving, "get_status", lambda _: outcome)

    with pytest.raises(ArtefactError, match="must be up to date before labels are corrected"):
        save_labels(foot, cohort, edit(foot, 5))

    assert not measured


def test_a_foot_that_left_the_dataset_is_refused(foot: Foot) -> None:
    """It cannot be measured again."""
    empty = Cohort((), (), foot.out, foot.out, PipelineConfig())

    with pytest.raises(ConfigError, match="must be in the dataset: got 'sub-01'"):
        save_labels(foot, empty, edit(foot, 5))


@pytest.mark.parametrize(
    ("name", "part"), [("A. B", "A-B"), ("../x", "x"), ("Żaneta", "aneta"), ("..", "reviewer")]
)
def test_a_reviewer_is_no_path(name: str, part: str) -> None:
    """Letters, digits and hyphens."""
    assert slug(name) == part
