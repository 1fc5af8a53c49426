"""Records of the user's own networks: TOML files that say what a network needs and gives."""

import hashlib
import tomllib
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, Field, ValidationError, field_validator

from pipeline.domain.anatomy import BONE_NAMES, FRAME_BONES, MUSCLE_NAMES, MUSCLES
from pipeline.errors import ConfigError
from pipeline.toml import parse_toml

BACKGROUND_NAME = "background"
PLANS, DATASET = "plans.json", "dataset.json"
_AXES = ({"R", "L"}, {"A", "P"}, {"S", "I"})
_FIRST_BONE = len(MUSCLE_NAMES)
_CLASSES = {
    BACKGROUND_NAME: 0,
    **{m.abbreviation.lower(): m.index for m in MUSCLES},
    **{name: label for label, name in MUSCLE_NAMES.items()},
    **{name: label + _FIRST_BONE for label, name in BONE_NAMES.items()},
}
_NEEDED = {*MUSCLE_NAMES, *(bone + _FIRST_BONE for bone in FRAME_BONES)}


def _one_letter_per_axis(orientation: str) -> str:
    if len(orientation) != 3 or any(len(a & {*orientation}) != 1 for a in _AXES):
        msg = f"one letter each of R or L, A or P, S or I, got {orientation!r}"
        raise ValueError(msg)
    return orientation


def _known_and_enough(labels: dict[str, str]) -> dict[str, str]:
    if {*labels} != {str(channel) for channel in range(len(labels))}:
        msg = f"every channel from 0 on, got {', '.join(labels)}"
        raise ValueError(msg)
    unknown = sorted(n for n in labels.values() if n.lower() not in _CLASSES)
    if unknown:
        msg = (
            f"names or abbreviations of footvol info, or {BACKGROUND_NAME!r}, "
            f"got {', '.join(map(repr, unknown))}"
        )
        raise ValueError(msg)
    lacking = _NEEDED - {_CLASSES[name.lower()] for name in labels.values()}
    if lacking:
        names = [name for name, label in _CLASSES.items() if label in lacking]
        named = [n for n in names if n in {*MUSCLE_NAMES.values(), *BONE_NAMES.values()}]
        msg = (
            "all twelve muscles, as one that is not looked for would be told as 0 cm3, and "
            f"the bones that the border and the side are found by, got no {', '.join(named)}"
        )
        raise ValueError(msg)
    return labels


def _plans_and_checkpoints(files: dict[str, str]) -> dict[str, str]:
    folds = {name for name in files if name.startswith("fold_") and name.endswith(".pth")}
    if not folds or {*files} - folds != {PLANS, DATASET}:
        msg = f"{PLANS}, {DATASET} and fold_*/*.pth, got {', '.join(sorted(files)) or 'none'}"
        raise ValueError(msg)
    return files


_Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$")]
_FileName = Annotated[str, Field(pattern=r"^[^/\\]+$")]
_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Orientation = Annotated[str, AfterValidator(_one_letter_per_axis)]
_Labels = Annotated[dict[str, str], AfterValidator(_known_and_enough)]
_NnunetFile = Annotated[str, Field(pattern=r"^(fold_\w+/)?\w[\w.-]*$")]
_NnunetFiles = Annotated[dict[_NnunetFile, _Sha256], AfterValidator(_plans_and_checkpoints)]
_Spacing = Annotated[float, Field(gt=0, le=20)]
_Size = Annotated[int, Field(gt=0)]
_Percentile = Annotated[float, Field(ge=0, le=100)]


class ModelManifest(BaseModel, frozen=True, extra="forbid"):
    """What must be known of any network to use it."""

    name: _Word
    """Stands with the version in every table."""
    version: _Word
    orientation: _Orientation
    """Where the input's axes lead: letters of R or L, A or P, S or I, such as ``RAS``."""
    refine: bool
    """Whether the scan's own brightness decides the muscles' borders."""
    labels: _Labels
    """Structure of each output channel, from 0; several channels may be one structure."""

    @property
    def classes(self) -> tuple[int, ...]:
        """Class of each channel: 0 none, then the muscles' labels, then the bones'."""
        return tuple(_CLASSES[self.labels[str(c)].lower()] for c in range(len(self.labels)))


