"""The parts of the reference that are made from the code, and the list of cautions."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs" / "_ext"))

from reference_pages import PAGES, TABLES  # noqa: E402

from pipeline.cli.commands import app  # noqa: E402
from pipeline.config import setting_keys  # noqa: E402
from pipeline.domain.anatomy import MUSCLES  # noqa: E402


def page(name: str) -> str:
    """Give a part as text."""
    return "\n".join(PAGES[name]())


def test_every_command_is_in_the_reference() -> None:
    """With what it prints as help."""
    text = page("commands")

    assert text.count("Usage: footvol ") == len(app.registered_commands) == text.count("## ")
    assert "Example: footvol run sample_scans out/demo --jobs 2" in text


def test_every_setting_is_in_the_reference() -> None:
    """With values, default, and its comment in configs/default.toml."""
    text = page("settings")

    assert re.findall(r"^`(.*)`$", text, re.MULTILINE) == [*setting_keys()]
    for line in (
        r": \*true or false; default: false.\* Whether a left foot is accepted",
        r": \*tmt1, tmt1_proximal, chopart, .*; default: \"tmt1\".\* ",
        r": \*a number, above 0, below 1; default: none.\* ",
        r": \*a whole number, at least 0, at most 1e\+06; default: 9999.\* ",
        r": \*text; default: none.\* Which DICOM series",
    ):
        assert re.search(f"^{line}", text, re.MULTILINE), line


@pytest.mark.parametrize("table", TABLES)
def test_every_column_is_in_the_reference(table: str) -> None:
    """The columns of one muscle stand for those of all."""
    others = tuple(f"{muscle.abbreviation}_" for muscle in MUSCLES[1:])
    rows = page("columns").splitlines()

    for name, text in TABLES[table].items():
        is_shown = f"| `{name}` | {text.replace('|', chr(92) + '|')} |" in rows
        assert is_shown != name.startswith(others)


def test_every_caution_is_explained() -> None:
    """The page has each code that the program gives, and no other."""
    text = (ROOT / "docs" / "cautions.md").read_text(encoding="utf-8")
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    explained = {code for cell in cells for code in re.findall(r"`(.*?)`", cell)}
    given = {*_codes()}

    assert not [code for code in given if not any(re.fullmatch(code, e) for e in explained)]
    assert not [e for e in explained if not any(re.fullmatch(code, e) for code in given)]


def _codes() -> Iterator[str]:
    """Yield the code of every `Caution` in the program, as a pattern."""
    for path in sorted((ROOT / "pipeline").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Caution":
                for code in node.args[:1]:
                    parts = code.values if isinstance(code, ast.JoinedStr) else [code]
                    yield "".join(
                        str(part.value) if isinstance(part, ast.Constant) else ".+"
                        for part in parts
                    )
