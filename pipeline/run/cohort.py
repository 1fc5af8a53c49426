"""Who is worked on, and where it goes."""

import csv
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.config import PipelineConfig, to_toml
from pipeline.domain.participant import Participant
from pipeline.domain.scan import Side
from pipeline.errors import ConfigError, ScanError
from pipeline.run.job import Job
from pipeline.run.plan import stage_names
from pipeline.run.records import check_unaltered, read_record
from pipeline.store.corrections import check_owners
from pipeline.store.files import remove_dead_scratch, written_whole
from pipeline.store.models import model_files
from pipeline.store.names import bare_label, find_participants, without_ending
from pipeline.store.provenance import write_dataset_files
from pipeline.store.tables import read_participants

COHORT_TABLES = (
    *("volumes.tsv", "muscles.tsv", "statistics.tsv"),
    *("statistics.md", "statistics.tex", "statistics.csv"),
    *("border_sweep.tsv", "border_statistics.tsv"),
)


@dataclass(frozen=True, slots=True)
class Cohort:
    """All participants of one output folder.

    Parameters
    ----------
    chosen
        Labels that this run works on; the tables have all participants.
    excluded
        Reason by label of those that are left out of the comparison.
    image
        The scan of the only participant, where there is no BIDS dataset.
    """

    participants: tuple[Participant, ...]
    chosen: tuple[str, ...]
    bids_dir: Path
    out: Path
    config: PipelineConfig
    excluded: Mapping[str, str] = field(default_factory=dict)
    image: Path | None = None
    side: Side | None = None

    @property
    def record_path(self) -> Path:
        """Where the record of the tables lies."""
        return self.out / "logs" / "tables.json"

    def jobs(self, stages: Sequence[str] = (), *, force: bool = False) -> list[Job]:
        """Give one job per chosen participant, for these stages or all."""
        return [
            self.job(participant, stages, force=force)
            for participant in self.participants
            if participant.label in self.chosen
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
        Those to work on, with or without ``sub-``; none means all.
    exclude
        Table of ``participant_id`` and ``reason``.

    Raises
    ------
    ConfigError
        If dataset, labels or OUT cannot be used.
    """
    known = find_participants(bids_dir)
    _check_apart(bids_dir, out)
    table = read_participants(bids_dir)
    _check_one_to_one(known, tuple(table))
    return Cohort(
        tuple(table[label] for label in known),
        _check_known([bare_label(label) for label in labels], known) or known,
        bids_dir,
        out,
        config,
        _read_excluded(exclude, known) if exclude else {},
    )


def open_scan(
    image: Path,
    out: Path,
    config: PipelineConfig,
    side: Side | None,
    body_mass_kg: float | None,
) -> Cohort:
    """Make a cohort of one scan, named after its file.

    Raises
    ------
    ScanError
        If there is no such file.
    ConfigError
        If its name has no letter or digit.
    """
    if not image.is_file():
        msg = (
            f"A scan must be an image file: got {str(image)!r}, which is none. Check the path."
        )
        raise ScanError(msg)
    label = re.sub(r"[^A-Za-z0-9]", "", without_ending(image).removeprefix("sub-"))
    if not label:
        msg = f"A scan's file name must have a letter or digit: got {image.name!r}. Rename it."
        raise ConfigError(msg)
    participant = Participant(label, body_mass_kg=body_mass_kg, side=side)
    return Cohort((participant,), (label,), image.parent, out, config, image=image, side=side)


def prepare_out(cohort: Cohort, *, force: bool = False) -> None:
    """Write what makes OUT a dataset, and the resolved settings; clear away what a kill left.

    Raises
    ------
    ConfigError
        If OUT cannot be written to, or holds a correction of nobody's scan; or if the
        settings name a model that is not there.
    ArtefactError
        If somebody edited the tables there, unless `force` is set.
    """
    check_owners(cohort.out, [participant.label for participant in cohort.participants])
    if cohort.config.segment.model:
        model_files(Path(cohort.config.segment.model), cohort.config.segment.segmenter)
    if not force:
        check_unaltered(read_record(cohort.record_path), cohort.out)
    raw = (
        None if cohort.image else Path(os.path.relpath(cohort.bids_dir, cohort.out)).as_posix()
    )
    remove_dead_scratch(cohort.out, cohort.out / "figures", cohort.out / "logs")
    try:
        write_dataset_files(cohort.out, raw=raw)
        with written_whole(cohort.out / "config.toml") as scratch:
            scratch.write_text(to_toml(cohort.config), encoding="utf-8")
    except OSError as error:
        msg = (
            f"The output folder must be writable: got {str(cohort.out)!r}, where the system "
            f"says {error.strerror!r}. Choose another folder."
        )
        raise ConfigError(msg) from error


def _check_apart(bids_dir: Path, out: Path) -> None:
    raw, target = bids_dir.resolve(), out.resolve()
    inside = target.relative_to(raw).parts if target.is_relative_to(raw) else None
    if inside is not None and (not inside or inside[0].startswith("sub-")):
        msg = (
            "OUT must not be the raw dataset nor a participant's folder in it: got "
            f"{str(out)!r}. Name another folder."
        )
        raise ConfigError(msg)


def _check_one_to_one(folders: Sequence[str], rows: Sequence[str]) -> None:
    without_row = [f"sub-{label}" for label in folders if label not in rows]
    without_folder = [f"sub-{label}" for label in rows if label not in folders]
    if without_row or without_folder:
        msg = (
            "participants.tsv must have one row for each participant's folder: got folders "
            f"without a row {without_row}, rows without a folder {without_folder}. "
            "Add or remove what is wrong."
        )
        raise ConfigError(msg)


def _check_known(labels: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    unknown = [f"sub-{label}" for label in labels if label not in known]
    if unknown:
        listed = ", ".join(f"sub-{label}" for label in known)
        msg = f"Participants must be in the dataset: got {unknown}. Known: {listed}."
        raise ConfigError(msg)
    return tuple(label for label in known if label in labels)


def _read_excluded(path: Path, known: Sequence[str]) -> dict[str, str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        msg = (
            f"--exclude must be a readable table: got {str(path)!r} ({error}). Check the path."
        )
        raise ConfigError(msg) from error
    if any(not row.get("participant_id") or row.get("reason") is None for row in rows):
        msg = (
            "--exclude must be a TSV with participant_id and reason in every row: got "
            f"{path.name!r} without. Add them; write n/a for no reason."
        )
        raise ConfigError(msg)
    reasons = {bare_label(row["participant_id"]): row["reason"] for row in rows}
    _check_known([*reasons], known)
    return reasons
