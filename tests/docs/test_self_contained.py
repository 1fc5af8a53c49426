"""The check that pages of the site fetch nothing."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "docs" / "_ext"))
pytest.importorskip("sphinx", reason="needs the extra docs")


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ('<a href="https://example.org/">elsewhere</a>', False),
        ('<link rel="canonical" href="https://example.org/page.html">', False),
        ('<img alt="" src="../_images/overlay.png">', False),
        ('<script async src="https://example.org/x.js">', True),
        ("<img src='//example.org/x.png'>", True),
        ('<link rel="stylesheet" href="https://example.org/x.css">', True),
        ("@font-face { src: url(https://example.org/x.woff2) }", True),
    ],
)
def test_what_a_page_fetches_is_found(text: str, is_found: bool, tmp_path: Path) -> None:
    """Scripts, images, styles and fonts, but no links."""
    from self_contained import find_fetching  # noqa: PLC0415 needs sphinx

    (tmp_path / "page.html").write_text(text)

    assert find_fetching(tmp_path) == ["page.html"] * is_found
