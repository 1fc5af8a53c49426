"""The participants of one output folder, and the jobs for them."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.config import PipelineConfig
from pipeline.domain.participant import Participant
from pipeline.domain.scan import Contrast, Side
from pipeline.errors import ConfigError, ScanError, listed, nearest
from pipeline.run.job import Job
from pipeline.run.plan import stage_names
from pipeline.store.content import check_content
from pipeline.store.names import bare_label, find_participants, without_ending
from pipeline.store.participants import read_participants
from pipeline.store.review_table import read_excluded


@dataclass(frozen=True, slots=True)
class Cohort:
    """All participants of one output folder.

    Parameters
    ----------
    chosen
        Labels of the participants to process; the tables contain all participants.
    excluded
        Participants left out of the comparison: reason by label.
    image
        The scan of the only participant, where there is no BIDS dataset.
    side, contrast
        Of that scan, as given on the command line.
    """

    participants: tuple[Participant, ...]
    chosen: tuple[str, ...]
    bids_dir: Path
    out: Path
    config: PipelineConfig
    excluded: Mapping[str, str] = field(default_factory=dict)
    image: Path | None = None
    side: Side | None = None
    contrast: Contrast | None = None

    def jobs(self, stages: Sequence[str] = (), *, force: bool = False) -> list[Job]:
        """Give one job per chosen participant, with these stages or all."""
        chosen = frozenset(self.chosen)
        return [
            self.job(participant, stages, force=force)
            for participant in self.participants
            if participant.label in chosen
        ]

    def job(
        self, participant: Participant, stages: Sequence[str] = (), *, force: bool = False
    ) -> Job:
        """Give the job of one participant."""
        return Job(
            participant,
            self.bids_dir,
            self.out,
            self.config,
            tuple(stages) or stage_names(),
            self.image,
            self.side,
            force,
            self.contrast,
        )


def open_cohort(
    bids_dir: Path,
    out: Path,
    config: PipelineConfig,
    labels: Sequence[str] = (),
    exclude: Path | None = None,
) -> Cohort:
    """Find the participants of a raw BIDS dataset; writes nothing.

    Parameters
    ----------
    labels
        Participants to process, with or without ``sub-``; none means all.
    exclude
        Decisions of a review, or a table of ``participant_id`` and ``reason``.

    Raises
    ------
    ConfigError
        If the dataset, a label or OUT cannot be used.
    """
    known = find_participants(bids_dir)
    check_apart(bids_dir, out)
    table = read_participants(bids_dir)
    _check_one_to_one(known, table)
    excluded = read_excluded(exclude) if exclude else {}
    check_known(excluded, table)
    chosen = dict.fromkeys(bare_label(label) for label in labels)
    check_known(chosen, table)
    return Cohort(
        tuple(table[label] for label in known),
        tuple(label for label in known if label in chosen) or known,
        bids_dir,
        out,
        config,
        excluded,
    )


def open_scan(
    image: Path,
    out: Path,
    config: PipelineConfig,
    side: Side | None,
    body_mass_kg: float | None,
    contrast: Contrast | None = None,
) -> Cohort:
    """Make a cohort of one participant, named after the scan's file.

    Raises
    ------
    ScanError
        If the file does not exist.
    ConfigError
        If its name contains no letter or digit.
    """
    check_content(image)
    if not image.is_file():
        msg = (
            f"A scan must be an image file: got {str(image)!r}, which is not a file. "
            "Check the path."
        )
        raise ScanError(msg)
    label = re.sub(r"[^A-Za-z0-9]", "", without_ending(image).removeprefix("sub-"))
    if not label:
        msg = f"A scan's file name must have a letter or digit: got {image.name!r}. Rename it."
        raise ConfigError(msg)
    participant = Participant(label, body_mass_kg=body_mass_kg, side=side)
    return Cohort(
        (participant,),
        (label,),
        image.parent,
        out,
        config,
        image=image,
        side=side,
        contrast=contrast,
    )


def check_apart(bids_dir: Path, out: Path) -> None:
    """Refuse results among the raw data.

    Raises
    ------
    ConfigError
        If OUT is the dataset, or a participant's folder in it.
    """
    raw, target = bids_dir.resolve(), out.resolve()
    inside = target.relative_to(raw).parts if target.is_relative_to(raw) else None
    if inside is not None and (not inside or inside[0].startswith("sub-")):
        msg = (
            "OUT must not be the raw dataset or a participant's folder in it: got "
            f"{str(out)!r}. Name another folder."
        )
        raise ConfigError(msg)


def _check_one_to_one(folders: Sequence[str], rows: Collection[str]) -> None:
    without_row = [f"sub-{label}" for label in folders if label not in rows]
    known = frozenset(folders)
    without_folder = [f"sub-{label}" for label in rows if label not in known]
    if without_row or without_folder:
        msg = (
            "participants.tsv must have one row for each participant's folder: got folders "
            f"without a row {listed(without_row)}, rows without a folder "
            f"{listed(without_folder)}. Add or remove rows or folders."
        )
        raise ConfigError(msg)


def check_known(labels: Collection[str], known: Collection[str]) -> None:
    """Refuse labels that no participant has.

    Raises
    ------
    ConfigError
        Naming them, and the nearest known labels.
    """
    unknown = [label for label in labels if label not in known]
    if unknown:
        msg = (
            f"Participants must be in the dataset: got {listed(f'sub-{u}' for u in unknown)}, "
            f"not among its {len(known)}. Nearest to 'sub-{unknown[0]}': "
            f"{nearest(f'sub-{unknown[0]}', [f'sub-{label}' for label in known])}."
        )
        raise ConfigError(msg)
