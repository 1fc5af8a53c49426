"""A network of the user's own: its record, and the ONNX file that it tells of."""

import hashlib
import tomllib
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, ValidationError, field_validator
from scipy.special import softmax

from pipeline.domain.anatomy import BONE_NAMES, FRAME_BONES, MUSCLE_NAMES, MUSCLES
from pipeline.errors import ConfigError
from pipeline.segmenters.weights import session_of

BACKGROUND_NAME = "background"
_AXES = ({"R", "L"}, {"A", "P"}, {"S", "I"})
_OFF_ONE = 0.01  # of chances that were rounded to half precision
_FIRST_BONE = len(MUSCLE_NAMES)
_CLASSES = {
    BACKGROUND_NAME: 0,
    **{m.abbreviation.lower(): m.index for m in MUSCLES},
    **{name: label for label, name in MUSCLE_NAMES.items()},
    **{name: label + _FIRST_BONE for label, name in BONE_NAMES.items()},
}
_NEEDED = {*MUSCLE_NAMES, *(bone + _FIRST_BONE for bone in FRAME_BONES)}
_Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$")]
_Spacing = Annotated[float, Field(gt=0, le=20)]
_Size = Annotated[int, Field(gt=0)]
_Percentile = Annotated[float, Field(ge=0, le=100)]


class ModelRecord(BaseModel, frozen=True, extra="forbid"):
    """What must be known of a network to use it, as a TOML file beside it tells."""

    name: _Word
    """Stands with the version in every table."""
    version: _Word
    file: Annotated[str, Field(pattern=r"^[^/\\]+$")]
    """The ONNX file, in the folder of the record."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Of the ONNX file."""
    spacing_mm: tuple[_Spacing, _Spacing, _Spacing]
    """Of the input's voxels, along its three axes."""
    orientation: str
    """Where the input's axes lead: letters of R or L, A or P, S or I, such as ``RAS``."""
    normalisation: Literal["percentile", "zscore", "none"]
    """Of the preprocessed scan; ``percentile`` brings `percentiles` to 0 and 1 and cuts."""
    percentiles: tuple[_Percentile, _Percentile] = (1.0, 99.0)
    output: Literal["chances", "scores"]
    """Chances add up to 1 over the channels; scores become so by softmax."""
    refine: bool
    """Whether the scan's own brightness decides the muscles' borders."""
    size_voxels: tuple[_Size, _Size, _Size] | None = None
    """Of the input, tiled over the scan; None for the file's own, or else the whole scan."""
    multiple_of: _Size = 1
    """The whole scan is padded to a multiple of so many voxels."""
    labels: dict[str, str]
    """Structure of each output channel, from 0; several channels may be one structure."""

    @field_validator("orientation")
    @classmethod
    def _one_letter_per_axis(cls, orientation: str) -> str:
        if len(orientation) != 3 or any(len(a & {*orientation}) != 1 for a in _AXES):
            msg = f"one letter each of R or L, A or P, S or I, got {orientation!r}"
            raise ValueError(msg)
        return orientation

    @field_validator("percentiles")
    @classmethod
    def _rise(cls, percentiles: tuple[float, float]) -> tuple[float, float]:
        if percentiles[0] >= percentiles[1]:
            msg = f"percentiles that rise, got {percentiles}"
            raise ValueError(msg)
        return percentiles

    @field_validator("labels")
    @classmethod
    def _known_and_enough(cls, labels: dict[str, str]) -> dict[str, str]:
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
                "the bones that the border and the side are found by, got no "
                f"{', '.join(named)}"
            )
            raise ValueError(msg)
        return labels

    @property
    def classes(self) -> tuple[int, ...]:
        """Class of each channel: 0 none, then the muscles' labels, then the bones'."""
        return tuple(_CLASSES[self.labels[str(c)].lower()] for c in range(len(self.labels)))


