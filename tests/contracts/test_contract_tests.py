"""What the tests themselves promise."""

import ast
from collections import Counter
from pathlib import Path

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
LINE_LIMIT = 300
OTHER_PACKAGES = ("training", "validation")


def test_every_unit_test_file_mirrors_a_module() -> None:
    """A file tests/unit/stages/test_segment_side.py tests pipeline/stages/segment.py."""
    lost = [
        str(file.relative_to(TESTS))
        for file in sorted((TESTS / "unit").rglob("test_*.py"))
        if not _mirrors_a_module(file)
    ]

    assert not lost, "\n".join(lost)


def test_base_names_are_unique() -> None:
    """Files are imported by their base names, and failures are found by them."""
    counts = Counter(file.name for file in TESTS.rglob("test_*.py"))

    assert [name for name, count in counts.items() if count > 1] == []


def test_no_file_is_long() -> None:
    """A file of tests, or of what they share, has at most 300 lines."""
    lengths = {
        file: len(file.read_text(encoding="utf-8").splitlines())
        for file in sorted(TESTS.rglob("*.py"))
    }
    long = [f"{file.relative_to(TESTS)}: {n}" for file, n in lengths.items() if n > LINE_LIMIT]

    assert not long, "\n".join(long)


def test_every_test_says_what_it_checks() -> None:
    """Each test has a docstring, and a name of three words or more."""
    silent = [
        f"{file.name}::{node.name}"
        for file in sorted(TESTS.rglob("test_*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        if not ast.get_docstring(node) or node.name.count("_") < 3
    ]

    assert not silent, "\n".join(silent)


def _mirrors_a_module(file: Path) -> bool:
    """Whether a test file's name begins with that of a module or package of its folder."""
    folder = file.parent.relative_to(TESTS / "unit")
    top = ROOT if folder.parts[:1] and folder.parts[0] in OTHER_PACKAGES else ROOT / "pipeline"
    room = top / folder
    names = {path.stem for path in room.glob("*") if path.is_dir() or path.suffix == ".py"}
    names |= {f"{room.name}_{name}" for name in names} | {room.name}
    words = file.stem.split("_")[1:]
    return any("_".join(words[:end]) in names for end in range(1, len(words) + 1))
