"""The participants of one output folder, and the jobs for them."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.config import PipelineConfig
from pipeline.domain.participant import Participant
from pipeline.domain.scan import Contrast, Side
from pipeline.domain.scan_key import ScanKey
from pipeline.errors import ConfigError, ScanError, listed, nearest
from pipeline.run.choose_scans import Choice, find_scans
from pipeline.run.job import Job
from pipeline.run.plan import stage_names
from pipeline.store.content import check_content
from pipeline.store.names import bare_label, name_scan, without_ending
from pipeline.store.participants import read_participants
from pipeline.store.raw_scans import find_participants
from pipeline.store.review_table import read_excluded


@dataclass(frozen=True, slots=True)
class Cohort:
    """All participants of one output folder.

    Parameters
    ----------
    participants
        Each once for each scan.
    chosen
        The scans to process; the tables contain all scans.
    excluded
        Scans left out of the comparison, with the reason.
    image
        The scan of the only participant, where there is no BIDS dataset.
    side, contrast
        Of that scan, as given on the command line.
    """

    participants: tuple[Participant, ...]
    chosen: tuple[ScanKey, ...]
    bids_dir: Path
    out: Path
    config: PipelineConfig
    excluded: Mapping[ScanKey, str] = field(default_factory=dict)
    image: Path | None = None
    side: Side | None = None
    contrast: Contrast | None = None

    def jobs(self, stages: Sequence[str] = (), *, force: bool = False) -> list[Job]:
        """Give one job per chosen scan, with these stages or all."""
        chosen = frozenset(self.chosen)
        return [
            self.job(participant, stages, force=force)
            for participant in self.participants
            if participant.key in chosen
        ]

    def job(
        self, participant: Participant, stages: Sequence[str] = (), *, force: bool = False
    ) -> Job:
        """Give the job of one scan."""
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
    choice: Choice | None = None,
) -> Cohort:
    """Find the participants of a raw BIDS dataset, and their scans; writes nothing.

    Parameters
    ----------
    labels
        Participants to process, with or without ``sub-``; none means all.
    exclude
        Decisions of a review, or a table of ``participant_id`` and ``reason``.
    choice
        Sessions and runs to process; scans of others are left out of the comparison.

    Raises
    ------
    ConfigError
        If the dataset, a label or OUT cannot be used.
    """
    known = find_participants(bids_dir)
    check_apart(bids_dir, out)
    table = read_participants(bids_dir)
    _check_one_to_one(known, table)
    wanted = dict.fromkeys(f"sub-{bare_label(label)}" for label in labels)
    check_known(wanted, [who.participant_id for who in table.values()])
    scans = find_scans(bids_dir, (table[label] for label in known))
    keys = dict.fromkeys(scan.key for scan in scans)
    excluded = _excluded(read_excluded(exclude) if exclude else {}, keys)
    if choice:
        among = choice.among(keys)
        excluded = {k: choice.reason() for k in keys if k not in among} | excluded
        keys = {k: None for k in keys if k in among}
    chosen = tuple(k for k in keys if not wanted or k.participant_id in wanted)
    if not chosen:
        msg = (
            "The chosen participants must have a scan in the chosen sessions and runs: got "
            f"none for {listed(wanted)}. Choose others."
        )
        raise ConfigError(msg)
    return Cohort(scans, chosen, bids_dir, out, config, excluded)


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
    key = name_scan(label, image, None, suffix="T1w").key
    participant = Participant(
        label, body_mass_kg=body_mass_kg, side=side, session=key.session, run=key.run
    )
    return Cohort(
        (participant,),
        (participant.key,),
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


def _excluded(reasons: Mapping[ScanKey, str], known: Collection[ScanKey]) -> dict[ScanKey, str]:
    """Give the reason of each scan, where one for a participant concerns all of its scans."""
    unknown = [key.name for key in reasons if not key.among(known)]
    check_known(unknown, [key.name for key in known])
    return {scan: reason for key, reason in reasons.items() for scan in key.among(known)}


def check_known(names: Collection[str], known: Collection[str]) -> None:
    """Refuse names that no participant has.

    Raises
    ------
    ConfigError
        Naming them, and the nearest known names.
    """
    unknown = [name for name in names if name not in known]
    if unknown:
        msg = (
            f"Participants must be in the dataset: got {listed(unknown)}, not among its "
            f"{len(known)}. Nearest to {unknown[0]!r}: {nearest(unknown[0], known)}."
        )
        raise ConfigError(msg)
