"""What is asked for one participant, and what comes of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.config import PipelineConfig
from pipeline.domain.participant import Participant
from pipeline.domain.scan import Contrast, Side
from pipeline.errors import ArtefactError, ConfigError, PipelineError, ScanError
from pipeline.run.outputs import (
    BONES_CORRECTION,
    FAT,
    MODEL,
    MUSCLES_CORRECTION,
    SCAN,
    WATER,
    path_of,
)
from pipeline.run.plan import Stage
from pipeline.run.stage_cache import hash_of
from pipeline.run.user_models import model_files
from pipeline.store.bids import name_scan
from pipeline.store.contrast import stated_contrast
from pipeline.store.corrections import FOLDER, find_corrections
from pipeline.store.files import sha256_of
from pipeline.store.images import read_sidecar
from pipeline.store.names import ScanName, sidecar_of
from pipeline.store.provenance import code_version, library_versions
from pipeline.store.raw_scans import find_fat_image, find_scan

OK, NOT_RUN = "ok", "not run"


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked for one participant; can be sent to another process.

    Parameters
    ----------
    bids_dir
        Where the scan is looked up, unless `image` names it.
    stages
        Names of the stages to do, in order.
    image
        The scan itself, where there is no BIDS dataset.
    side
        Side that the user claims.
    contrast
        What the user says that the scan shows.
    """

    participant: Participant
    bids_dir: Path
    out: Path
    config: PipelineConfig
    stages: tuple[str, ...]
    image: Path | None = None
    side: Side | None = None
    force: bool = False
    contrast: Contrast | None = None

    @property
    def label(self) -> str:
        """Participant label, without the prefix."""
        return self.participant.label

    @property
    def log_dir(self) -> Path:
        """Where the records of all stages lie."""
        return self.out / "logs" / self.participant.participant_id

    def record_path(self, stage: str) -> Path:
        """Where the record of a stage lies."""
        return self.log_dir / f"{stage}.json"

    def locate(self) -> "Located":
        """Find the scan, and from its name where everything goes."""
        if self.image is not None:
            shown = stated_contrast(self.image, read_sidecar(self.image), self.contrast)
            name = name_scan(self.label, self.image, shown, suffix="T1w")
            return Located(self, self.image, name)
        raw = find_scan(self.bids_dir, self.label)
        return Located(self, raw, ScanName.parse(raw))


@dataclass(frozen=True, slots=True)
class Located:
    """A job whose scan is known."""

    job: Job
    raw: Path
    name: ScanName

    def relative(self, artefact: str) -> str:
        """Path of an artefact below OUT."""
        return path_of(artefact, self.name).as_posix()

    def path(self, artefact: str) -> Path:
        """Path of an artefact on disk."""
        return self.raw if artefact == SCAN else self.job.out / self.relative(artefact)

    def sources(self, stage: Stage) -> dict[str, Path]:
        """Give what a stage reads by BIDS URI; a scan's sidecar is part of it."""
        files: dict[str, Path] = {}
        for artefact in stage.reads:
            path = self.path(artefact)
            if artefact == SCAN:
                pair = filter(Path.is_file, (path, sidecar_of(path)))
                files |= {self.raw_uri(file): file for file in pair}
            else:
                files[f"bids::{self.relative(artefact)}"] = path
        for artefact, path in self.optional(stage).items():
            if artefact in {WATER, FAT}:
                uri = self.raw_uri(path)
            elif artefact == MODEL:
                uri = f"bids:model:{path.name}"
                own = model_files(path, self.job.config.segment.segmenter)
                files |= {f"bids:model:{name}": file for name, file in own.items()}
            else:
                uri = f"bids::{FOLDER}/{path.name}"
            files[uri] = path
        return files

    def optional(self, stage: Stage) -> dict[str, Path]:
        """Give the files, by artefact, that a stage may read and that are there.

        Raises
        ------
        ArtefactError
            If a correction bears no name that tells what it corrects.
        ConfigError
            If the settings name a model that is not there.
        """
        if not stage.may_read:
            return {}
        found = find_corrections(self.job.out, self.name)
        fat = find_fat_image(self.raw, self.job.contrast)
        own = self.job.config.segment.model
        places = {
            MUSCLES_CORRECTION: found.get("muscles"),
            BONES_CORRECTION: found.get("bones"),
            WATER: self.raw if fat else None,
            FAT: fat,
            MODEL: Path(own) if own else None,
        }
        return {
            artefact: path
            for artefact in stage.may_read
            if (path := places[artefact]) is not None
        }

    def inputs(self, stage: Stage) -> dict[str, str]:
        """Hash what a stage reads."""
        return {name: sha256_of(path) for name, path in self.sources(stage).items()}

    def key(self, stage: Stage, inputs: Mapping[str, str]) -> str:
        """Hash all that decides what a stage writes."""
        config = self.job.config.model_dump(mode="json")
        segmenter = self.job.config.segment.segmenter if MODEL in stage.may_read else None
        return hash_of(
            {
                "inputs": dict(inputs),
                "settings": {section: config[section] for section in stage.settings},
                "sides": [self.job.side, self.job.participant.side],
                "contrast": self.job.contrast,
                "code": code_version(),
                "libraries": library_versions(segmenter),
            }
        )

    def raw_uri(self, file: Path) -> str:
        """Give the BIDS URI of a raw file; one outside the dataset goes by its name."""
        inside = self.job.image is None and file.is_relative_to(self.job.bids_dir)
        name = file.relative_to(self.job.bids_dir).as_posix() if inside else file.name
        return f"bids:raw:{name}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went for one participant.

    Parameters
    ----------
    status
        ``ok``, ``failed`` or ``not run``.
    reason
        One sentence, where the status is not ``ok``.
    code
        Exit code that a failure stands for; 1 is a bug of ours.
    stages
        Stages that were or are to be done; empty if all was up to date.
    """

    participant: Participant
    status: str = OK
    reason: str | None = None
    code: int = 0
    stages: tuple[str, ...] = ()


def exit_code(outcomes: Iterable[Outcome], *, is_single_stage: bool = False) -> int:
    """Give the exit code of a command over many participants.

    A bug of ours goes before all. Settings and artefacts give their own code where
    nothing else went wrong; so does any failure of a single stage. Else a failed
    participant is 3.
    """
    codes = {outcome.code for outcome in outcomes if outcome.code}
    if not codes or PipelineError.exit_code in codes:
        return min(codes, default=0)
    not_the_scans = {ConfigError.exit_code, ArtefactError.exit_code}
    keeps_own = len(codes) == 1 and (is_single_stage or codes <= not_the_scans)
    return codes.pop() if keeps_own else ScanError.exit_code
