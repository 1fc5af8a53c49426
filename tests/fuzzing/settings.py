"""Damaged settings and effects in TOML, and what they say."""

import tomllib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import tomli_w

from fuzzing.damage import Rng, chosen, damaged_bytes, damaged_lines
from fuzzing.stored import UnreadableError, certain
from fuzzing.trial import Case, through_command_line
from pipeline.config import PipelineConfig, load_config
from pipeline.phantom.cohort.effects import effect_names, packaged_effect
from pipeline.simulate.effect_file import read_effect

_ODD_VALUES = (
    *("nan", "inf", "-inf", "1e400", "-1", "0", "0.0", "1", "true", '""', '"x"', "[]", "{}"),
    *(
        "1979-05-27",
        "07:32:00",
        "9" * 400,
        "0x10",
        "1_0",
        "[[1]]",
        '["a", 1]',
        "'\\'",
        "{a = 1}",
    ),
    *(
        '"\\u0000"',
        '"\\u001b[2J"',
        '"\\ud800"',
        '"' + "a" * 3000 + '"',
        "[" * 3000 + "]" * 3000,
    ),
    *("{a=" * 2000 + "1" + "}" * 2000, "", "none", '"../../etc/passwd"', "[nan]", "1e-320"),
)


def make_settings(rng: Rng, folder: Path) -> Case:
    """Make a settings or effect file with up to two faults."""
    is_effect = rng.random() < 0.15
    whole = (
        tomllib.loads(packaged_effect(chosen(rng, tuple(effect_names()))))
        if is_effect
        else PipelineConfig().model_dump(mode="json", exclude_none=True)
    )
    lines = tomli_w.dumps(whole).encode().splitlines()
    done = []
    for _ in range(chosen(rng, (0, 1, 1, 1, 2))):
        lines, how = _damage_line(lines, rng)
        done.append(how)
    content = chosen(rng, (b"", b"", b"", b"\xef\xbb\xbf")) + b"\n".join(lines) + b"\n"
    is_whole = not done
    if len(done) < 2 and rng.random() < 0.25:
        content, how = damaged_bytes(content, rng)
        done, is_whole = [*done, how], False
    path = folder / "file.toml"
    path.write_bytes(content)
    damage = "; ".join(done)[:300]
    if is_effect:
        fault_of = partial(_fault, content, lambda found: found.model_dump(mode="json"))
        return Case(f"effect: {damage}", partial(read_effect, str(path)), fault_of)
    if rng.random() < 0.05:
        words = ["info", "--json", "--config", str(path)]
        return Case(f"info: {damage}", partial(through_command_line, words), lambda _: "")
    fault_of = partial(_fault, content, lambda found: found.model_dump(mode="json"))
    return Case(f"settings: {damage}", partial(load_config, path), fault_of, is_whole)


def _damage_line(lines: list[bytes], rng: Rng) -> tuple[list[bytes], str]:
    way = rng.random()
    spots = [k for k, line in enumerate(lines) if b"=" in line]
    if way < 0.3 or not spots:
        return damaged_lines(lines, rng)
    changed, k = list(lines), chosen(rng, spots or [0])
    name = changed[k].partition(b"=")[0]
    if way < 0.4:
        changed.insert(
            k, chosen(rng, (b"[intake]", b"[x]", b"a.b = 1", b"[[quality]]", b"x = 1"))
        )
        return changed, f"before {name!r} stands {changed[k]!r}"
    changed[k] = name + b"= " + chosen(rng, _ODD_VALUES).encode()
    return changed, f"{changed[k][:80]!r}"


def _fault(content: bytes, told: Callable[[Any], Mapping[str, Any]], found: Any) -> str:
    """Say which value of the file differs from what was read."""
    try:
        stored = _parsed(content)
    except UnreadableError as error:
        return f"read, although {error}"
    return _difference(stored, told(found), "")


def _parsed(content: bytes) -> Mapping[str, Any]:
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        certain(False, "it is no TOML")
        raise


def _difference(stored: Any, found: Any, where: str) -> str:
    if isinstance(stored, Mapping):
        if not isinstance(found, Mapping):
            return f"{where} is {found!r}, stored is a table"
        parts = (
            _difference(value, found.get(key, "nothing"), f"{where}.{key}")
            for key, value in stored.items()
        )
        return next((part for part in parts if part), "")
    if isinstance(stored, list) and isinstance(found, list) and len(stored) == len(found):
        pairs = zip(stored, found, strict=True)
        return next((d for s, f in pairs if (d := _difference(s, f, where))), "")
    is_number = {type(stored), type(found)} <= {int, float}
    # a series is named by number or text
    is_text = where == ".intake.series" and found == str(stored)
    is_same = stored == found and (is_number or type(stored) is type(found))
    return "" if is_same or is_text else f"{where} is {found!r}, stored is {stored!r}"[:300]
