"""Pages of the reference that are made from the code: commands, settings, columns."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from typer.main import get_command

from pipeline.cli import main
from pipeline.cli.commands import app
from pipeline.config import PipelineConfig
from pipeline.simulate.specification import COLUMNS as PARTICIPANTS_COLUMNS
from pipeline.stages.agree import DECISION_COLUMNS, OVERLAP_COLUMNS, RELIABILITY_COLUMNS
from pipeline.stages.compare.compare_borders import BORDER_COLUMNS
from pipeline.stages.compare.statistics_table import STATISTICS_COLUMNS
from pipeline.stages.compare.volume_row import VOLUME_COLUMNS
from pipeline.stages.measure.border_sweep import SWEEP_COLUMNS
from pipeline.stages.measure.muscle_row import MUSCLE_COLUMNS
from pipeline.stages.measure.profile import PROFILE_COLUMNS
from pipeline.store.tables import MEASUREMENT_COLUMNS

DEFAULTS = Path(__file__).parents[2] / "configs" / "default.toml"
TABLES: Mapping[str, Mapping[str, str]] = {
    "volumes.tsv": VOLUME_COLUMNS,
    "muscles.tsv": MUSCLE_COLUMNS,
    "statistics.tsv": STATISTICS_COLUMNS,
    "border_sweep.tsv": SWEEP_COLUMNS,
    "border_statistics.tsv": BORDER_COLUMNS,
    "*_seg-muscles_desc-volumes_dseg.tsv": MEASUREMENT_COLUMNS,
    "*_seg-muscles_desc-profile_dseg.tsv": PROFILE_COLUMNS,
    "agreement.tsv": OVERLAP_COLUMNS,
    "reliability.tsv": RELIABILITY_COLUMNS,
    "decisions.tsv": DECISION_COLUMNS,
    "participants.tsv of `footvol phantom`": PARTICIPANTS_COLUMNS,
}
_NAMES = {
    bool: "true or false",
    str: "text",
    int: "a whole number",
    float: "a number",
    tuple[str, ...]: "a list of texts",
}
_BOUNDS = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most"}


def commands() -> Iterator[str]:
    """Give what every command prints for ``--help``."""
    for name in getattr(get_command(app), "commands"):  # noqa: B009 typer's group is not public
        printed = StringIO()
        with redirect_stdout(printed):
            main([name, "--help"])
        yield from (
            f"## {name}",
            "",
            "```text",
            *printed.getvalue().strip().splitlines(),
            "```",
        )
        yield ""


def settings() -> Iterator[str]:
    """Give every setting with its comment in the file, its values, and its default."""
    comments = _comments(DEFAULTS.read_text(encoding="utf-8").splitlines())
    for section, params in PipelineConfig():
        yield from (f"## [{section}]", "")
        for name, field in type(params).model_fields.items():
            meaning = re.sub(r"(--\w+)", r"`\1`", comments[section, name].replace("*", r"\*"))
            facts = f"*{_values(field)}; default: {_default(field)}.*"
            yield from (f"`{section}.{name}`", f": {facts} {meaning}", "")


def columns() -> Iterator[str]:
    """Give the columns of every table; those of one muscle stand for all muscles."""
    for name, described in TABLES.items():
        yield from (f"## {name.replace('*', '…')}", "")
        cells = {c: text for c, text in described.items() if not _is_of_another_muscle(c)}
        rows = ((f"`{c}`", text) for c, text in cells.items())
        if len(cells) < len(described):
            yield "Each muscle has the columns that are listed for `ABH`."
            yield ""
        yield from _table(("column", "content"), rows)


PAGES: Mapping[str, Callable[[], Iterable[str]]] = {
    "commands": commands,
    "settings": settings,
    "columns": columns,
}


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    names = list(head)
    for cells in (names, ["---"] * len(names), *rows):
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
    yield ""


def _comments(lines: Iterable[str]) -> dict[tuple[str, str], str]:
    """Give the comment above each setting, by section and name."""
    found: dict[tuple[str, str], str] = {}
    section, comment = "", list[str]()
    for line in lines:
        if match := re.fullmatch(r"\[(\w+)\]", line):
            section, comment = match[1], []
        elif match := re.match(r"(?:# )?(\w+) =", line):
            found[section, match[1]], comment = " ".join(comment), []
        else:
            comment.append(line.removeprefix("# "))
    return found


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    return "none" if value is None else json.dumps(value)


def _values(field: FieldInfo) -> str:
    """Say which values a setting may have."""
    kinds = _kinds(field.annotation)
    words = [word for kind in kinds if get_origin(kind) is Literal for word in get_args(kind)]
    bounds = [
        f"{text} {getattr(rule, name):g}"
        for rule in field.metadata
        for name, text in _BOUNDS.items()
        if hasattr(rule, name)
    ]
    named = [_NAMES[kind] for kind in kinds if kind in _NAMES]
    return ", ".join([*words, *named, *bounds])


def _kinds(annotation: Any) -> list[Any]:
    """Give the types of a union; of anything else, itself."""
    if get_origin(annotation) in {Union, UnionType}:
        return [kind for part in get_args(annotation) for kind in _kinds(part)]
    return (
        _kinds(get_args(annotation)[0]) if get_origin(annotation) is Annotated else [annotation]
    )


def _is_of_another_muscle(column: str) -> bool:
    return bool(re.match(r"[A-Z]+_", column)) and not column.startswith("ABH_")
