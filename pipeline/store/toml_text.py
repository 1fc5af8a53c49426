"""TOML text, with or without a byte order mark, to checked values."""

import json
import tomllib
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

Model = TypeVar("Model", bound=BaseModel)

_MAX_DEPTH = 16  # of nested tables and lists; settings need four


def parse_toml(text: str) -> dict[str, Any]:
    """Parse TOML.

    Raises
    ------
    tomllib.TOMLDecodeError
        If it is not TOML, is nested too deep, or holds a number of thousands of digits.
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
    if not _is_shallow(content, _MAX_DEPTH):
        raise tomllib.TOMLDecodeError(_too_deep())
    return content


def validated(model: type[Model], content: Mapping[str, Any]) -> Model:
    """Validate parsed TOML strictly: text is no number, and a time of day is no text.

    Raises
    ------
    pydantic.ValidationError
        If the content does not fit the model.
    """
    # JSON mode is strict without refusing lists for tuples or text for enums.
    text = json.dumps(content, default=lambda moment: {"date or time": str(moment)})
    return model.model_validate_json(text, strict=True)


def _too_deep() -> str:
    return f"tables or lists are nested more than {_MAX_DEPTH} deep"


def _is_shallow(value: Any, depth: int) -> bool:
    if not isinstance(value, (dict, list)):
        return True
    items = value.values() if isinstance(value, dict) else value
    return depth > 0 and all(_is_shallow(item, depth - 1) for item in items)
