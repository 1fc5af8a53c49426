"""The work on one participant: stages, files, and the cache key of each stage."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pipeline.config import PipelineConfig
from pipeline.domain.participant import Participant
from pipeline.domain.scan import Contrast, Side
from pipeline.errors import ArtefactError
from pipeline.run.dependencies import code_hash, versions_of
from pipeline.run.outputs import (
    BONES_CORRECTION,
    FAT,
    MODEL,
    MUSCLES_CORRECTION,
    PROBABILITY,
    SCAN,
    WATER,
    path_of,
)
from pipeline.run.plan import Stage, module_of
from pipeline.run.stage_cache import StageRecord, hash_of, read_record
from pipeline.run.user_models import model_files
from pipeline.store.contrast import stated_contrast
from pipeline.store.correction_files import FOLDER, find_corrections
from pipeline.store.files import sha256_of
from pipeline.store.kept_labels import KeptLabels
from pipeline.store.names import ScanName, name_scan, sidecar_of
from pipeline.store.raw_scans import find_fat_image, find_scan
from pipeline.store.sidecars import read_sidecar


@dataclass(frozen=True, slots=True)
class Job:
    """The stages to run for one scan; can be sent to another process.

    Parameters
    ----------
    bids_dir
        Dataset that contains the scan, unless `image` is given.
    stages
        Names of the stages to run, in order.
    image
        The scan, where there is no BIDS dataset.
    side, contrast
        As given on the command line.
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
    def name(self) -> str:
        """Participant, session and run, as in records, logs and events."""
        return self.participant.key.name

    @property
    def log_dir(self) -> Path:
        """Folder of the stage records."""
        return self.out / "logs" / self.name

    def record_path(self, stage: str) -> Path:
        """File of the record of a stage."""
        return self.log_dir / f"{stage}.json"

    def record(self, stage: str) -> StageRecord | None:
        """Read the record of a stage, as `read_record`."""
        return read_record(self.record_path(stage), force=self.force)

    def locate(self) -> "LocatedJob":
        """Find the scan; the names of all outputs follow from its name."""
        if self.image is not None:
            stated = stated_contrast(self.image, read_sidecar(self.image), self.contrast)
            name = name_scan(self.label, self.image, stated, suffix="T1w")
            return LocatedJob(self, self.image, name)
        raw = find_scan(self.bids_dir, self.participant.key)
        return LocatedJob(self, raw, ScanName.parse(raw))


