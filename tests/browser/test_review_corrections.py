"""Correcting labels on the review page, in Chromium."""

from typing import Any

import numpy as np
import pytest
from review_browser import (
    SHOWN,
    labels_in,
    open_page,
    paint,
    paint_elsewhere,
    press_and_wait,
    save,
    total_in,
    wait_for_tables,
)
from review_server import Served, serving

pytestmark = pytest.mark.browser


def test_painted_labels_are_saved_and_measured(page: Any, served: Served) -> None:
    """The new volume is in the page and in volumes.tsv, and a reload keeps it."""
    open_page(page, served)
    row = int(page.inner_text("#title")[-1]) - 1
    before = total_in(served.out, row)
    paint(page)

    save(page)

    shown = float(page.inner_text("#sum-total"))
    assert shown > before
    assert float(page.inner_text("#before-total")) == pytest.approx(before, abs=0.006)
    wait_for_tables(page)
    assert total_in(served.out, row) == pytest.approx(shown, abs=0.006)
    page.reload()
    page.wait_for_selector(SHOWN, timeout=60_000)
    assert float(page.inner_text("#sum-total")) == shown


def test_labels_of_one_foot_never_land_on_another(page: Any, served: Served) -> None:
    """After going on to a foot of another matrix, a save changes that foot alone."""
    open_page(page, served)
    first = page.inner_text("#title")[-2:]
    kept = labels_in(served.out, first)
    press_and_wait(page, "n")
    second = page.inner_text("#title")[-2:]
    before = labels_in(served.out, second)
    paint(page)

    save(page)

    after = labels_in(served.out, second)
    assert (labels_in(served.out, first) == kept).all()
    assert after.shape == before.shape != kept.shape
    assert 0 < np.count_nonzero(after != before) < 2000


def test_undo_and_redo_go_back_and_forth(page: Any, served: Served) -> None:
    """Ten strokes are taken back one by one, beyond what NiiVue itself can undo."""
    open_page(page, served)
    start = page.evaluate("document.getElementById('undo').disabled")
    for _ in range(10):
        paint_elsewhere(page)
    for _ in range(10):
        page.keyboard.press("z")

    assert start is True
    assert page.inner_text("#status") == "As saved."
    assert page.is_disabled("#save")
    page.keyboard.press("y")
    assert page.is_enabled("#save")
    page.keyboard.press("z")


def test_locked_muscles_stay_as_they_are(page: Any, served: Served) -> None:
    """With all other muscles locked, only background becomes the chosen muscle."""
    open_page(page, served)
    row = page.inner_text("#title")[-2:]
    before = labels_in(served.out, row)
    page.keyboard.press("o")
    paint(page)

    save(page)

    after = labels_in(served.out, row)
    changed = after != before
    assert changed.any()
    assert set(np.unique(before[changed])) == {0}
    assert set(np.unique(after[changed])) == {1}


def test_two_reviewers_never_overwrite_each_other_unseen(
    page: Any, chromium: Any, served: Served
) -> None:
    """The second save is refused, both versions are kept, and the reviewer chooses."""
    open_page(page, served)
    with serving(served.out, "CD") as other:
        theirs = chromium.new_context().new_page()
        open_page(theirs, other)
        assert theirs.inner_text("#title") == page.inner_text("#title")
        paint(theirs)
        save(theirs)
        theirs.context.close()
    paint(page)

    page.keyboard.press("s")
    page.wait_for_selector("#question[open]", timeout=120_000)

    assert "saved meanwhile" in page.inner_text("#question-text")
    names = {
        p.relative_to(served.out).parts[1] for p in served.out.glob("corrections/*/*.nii.gz")
    }
    assert names == {"by-AB", "by-CD"}
    page.faults[:] = [text for text in page.faults if "409" not in text]  # Chromium names it
    page.get_by_role("button", name="Save mine over them").click()
    page.wait_for_selector("#status.good", timeout=120_000)
    assert len(list(served.out.glob("corrections/versions/*.nii.gz"))) == 1
