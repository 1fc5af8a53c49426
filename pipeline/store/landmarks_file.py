"""Landmarks, foot frame and border as JSON."""

import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pipeline.domain.landmarks import Landmarks
from pipeline.errors import ArtefactError
from pipeline.store.files import read_json, write_json

# Coarser than rounding errors, so that the storage order of voxels does not change the bytes.
_DECIMALS = 9
_LANDMARKS = TypeAdapter(Landmarks)


def write_landmarks(landmarks: Landmarks, path: Path) -> None:
    """Write landmarks (world, RAS+, mm), foot frame and border."""
    content = {"Units": "mm", "CoordinateSystem": "RAS+ world of the scan"}
    write_json({**content, **_rounded(asdict(landmarks))}, path)


def read_landmarks(path: Path) -> Landmarks:
    """Read what `write_landmarks` wrote.

    Raises
    ------
    ArtefactError
        If the file is missing, is not JSON, or lacks a landmark.
    """
    try:
        found = _LANDMARKS.validate_json(json.dumps(read_json(path)), strict=True)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise ArtefactError(_incomplete(path, f"a fault at {place!r}")) from error
    if not all(math.isfinite(number) for number in _numbers(asdict(found))):
        raise ArtefactError(_incomplete(path, "numbers that are not finite"))
    return found


def _incomplete(path: Path, fact: str) -> str:
    return (
        f"The landmarks in {path.name!r} must be complete: got {fact}. Run the regions stage "
        "again."
    )


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif isinstance(value, (dict, tuple)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _numbers(part)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(part) for part in value]
    return round(value, _DECIMALS) + 0.0 if isinstance(value, float) else value
