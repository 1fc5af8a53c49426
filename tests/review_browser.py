"""What the browser tests of the review page do in it."""

import io
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from PIL import Image
from review_server import Served

from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.store.images import read_labels

SHOWN = "body[data-shown]"


def open_page(page: Any, served: Served) -> None:
    """Open the address and wait for the first foot."""
    page.goto(served.address)
    page.wait_for_selector(SHOWN, timeout=60_000)


def press_and_wait(page: Any, key: str) -> None:
    """Press a key and wait for another foot."""
    before = page.get_attribute("body", "data-shown")
    page.keyboard.press(key)
    page.wait_for_function(
        "before => document.body.dataset.shown !== before", arg=before, timeout=60_000
    )


def pixels(page: Any) -> NDArray[np.uint8]:
    """Take a picture of the scan with its labels."""
    picture = Image.open(io.BytesIO(page.locator("#canvas").screenshot())).convert("RGB")
    return np.asarray(picture)


def coloured(picture: NDArray[np.uint8]) -> int:
    """Count the pixels that have a colour, as only labels do."""
    return int((np.ptp(picture.astype(int), axis=-1) > 40).sum())


def paint(page: Any) -> None:
    """Draw a stroke of the first muscle in the short-axis view."""
    page.keyboard.press("2")
    page.keyboard.press("e")
    box = page.locator("#canvas").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 30, y)
    page.mouse.down()
    for step in range(8):
        page.mouse.move(x - 30 + 8 * step, y + 3 * step)
    page.mouse.up()
    page.wait_for_function("document.getElementById('status').textContent.includes('changed')")


def save(page: Any) -> None:
    """Save, and wait for the new volumes."""
    page.keyboard.press("s")
    page.wait_for_selector("#status.good, #status.error", timeout=120_000)
    assert "Saved and measured" in page.inner_text("#status")


def total_in(out: Path, row: int) -> float:
    """Give the total volume of a row of ``volumes.tsv``."""
    return float(pd.read_csv(out / "volumes.tsv", sep="\t")["total_cm3"][row])


def labels_in(out: Path, label: str) -> NDArray[np.uint8]:
    """Read the label map of a participant."""
    path = out / f"sub-{label}" / "anat" / f"sub-{label}_seg-muscles_dseg.nii.gz"
    return np.asarray(read_labels(path, MUSCLE_NAMES).voxels, dtype=np.uint8)


def wait_for_tables(page: Any) -> None:
    """Wait until tables and report are written."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        state = page.evaluate("fetch('/api/feet').then(a => a.json()).then(a => a.tables)")
        if state["state"] != "writing":
            assert state == {"state": "current", "message": ""}
            return
        time.sleep(0.5)
    pytest.fail("The tables were not written.")


def paint_elsewhere(page: Any) -> None:
    """Draw a short stroke in another slice."""
    if page.get_attribute("#edit", "aria-pressed") != "true":
        page.keyboard.press("2")
        page.keyboard.press("e")
    page.keyboard.press("ArrowUp")
    box = page.locator("#canvas").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 4
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 12, y + 6)
    page.mouse.up()