class OnnxManifest(ModelManifest, frozen=True, extra="forbid"):
    """What must be known of an ONNX file, as a TOML file beside it tells."""

    file: _FileName
    """The ONNX file, in the folder of the record."""
    sha256: _Sha256
    """Of the ONNX file."""
    spacing_mm: tuple[_Spacing, _Spacing, _Spacing]
    """Of the input's voxels, along its three axes."""
    normalisation: Literal["percentile", "zscore", "none"]
    """Of the preprocessed scan; ``percentile`` brings `percentiles` to 0 and 1 and cuts."""
    percentiles: tuple[_Percentile, _Percentile] = (1.0, 99.0)
    output: Literal["chances", "scores"]
    """Chances add up to 1 over the channels; scores become so by softmax."""
    size_voxels: tuple[_Size, _Size, _Size] | None = None
    """Of the input, tiled over the scan; None for the file's own, or else the whole scan."""
    multiple_of: _Size = 1
    """The whole scan is padded to a multiple of so many voxels."""

    @field_validator("percentiles")
    @classmethod
    def _rise(cls, percentiles: tuple[float, float]) -> tuple[float, float]:
        if percentiles[0] >= percentiles[1]:
            msg = f"percentiles that rise, got {percentiles}"
            raise ValueError(msg)
        return percentiles


class NnunetManifest(ModelManifest, frozen=True, extra="forbid"):
    """What must be known of a results folder of nnU-Net v2, as a TOML file beside it tells.

    Spacing, normalisation and size are in the folder's own ``plans.json``.
    """

    folder: _FileName
    """Such as ``nnUNetTrainer__nnUNetPlans__3d_fullres``, in the folder of the record."""
    files: _NnunetFiles
    """Sha256 of what is read of the folder: both JSON files and one checkpoint for a fold."""

    @property
    def checkpoints(self) -> tuple[str, ...]:
        """The folds' weights, whose probabilities are averaged."""
        return tuple(sorted(name for name in self.files if name.endswith(".pth")))


Record = TypeVar("Record", bound=ModelManifest)


def parse_manifest(text: str, where: str, kind: type[Record]) -> Record:
    """Read the record of a network.

    Parameters
    ----------
    where
        Name of the file, for the sentence of an error.

    Raises
    ------
    ConfigError
        If it is not TOML, or a key is unknown, missing or not allowed.
    """
    try:
        return kind.model_validate(parse_toml(text))
    except tomllib.TOMLDecodeError as error:
        msg = f"The record of a model must be TOML: got {where!r} ({error}). Correct that line."
        raise ConfigError(msg) from error
    except ValidationError as error:
        fact = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in fact["loc"])
        rule = str(fact["msg"])
        got = "" if fact["type"] in {"value_error", "missing"} else f", got {fact['input']!r}"
        rule = rule.replace("Value error, ", "it needs ").replace("Input ", "it ")
        msg = (
            f"The record of a model must hold what docs/usage.md lists: {key!r} in {where!r} "
            f"does not fit ({rule[0].lower() + rule[1:]}{got}). Correct it."
        )
        raise ConfigError(msg) from error


def check_sha256(content: bytes, file: str, expected: str) -> None:
    """Hold a file to its record.

    Raises
    ------
    ConfigError
        If it is another.
    """
    got = hashlib.sha256(content).hexdigest()
    if got != expected:
        msg = (
            f"The model {file!r} must be that of its record: got sha256 {got[:12]}, where the "
            f"record says {expected[:12]}. Take the right file, or correct the record if you "
            "changed the model."
        )
        raise ConfigError(msg)
