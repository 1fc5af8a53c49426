"""Reading the table that says how two groups differ."""

import tomllib
from pathlib import Path

from pydantic import ValidationError

from pipeline.errors import ConfigError, shown
from pipeline.phantom.cohort.effects import Effect, effect_names, packaged_effect
from pipeline.store.toml_text import parse_toml, validated
from pipeline.store.tsv import read_text


def read_effect(name_or_file: str) -> Effect:
    """Give the effect of this name, or the one that a TOML file describes.

    Parameters
    ----------
    name_or_file
        One of `effect_names`, or a path that ends in ``.toml``.

    Raises
    ------
    ConfigError
        If there is none of this name, the file cannot be read, or it asks for what is
        not allowed.
    """
    if not name_or_file.endswith(".toml"):
        if name_or_file not in effect_names():
            msg = (
                f"The effect must be a known one or a file that ends in .toml: got "
                f"{name_or_file!r}. Known: {', '.join(effect_names())}."
            )
            raise ConfigError(msg)
        return _parse(packaged_effect(name_or_file), name_or_file)
    return _parse(read_text(Path(name_or_file), "Check --effect."), name_or_file)


def _parse(text: str, source: str) -> Effect:
    try:
        return validated(Effect, parse_toml(text))
    except tomllib.TOMLDecodeError as error:
        msg = f"An effect must be valid TOML: got {source!r} ({error}). Correct that line."
        raise ConfigError(msg) from error
    except ValidationError as error:
        raise ConfigError(_explain(error, source)) from error


def _explain(error: ValidationError, source: str) -> str:
    """Say the first thing that is wrong, in one sentence."""
    fact = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in fact["loc"])
    rule = str(fact["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    if fact["type"] == "extra_forbidden":
        known = ", ".join((*Effect.model_fields, "cohens_d.rearfoot, .forefoot, .total"))
        return f"An effect has no {key!r} (in {source!r}). Known: {known}."
    if fact["type"] == "missing":
        return f"An effect must have {key!r}: got none (in {source!r}). Add it."
    given = shown(fact["input"])
    if not fact["loc"]:
        return f"In an effect, {rule} (in {source!r}). Rename one."
    return f"In an effect, {key!r} {rule}: got {given} (in {source!r}). Correct it."
