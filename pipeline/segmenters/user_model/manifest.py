"""Manifests of user models: what a network needs as input and gives as output."""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, Field, ValidationError, field_validator

from pipeline.domain.anatomy import BONE_NAMES, FRAME_BONES, MUSCLE_NAMES, MUSCLES
from pipeline.errors import ConfigError

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
_REQUIRED = {*MUSCLE_NAMES, *(bone + _FIRST_BONE for bone in FRAME_BONES)}


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
    lacking = _REQUIRED - {_CLASSES[name.lower()] for name in labels.values()}
    if lacking:
        names = [name for name, label in _CLASSES.items() if label in lacking]
        named = [n for n in names if n in {*MUSCLE_NAMES.values(), *BONE_NAMES.values()}]
        msg = (
            "all twelve muscles, as a missing one would be reported as 0 cm3, and the bones "
            f"that determine the border and the side, got no {', '.join(named)}"
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
    """What every manifest states."""

    name: _Word
    """Written with the version into every table."""
    version: _Word
    orientation: _Orientation
    """Where the axes of the input point: R or L, A or P, S or I, such as ``RAS``."""
    refine: bool
    """Whether the boundaries are refined by the scan's own intensity."""
    labels: _Labels
    """Structure of each output channel, from 0; several channels may share a structure."""

    @property
    def classes(self) -> tuple[int, ...]:
        """Class of each channel: 0 background, then the labels of muscles, then of bones."""
        return tuple(_CLASSES[self.labels[str(c)].lower()] for c in range(len(self.labels)))


class OnnxManifest(ModelManifest, frozen=True, extra="forbid"):
    """The manifest of an ONNX file, a TOML file beside it."""

    file: _FileName
    """The ONNX file, in the folder of the manifest."""
    sha256: _Sha256
    """Of the ONNX file."""
    spacing_mm: tuple[_Spacing, _Spacing, _Spacing]
    """Spacing of the input along its three axes."""
    normalisation: Literal["percentile", "zscore", "none"]
    """Of the preprocessed scan; ``percentile`` maps `percentiles` to 0 and 1 and clips."""
    percentiles: tuple[_Percentile, _Percentile] = (1.0, 99.0)
    output: Literal["chances", "scores"]
    """Whether the output is probabilities (``chances``), or needs a softmax (``scores``)."""
    size_voxels: tuple[_Size, _Size, _Size] | None = None
    """Of a tile of input; None for the size that the file fixes, or else the whole scan."""
    multiple_of: _Size = 1
    """The whole scan is padded to a multiple of this many voxels."""

    @field_validator("percentiles")
    @classmethod
    def _rise(cls, percentiles: tuple[float, float]) -> tuple[float, float]:
        if percentiles[0] >= percentiles[1]:
            msg = f"percentiles that rise, got {percentiles}"
            raise ValueError(msg)
        return percentiles


class NnunetManifest(ModelManifest, frozen=True, extra="forbid"):
    """The manifest of a results folder of nnU-Net v2, a TOML file beside it.

    The folder's own ``plans.json`` states spacing, normalisation and size.
    """

    folder: _FileName
    """Such as ``nnUNetTrainer__nnUNetPlans__3d_fullres``, in the folder of the manifest."""
    files: _NnunetFiles
    """Sha256 of each file that is read: both JSON files and one checkpoint per fold."""

    @property
    def checkpoints(self) -> tuple[str, ...]:
        """The weights of the folds, whose predictions are averaged."""
        return tuple(sorted(name for name in self.files if name.endswith(".pth")))


Manifest = TypeVar("Manifest", bound=ModelManifest)


def parse_manifest(content: Mapping[str, Any], where: str, kind: type[Manifest]) -> Manifest:
    """Check the content of a manifest.

    Parameters
    ----------
    where
        Name of its file, for error messages.

    Raises
    ------
    ConfigError
        If a key is unknown, missing, or has a value that is not allowed.
    """
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        key = ".".join(str(level) for level in fault["loc"])
        rule = str(fault["msg"])
        got = "" if fault["type"] in {"value_error", "missing"} else f", got {fault['input']!r}"
        rule = rule.replace("Value error, ", "it needs ").replace("Input ", "it ")
        msg = (
            f"The manifest of a model must hold what docs/own_model.md lists: {key!r} in "
            f"{where!r} does not fit ({rule[0].lower() + rule[1:]}{got}). Correct it."
        )
        raise ConfigError(msg) from error


def check_sha256(content: bytes, file: str, expected: str) -> None:
    """Compare the sha256 of a file with that of the manifest.

    Raises
    ------
    ConfigError
        If they differ.
    """
    got = hashlib.sha256(content).hexdigest()
    if got != expected:
        msg = (
            f"The model {file!r} must be that of its manifest: got sha256 {got[:12]}, where "
            f"the manifest says {expected[:12]}. Take the right file, or correct the manifest "
            "if you changed the model."
        )
        raise ConfigError(msg)
