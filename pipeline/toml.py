"""TOML as people save it: with a byte order mark or without; what is absurd is no TOML."""

import json
import tomllib
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

Model = TypeVar("Model", bound=BaseModel)

_DEEPEST = 16  # tables and lists within one another; settings need four


def parse_toml(text: str) -> dict[str, Any]:
    """Parse TOML.

    Raises
    ------
    tomllib.TOMLDecodeError
        If it is none, or is nested deeper or holds longer numbers than anyone writes.
    """
    try:
        content = tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError:
        raise
    except ValueError as error:
        msg = "a number has thousands of digits"
        raise tomllib.TOMLDecodeError(msg) from error
    except RecursionError as error:
        raise tomllib.TOMLDecodeError(_too_deep()) from error
    if not _is_shallow(content, _DEEPEST):
        raise tomllib.TOMLDecodeError(_too_deep())
    return content


def validated(model: type[Model], content: Mapping[str, Any]) -> Model:
    """Check what TOML holds, without taking text for a number or a time of day for text.

    Raises
    ------
    pydantic.ValidationError
        If it does not fit.
    """
    # JSON mode is strict without refusing lists for tuples or text for enums.
    text = json.dumps(content, default=lambda moment: {"date or time": str(moment)})
    return model.model_validate_json(text, strict=True)


def _too_deep() -> str:
    return f"tables or lists are nested more than {_DEEPEST} deep"


def _is_shallow(value: Any, deepest: int) -> bool:
    if not isinstance(value, (dict, list)):
        return True
    parts = value.values() if isinstance(value, dict) else value
    return deepest > 0 and all(_is_shallow(part, deepest - 1) for part in parts)
