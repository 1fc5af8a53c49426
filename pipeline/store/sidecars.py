"""Reading of the JSON sidecars of images: their fields, cautions and side."""

from collections.abc import Mapping
from dataclasses import astuple
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pipeline.domain.cautions import Caution
from pipeline.domain.scan import SIDE_WORDS, Side
from pipeline.errors import ArtefactError, ScanError
from pipeline.store.content import check_content
from pipeline.store.files import read_json
from pipeline.store.names import sidecar_of

_CAUTIONS = TypeAdapter(tuple[Caution, ...])


def read_sidecar(path: Path) -> dict[str, Any]:
    """Read the JSON sidecar of an image; empty if there is none.

    Raises
    ------
    ScanError
        If it is not a JSON object, or its content is elsewhere.
    """
    sidecar = sidecar_of(path)
    check_content(sidecar)
    if not sidecar.is_file():
        return {}
    try:
        return read_json(sidecar)
    except ArtefactError as error:
        raise ScanError(str(error)) from error


def cautions_in(fields: Mapping[str, Any], sidecar: Path) -> tuple[Caution, ...]:
    """Return the cautions that a sidecar lists.

    Raises
    ------
    ArtefactError
        If an entry is not an object with the texts ``code``, ``message`` and ``stage``.
    """
    try:
        cautions = _CAUTIONS.validate_python(fields.get("Cautions", ()))
        "".join(part for caution in cautions for part in astuple(caution)).encode()
    except (ValidationError, UnicodeEncodeError) as error:
        msg = (
            f"The file {sidecar.name!r} must list as 'Cautions' objects with the texts 'code', "
            "'message' and 'stage': got something else. Correct it or make it again."
        )
        raise ArtefactError(msg) from error
    return cautions


def side_of(fields: Mapping[str, Any]) -> Side | None:
    """Return the side that a sidecar states."""
    return SIDE_WORDS.get(str(fields.get("Laterality", "")).strip().upper())