@dataclass(frozen=True, slots=True)
class LocatedJob:
    """A job and the scan that was found for it.

    Parameters
    ----------
    sha256
        Gives the sha256 of a file; each file is read once, until the job is `fresh`.
    """

    job: Job
    raw: Path
    name: ScanName
    sha256: Callable[[Path], str] = field(
        default_factory=lambda: cache(sha256_of), compare=False, repr=False
    )

    def fresh(self) -> "LocatedJob":
        """Give the same job after files have changed, of which no sha256 is known."""
        return LocatedJob(self.job, self.raw, self.name)

    def check_scan(self) -> None:
        """Refuse a scan that does not exist.

        Raises
        ------
        ArtefactError
            If the scan is missing, such as a link without a target.
        """
        if not self.raw.exists():
            msg = (
                f"A scan must exist: got {str(self.raw)!r}, which is not there. Check the path."
            )
            raise ArtefactError(msg)

    def relative(self, output: str) -> str:
        """Path of an output below OUT."""
        return path_of(output, self.name).as_posix()

    def path(self, name: str) -> Path:
        """Path of the scan or of an output on disk."""
        return self.raw if name == SCAN else self.job.out / self.relative(name)

    def targets(self, stage: Stage) -> list[str]:
        """Give the paths below OUT that a stage may write, with their sidecars."""
        paths = [Path(self.relative(output)) for output in stage.targets]
        return [path.as_posix() for target in paths for path in (target, sidecar_of(target))]

    def read_paths(self, stage: Stage) -> dict[str, Path]:
        """Give the input files of a stage by name, with the optional ones that exist."""
        return {name: self.path(name) for name in stage.reads} | self.optional(stage)

    def sources(self, stage: Stage) -> dict[str, Path]:
        """Give the input files of a stage by BIDS URI; a scan includes its sidecar."""
        files: dict[str, Path] = {}
        for name in stage.reads:
            path = self.path(name)
            if name == SCAN:
                pair = filter(Path.is_file, (path, sidecar_of(path)))
                files |= {self.raw_uri(file): file for file in pair}
            else:
                files[f"bids::{self.relative(name)}"] = path
        for name, path in self.optional(stage).items():
            if name in {WATER, FAT}:
                uri = self.raw_uri(path)
            elif name == MODEL:
                uri = f"bids:model:{path.name}"
                model = model_files(path, self.job.config.segment.segmenter)
                files |= {f"bids:model:{key}": file for key, file in model.items()}
            elif name == PROBABILITY:
                uri = f"bids::{self.relative(name)}"
            else:
                uri = f"bids::{FOLDER}/{path.name}"
            files[uri] = path
        return files

    def optional(self, stage: Stage) -> dict[str, Path]:
        """Give the optional input files of a stage that exist, by name.

        Raises
        ------
        ArtefactError
            If the name of a correction does not identify the label map that it corrects.
        ConfigError
            If the settings name a model that does not exist.
        """
        if not stage.may_read:
            return {}
        corrections = find_corrections(self.job.out, self.name)
        fat = find_fat_image(self.raw, self.job.contrast)
        model = self.job.config.segment.model
        probability = self.path(PROBABILITY)
        places = {
            MUSCLES_CORRECTION: corrections.get("muscles"),
            BONES_CORRECTION: corrections.get("bones"),
            WATER: self.raw if fat else None,
            FAT: fat,
            MODEL: Path(model) if model else None,
            PROBABILITY: probability if probability.exists() else None,
        }
        return {name: path for name in stage.may_read if (path := places[name]) is not None}

    def inputs(self, stage: Stage) -> dict[str, str]:
        """Give the sha256 of the input files of a stage, by BIDS URI."""
        return {uri: self.sha256(path) for uri, path in self.sources(stage).items()}

    def key(self, stage: Stage, inputs: Mapping[str, str]) -> str:
        """Give the cache key: the hash of all that the outputs of a stage depend on."""
        return hash_of(self.key_parts(stage, inputs))

    def key_parts(self, stage: Stage, inputs: Mapping[str, str]) -> dict[str, str]:
        """Give the hash of each part of the cache key, by which `status` says what changed."""
        module = module_of(stage.name)
        parts = {
            "inputs": dict(inputs),
            "settings": self.job.config.model_dump(mode="json", include={*stage.settings}),
            "sides": [self.job.side, self.job.participant.side],
            "contrast": self.job.contrast,
            "code": code_hash(module),
            "libraries": versions_of(module, self.job.config.segment.segmenter),
        }
        return {name: hash_of({name: part}) for name, part in parts.items()}

    def kept(self, stage: Stage, inputs: Mapping[str, str]) -> KeptLabels | None:
        """Say where the segmenter's labels are kept; None for a stage without corrections."""
        if MUSCLES_CORRECTION not in stage.may_read:
            return None
        corrections = f"bids::{FOLDER}/"
        own = {uri: sha for uri, sha in inputs.items() if not uri.startswith(corrections)}
        return KeptLabels(self.job.log_dir / "segmenter.npz", self.key(stage, own))

    def raw_uri(self, file: Path) -> str:
        """Give the BIDS URI of a raw file; outside the dataset, its name is used."""
        inside = self.job.image is None and file.is_relative_to(self.job.bids_dir)
        name = file.relative_to(self.job.bids_dir).as_posix() if inside else file.name
        return f"bids:raw:{name}"