@dataclass(frozen=True, slots=True, eq=False)
class OwnModel:
    """A network that fits its record.

    Parameters
    ----------
    session
        An onnxruntime session.
    size
        Voxels of the input; None if any will do.
    """

    record: ModelRecord
    session: Any
    size: tuple[int, int, int] | None

    def chances(self, shown: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give the chance of each channel at each voxel, channels first.

        Raises
        ------
        ConfigError
            If the network does not run, or gives other than its record says.
        """
        name = self.session.get_inputs()[0].name
        try:
            (output,) = self.session.run(None, {name: shown[None, None]})
        except Exception as error:  # onnxruntime's errors have no base of their own
            msg = (
                f"The model {self.record.file!r} must run on {shown.shape} voxels: got "
                f"{_first_line(error)}. Set size_voxels or multiple_of in its record."
            )
            raise ConfigError(msg) from error
        expected = (1, len(self.record.labels), *shown.shape)
        if output.shape != expected:
            msg = (
                f"The model {self.record.file!r} must give its labels at every voxel it is "
                f"shown, {expected}: got {output.shape}. Correct the model or its labels."
            )
            raise ConfigError(msg)
        found: NDArray[np.float32] = output[0].astype(np.float32)
        if self.record.output == "scores":
            found = softmax(found, axis=0)
        if not (np.abs(found.sum(axis=0) - 1) < _OFF_ONE).all() or found.min() < -_OFF_ONE:
            msg = (
                f"The model {self.record.file!r} must give chances that add up to 1 at every "
                f"voxel: got {found.sum(axis=0).min():.3g} to {found.sum(axis=0).max():.3g}. "
                'Set output = "scores" in its record if they are scores.'
            )
            raise ConfigError(msg)
        return found


def parse_record(text: str, where: str) -> ModelRecord:
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
        return ModelRecord.model_validate(tomllib.loads(text))
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


def load_model(record: ModelRecord, content: bytes) -> OwnModel:
    """Make a network ready, and hold it to its record.

    Raises
    ------
    ConfigError
        If it is not the file of the record, not ONNX, or not of one image and one output of
        as many channels as there are labels.
    """
    got = hashlib.sha256(content).hexdigest()
    if got != record.sha256:
        msg = (
            f"The model {record.file!r} must be that of its record: got sha256 {got[:12]}, "
            f"where the record says {record.sha256[:12]}. Take the right file, or correct the "
            "record if you changed the model."
        )
        raise ConfigError(msg)
    try:
        session = session_of(content)
    except Exception as error:  # onnxruntime's errors have no base of their own
        msg = (
            f"The model {record.file!r} must be ONNX, weights included: got "
            f"{_first_line(error)}. Export it again, in one file."
        )
        raise ConfigError(msg) from error
    image, labels = _ends(session, record)
    own = image.shape[2:]
    fixed = tuple(own) if all(isinstance(n, int) for n in own) else None
    asked = record.size_voxels
    if asked and any(isinstance(n, int) and n != a for n, a in zip(own, asked, strict=True)):
        msg = (
            f"The size_voxels of a record must be those of the model: got {list(asked)}, where "
            f"{record.file!r} takes {own}. Leave size_voxels out."
        )
        raise ConfigError(msg)
    channels = labels.shape[1]
    if isinstance(channels, int) and channels != len(record.labels):
        msg = (
            f"The labels of a record must name every output channel: got {len(record.labels)} "
            f"labels, where {record.file!r} has {channels} channels. Name the others "
            f"{BACKGROUND_NAME!r}."
        )
        raise ConfigError(msg)
    return OwnModel(record, session, asked or fixed)


def _ends(session: Any, record: ModelRecord) -> tuple[Any, Any]:
    """Give the one input and the one output."""
    ends = session.get_inputs(), session.get_outputs()
    fits = all(len(e) == 1 and len(e[0].shape) == 5 for e in ends)
    fits = fits and all(n == 1 for n in ends[0][0].shape[:2] if isinstance(n, int))
    if not fits or ends[0][0].type != "tensor(float)":
        told = (", ".join(f"{e.name} {e.type} {e.shape}" for e in end) for end in ends)
        msg = (
            f"The model {record.file!r} must take one float image (1, 1, x, y, z) and give one "
            f"output (1, channels, x, y, z): got inputs {next(told)}; outputs {next(told)}. "
            "Export it so."
        )
        raise ConfigError(msg)
    return ends[0][0], ends[1][0]


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".")[:200]
