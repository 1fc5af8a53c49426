"""Refuses pages that would fetch something from elsewhere when they are read."""

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

# Links that a reader follows are no fetch.
_FETCHED = re.compile(
    r"""<(?:script|img|iframe|source|video|link(?! rel="canonical"))\b[^>]*?"""
    r"""(?:src|href)\s*=\s*["']?(?:https?:)?//|url\(\s*["']?(?:https?:)?//|@import\s""",
    re.IGNORECASE,
)


def find_fetching(folder: Path) -> list[str]:
    """Give the pages and styles that fetch something, by path below a folder."""
    files = (path for path in folder.rglob("*") if path.suffix in {".html", ".css"})
    return sorted(
        path.relative_to(folder).as_posix()
        for path in files
        if _FETCHED.search(path.read_text(encoding="utf-8"))
    )


def _check(app: Sphinx, error: Exception | None) -> None:
    if error is None and (pages := find_fetching(Path(app.outdir))):
        msg = f"Pages must fetch nothing from elsewhere: got {pages}."
        raise ExtensionError(msg)


def setup(app: Sphinx) -> dict[str, bool]:
    """Check when everything is built."""
    app.connect("build-finished", _check)
    return {"parallel_read_safe": True}
