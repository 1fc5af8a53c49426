"""Saving corrected labels: check, keep every version, measure again."""

import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.domain.labels import LabelMap
from pipeline.errors import ArtefactError, ConfigError, PipelineError, listed
from pipeline.review.feet import Foot
from pipeline.run.cohort import Cohort
from pipeline.run.job import Job
from pipeline.run.outcome import OK
from pipeline.run.outputs import PREPROC
from pipeline.run.process_participant import process_participant
from pipeline.run.status import get_status
from pipeline.store.browser_images import labels_of
from pipeline.store.correction_files import FOLDER, find_corrections
from pipeline.store.files import written_whole
from pipeline.store.images import write_labels
from pipeline.store.names import without_ending

# What corrected muscles change, up to the volumes.
MEASURED_AGAIN = ("segment", "regions", "measure")
VERSIONS = "versions"


class ConflictError(PipelineError):
    """The labels were changed by someone else since they were loaded."""

    exit_code = 5


class UnusableError(PipelineError):
    """A foot cannot be measured with the corrected labels."""

    exit_code = 4


@dataclass(frozen=True, slots=True)
class Edit:
    """Labels that a reviewer drew.

    Parameters
    ----------
    content
        One byte per voxel, as `store.browser_images` orders them.
    base_sha256
        SHA-256 of the label map that the reviewer began with.
    time
        When it was saved, in UTC, as ISO 8601.
    """

    content: bytes
    base_sha256: str
    reviewer: str
    time: str


def save_labels(foot: Foot, cohort: Cohort, edit: Edit) -> None:
    """Write corrected labels into ``corrections/`` and measure the foot again.

    The correction that was there is kept in ``corrections/versions``. A copy of what each
    reviewer saved last is kept in ``corrections/by-<reviewer>``, so that two reviewers can be
    compared.

    Raises
    ------
    ConflictError
        If the labels have changed since they were loaded; the copy is kept all the same.
    ArtefactError
        If the labels are not valid, or the other results are not up to date.
    UnusableError
        If the foot cannot be measured with them; the former labels are restored.
    """
    job = _job(foot, cohort)
    labels = _checked(foot, edit)
    own = foot.out / FOLDER / f"by-{slug(edit.reviewer)}" / _file_name(foot)
    write_labels(labels, own, like=foot.path(PREPROC))
    if foot.labels_sha256() != edit.base_sha256:
        msg = (
            "Labels must be those that were loaded: got others, saved meanwhile. Your version "
            f"is kept as {own.relative_to(foot.out).as_posix()}; load theirs, or save yours "
            "over them."
        )
        raise ConflictError(msg)
    _replace(foot, own, edit, job)


def slug(reviewer: str) -> str:
    """Give a reviewer's name as a part of a file name: letters, digits and hyphens."""
    return re.sub(r"[^A-Za-z0-9]+", "-", reviewer).strip("-") or "reviewer"


def _job(foot: Foot, cohort: Cohort) -> Job:
    """Give the job that measures a foot; refuse one whose results are not up to date."""
    participants = [who for who in cohort.participants if who.key == foot.key]
    if not participants:
        msg = (
            f"A foot must be in the dataset: got {foot.key.name!r}, which is not. "
            "Run footvol run again."
        )
        raise ConfigError(msg)
    job = cohort.job(participants[0], ("preprocess", *MEASURED_AGAIN))
    outcome = get_status(job)
    if outcome.code or "preprocess" in outcome.stages:
        msg = (
            "Results must be up to date before labels are corrected: got others "
            f"({outcome.reason}) Run footvol run again with this version and these settings."
        )
        raise ArtefactError(msg)
    return replace(job, stages=MEASURED_AGAIN)


def _checked(foot: Foot, edit: Edit) -> LabelMap:
    """Turn the bytes of a browser into a label map on the scan's grid."""
    grid = foot.labels().grid
    voxels: NDArray[np.uint8] = labels_of(edit.content, grid)
    unknown = sorted(set(np.unique(voxels).tolist()) - {0, *MUSCLE_NAMES})
    if unknown:
        msg = (
            f"Labels must be 0 to {max(MUSCLE_NAMES)}: got {listed(unknown)}. Load the page "
            "again."
        )
        raise ArtefactError(msg)
    if not voxels.any():
        msg = "A correction must contain labels: got none. Undo, or reject the foot instead."
        raise ArtefactError(msg)
    return LabelMap(voxels, grid, MUSCLE_NAMES)


def _file_name(foot: Foot) -> str:
    return f"{without_ending(foot.name.muscles())}.nii.gz"


def _replace(foot: Foot, own: Path, edit: Edit, job: Job) -> None:
    """Make a reviewer's labels the correction, or restore the former one with its reason."""
    former = find_corrections(foot.out, foot.name).get("muscles")
    kept = None if former is None else _archive(former, edit.time)
    target = foot.out / FOLDER / _file_name(foot)
    with written_whole(target) as scratch:
        shutil.copyfile(own, scratch)
    if former is not None and former != target:
        former.unlink()
    outcome = process_participant(job)
    if outcome.status == OK:
        return
    target.unlink()
    if former is not None and kept is not None:
        kept.replace(former)
    process_participant(job)
    raise UnusableError(outcome.reason or "The foot could not be measured.")


def _archive(path: Path, time: str) -> Path:
    """Copy a correction to where footvol does not read it, named by when it was replaced."""
    stamp = re.sub(r"\D", "", time)
    kept = path.parent / VERSIONS / f"until-{stamp}_{path.name}"
    with written_whole(kept) as scratch:
        shutil.copyfile(path, scratch)
    return kept
