"""Landmarks, frame and border as JSON."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.domain.landmarks import Border, FootFrame, Landmarks, to_point
from pipeline.errors import ArtefactError
from pipeline.store.files import read_json, write_json

# Rounding errors of another storage order stay below this, so the bytes do not change.
_DECIMALS = 9
_POINTS = (
    "heel",
    "calcaneal_tuberosity",
    "metatarsal_1_head",
    "metatarsal_5_head",
    "metatarsal_2_head",
    "metatarsal_1_base",
)


def write_landmarks(landmarks: Landmarks, path: Path) -> None:
    """Write landmarks (world, RAS+, mm), frame and border."""
    content = {"Units": "mm", "CoordinateSystem": "RAS+ world of the scan"}
    write_json({**content, **_rounded(asdict(landmarks))}, path)


def read_landmarks(path: Path) -> Landmarks:
    """Read what `write_landmarks` wrote.

    Raises
    ------
    ArtefactError
        If the file is missing, is not JSON, or lacks a landmark.
    """
    content = read_json(path)
    try:
        length_mm = content["foot_length_mm"]
        return Landmarks(
            **{name: to_point(content[name]) for name in _POINTS},
            frame=FootFrame(**{k: to_point(v) for k, v in content["frame"].items()}),
            border=Border(
                str(content["border"]["definition"]), float(content["border"]["position_mm"])
            ),
            foot_length_mm=None if length_mm is None else float(length_mm),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        msg = (
            f"The landmarks in {path.name!r} must be complete: got a fault at {str(error)!r}. "
            "Run the regions stage again."
        )
        raise ArtefactError(msg) from error


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(part) for part in value]
    return round(value, _DECIMALS) + 0.0 if isinstance(value, float) else value
