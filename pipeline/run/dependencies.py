"""What an output depends on: the code of a module and its imports, data files, libraries."""

import ast
import hashlib
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pipeline.run.stage_cache import hash_of
from pipeline.store.provenance import EXTRAS

_PACKAGE = "pipeline"
_ROOT = Path(__file__).parents[2]
# A package of data is named in a string, as for `importlib.resources`.
_NAMED = re.compile(rf'"({_PACKAGE}(?:\.\w+)+)"')
# Names of distributions that differ from the name of the import.
DISTRIBUTIONS = {"skimage": "scikit-image", "PIL": "pillow"}
# Parts of a statement that contain statements; the first is the one under a condition.
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
# They check values and names, and make no number and no picture.
_WITHOUT_EFFECT = frozenset(("pydantic", "typing_extensions"))


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What a module depends on, directly or through other modules of footvol.

    Parameters
    ----------
    files
        Modules and data files, relative to the folder of the package, sorted.
    libraries
        Names under which other libraries are imported.
    """

    files: tuple[Path, ...]
    libraries: frozenset[str]


@cache
def dependencies_of(module: str, root: Path = _ROOT) -> Dependencies:
    """Find what a module depends on, from its source; nothing is imported.

    Imports inside functions count, those for type checking do not. The data files of a package
    count if one of its modules does. The version of footvol, in the file of the outermost
    package, does not.

    Parameters
    ----------
    module
        Such as ``pipeline.run.stages.segment``.
    root
        Folder that contains the package.
    """
    known: set[str] = set()
    libraries: set[str] = set()
    pending = [module]
    while pending:
        name = pending.pop()
        if name not in known:
            known.add(name)
            imported, others = _imports(name, root)
            libraries.update(others)
            pending.extend(imported)
    folders = (_folder_of(name, root) for name in known)
    data = (path for folder in folders if folder.is_dir() for path in _data_files(folder))
    files = {*data, *(_file_of(name, root) for name in known)}
    return Dependencies(
        tuple(sorted(path.relative_to(root) for path in files)), frozenset(libraries)
    )


@cache
def code_hash(module: str, root: Path = _ROOT) -> str:
    """Give a hash of a module and of all modules and data files that it depends on."""
    files = dependencies_of(module, root).files
    return hash_of({path.as_posix(): _sha256(root / path) for path in files})


@cache
def versions_of(module: str, segmenter: str | None = None) -> Mapping[str, str]:
    """Give the versions of the libraries that decide the outputs of a module.

    They are read from the installed metadata; no library is imported.

    Parameters
    ----------
    segmenter
        Name of the segmenter, as in the settings; libraries of other segmenters are left out.
    """
    others = {name for needs, names in EXTRAS.items() if needs != segmenter for name in names}
    names = dependencies_of(module).libraries - _WITHOUT_EFFECT - others
    return {name: _version(DISTRIBUTIONS.get(name, name)) for name in sorted(names)}


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:  # optional, or part of another distribution
        return "n/a"


@cache
def _imports(name: str, root: Path) -> tuple[frozenset[str], frozenset[str]]:
    """Give the modules of footvol that a module imports, and the names of other libraries."""
    source = _file_of(name, root).read_text(encoding="utf-8")
    named = (word for word in _NAMED.findall(source) if _folder_of(word, root).is_dir())
    imported = {name.rpartition(".")[0], *named}
    for statement in _import_statements(ast.parse(source).body):
        if isinstance(statement, ast.ImportFrom):
            module = statement.module or ""
            imported |= {module, *(f"{module}.{alias.name}" for alias in statement.names)}
        else:
            imported |= {alias.name for alias in statement.names}
    own = {word for word in imported if word.startswith(f"{_PACKAGE}.")}
    others = {word.partition(".")[0] for word in imported - own} - {"", _PACKAGE}
    return (
        frozenset(word for word in own if _exists(word, root)),
        frozenset(others - sys.stdlib_module_names),
    )


def _import_statements(
    body: Iterable[ast.AST],
) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield the imports in a block and in the blocks inside it."""
    for statement in body:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            yield statement
        else:
            for block in _BLOCKS[_is_for_types(statement) :]:
                yield from _import_statements(getattr(statement, block, ()))


def _is_for_types(statement: ast.AST) -> bool:
    return (
        isinstance(statement, ast.If)
        and isinstance(statement.test, ast.Name)
        and statement.test.id == "TYPE_CHECKING"
    )


def _file_of(name: str, root: Path) -> Path:
    """Give the file of a module or package."""
    folder = _folder_of(name, root)
    return folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")


def _folder_of(name: str, root: Path) -> Path:
    """Give the folder of a package."""
    return root.joinpath(*name.split("."))


@cache
def _exists(name: str, root: Path) -> bool:
    return _file_of(name, root).is_file()


def _data_files(package: Path) -> Iterator[Path]:
    files = (path for path in package.iterdir() if path.is_file() and path.suffix != ".py")
    return (path for path in files if not path.name.startswith("."))


@cache
def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
