"""The static pages, opened from disk in Chromium."""

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser
ROWS = ".tall tbody tr th"
WIDTHS = """all => Promise.all(all.map(async (picture) => {
  picture.loading = "eager"; // those below the first screen wait until they are scrolled to
  await picture.decode();
  return picture.naturalWidth;
}))"""


@pytest.fixture
def report(measured: Path, tab: Any) -> Any:
    """Open the report of two digital feet."""
    tab.goto((measured.parent / "out" / "report.html").as_uri())
    return tab


def test_the_report_opens_from_disk_alone(report: Any) -> None:
    """Every picture is there, and nothing but the file itself is asked for."""
    pictures = report.eval_on_selector_all("img", WIDTHS)

    assert len(pictures) >= 2
    assert min(pictures) > 0


def test_the_table_is_sorted_by_mouse_and_keyboard(report: Any) -> None:
    """Both ways, by the total volume."""
    button = report.get_by_role("button", name="total").nth(0)
    button.click()
    upward = report.locator(ROWS).all_inner_texts()
    button.focus()
    report.keyboard.press("Enter")

    assert sorted(upward) == ["sub-01", "sub-02"]
    assert report.locator(ROWS).all_inner_texts() == upward[::-1]


def test_a_caution_explains_itself_to_mouse_and_keyboard(report: Any) -> None:
    """The sentence shows on focus and hover, and goes with Escape."""
    shown = report.locator("[role=tooltip]:visible")
    label = report.locator(".tip").first
    label.focus()
    on_focus = shown.count()
    report.keyboard.press("Escape")
    after_escape = shown.count()
    label.hover()

    assert (on_focus, after_escape, shown.count()) == (1, 0, 1)


def test_a_picture_opens_the_page_of_its_foot(report: Any) -> None:
    """By its link, from disk."""
    report.locator("a:has(img)").first.click()
    report.wait_for_load_state()

    assert report.url.endswith(".html")
    assert "sub-0" in report.url


def test_a_phone_shows_the_report_without_scrolling_sideways(report: Any) -> None:
    """At 390 pixels."""
    report.set_viewport_size({"width": 390, "height": 844})

    assert report.evaluate("document.documentElement.scrollWidth") <= 390
