"""The settings of all stages, read strictly from TOML."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import BaseModel, Field, ValidationError

from pipeline.errors import ConfigError, nearest, shown
from pipeline.settings.compare import CompareParams
from pipeline.settings.intake import IntakeParams
from pipeline.settings.measure import MeasureParams
from pipeline.settings.preprocess import PreprocessParams
from pipeline.settings.quality import QualityParams
from pipeline.settings.regions import RegionsParams
from pipeline.settings.report import ReportParams
from pipeline.settings.run import RunParams
from pipeline.settings.segment import SegmentParams
from pipeline.store.content import read_text
from pipeline.store.toml_text import parse_toml, validated

COMMAND_LINE = "--set"
_MOST_FAULTS = 5


class PipelineConfig(BaseModel, frozen=True, extra="forbid"):
    """Every setting of one run, one section per stage, and one for the run."""

    intake: IntakeParams = Field(default_factory=IntakeParams)
    quality: QualityParams = Field(default_factory=QualityParams)
    preprocess: PreprocessParams = Field(default_factory=PreprocessParams)
    segment: SegmentParams = Field(default_factory=SegmentParams)
    regions: RegionsParams = Field(default_factory=RegionsParams)
    measure: MeasureParams = Field(default_factory=MeasureParams)
    compare: CompareParams = Field(default_factory=CompareParams)
    report: ReportParams = Field(default_factory=ReportParams)
    run: RunParams = Field(default_factory=RunParams)


def load_config(path: Path | None = None, overrides: Sequence[str] = ()) -> PipelineConfig:
    """Resolve the settings: defaults, then the file, then the command line.

    Parameters
    ----------
    overrides
        ``section.key=value`` with a TOML value; a bare word is text.

    Raises
    ------
    ConfigError
        If the file cannot be read, or a setting is unknown or invalid.
    """
    settings = _read_toml(path) if path else {}
    overridden: set[str] = set()
    for override in overrides:
        key, value = _parse_override(override)
        section, name = key.split(".")
        table = settings.setdefault(section, {})
        if isinstance(table, dict):
            table[name] = value
        overridden.add(key)
    try:
        return validated(PipelineConfig, settings)
    except ValidationError as error:
        raise ConfigError(_explain(error, path, overridden)) from error


def to_toml(config: PipelineConfig) -> str:
    """Write all settings as TOML, except those that are not set (None)."""
    return tomli_w.dumps(config.model_dump(mode="json", exclude_none=True))


def setting_keys(model: type[BaseModel] = PipelineConfig, prefix: str = "") -> Iterator[str]:
    """Yield every setting as ``section.key``."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from setting_keys(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def _read_toml(path: Path) -> dict[str, Any]:
    text = read_text(path, "Check --config.")
    try:
        return parse_toml(text)
    except tomllib.TOMLDecodeError as error:
        msg = f"Settings must be valid TOML: got {str(path)!r} ({error}). Correct that line."
        raise ConfigError(msg) from error


def _parse_override(override: str) -> tuple[str, Any]:
    match = re.fullmatch(r"\s*([\w-]+\.[\w-]+)\s*=\s*(.+?)\s*", override)
    if match is None:
        msg = (
            f"--set must look like section.key=value: got {override!r}. "
            "Example: --set regions.border=tmt1."
        )
        raise ConfigError(msg)
    key, text = match.groups()
    try:
        return key, parse_toml(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError as error:
        if re.fullmatch(r"[A-Za-z][\w.-]*", text):
            return key, text
        msg = (
            f"--set {key} needs a TOML value: got {shown(text)} ({error}). Put text in quotes."
        )
        raise ConfigError(msg) from error


def _explain(error: ValidationError, path: Path | None, overridden: set[str]) -> str:
    sentences = []
    for fact in error.errors(include_url=False):
        parts = [str(part) for part in fact["loc"]]
        key = ".".join(parts)
        is_override = path is None or ".".join(parts[:2]) in overridden
        source = COMMAND_LINE if is_override else repr(str(path))
        sentences.append(_sentence(key, fact, source))
    more = len(sentences) - _MOST_FAULTS
    return " ".join(sentences[:_MOST_FAULTS]) + (f" So do {more} more." if more > 0 else "")


def _sentence(key: str, fact: Mapping[str, Any], source: str) -> str:
    if fact["type"] == "extra_forbidden":
        return f"There is no setting {key!r} (in {source}). {_nearest(key)}"
    rule = str(fact["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    if fact["type"] in {"value_error", "missing"}:
        return f"Settings in {key!r} do not fit (in {source}): {rule}."
    return f"Setting {key!r} {rule}: got {shown(fact['input'])} (in {source})."


def _nearest(key: str) -> str:
    known = [*setting_keys()]
    sections = [*PipelineConfig.model_fields]
    near = nearest(key, known if "." in key else sections, most=1)
    return f"The nearest is {near!r}; configs/default.toml lists all."
