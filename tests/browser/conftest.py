"""A review page that is served, and Chromium to look at it."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from review_server import Served, serving
from reviewed import measure_truth

from pipeline.phantom.anatomy.digital_foot import make_foot
from pipeline.phantom.anatomy.foot import Foot
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.store.names import ScanName

CHROMIUM = os.environ.get("FOOTVOL_CHROMIUM") or next(
    (
        path
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (path := shutil.which(name))
    ),
    None,
)
ARGUMENTS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Start Chromium; skip where it or playwright is not installed."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any, served: Served) -> Iterator[Any]:
    """Open a tab; the server is stopped after it is closed, which would complain otherwise."""
    assert served.address
    yield from _watched_tab(chromium)


@pytest.fixture
def tab(chromium: Any) -> Iterator[Any]:
    """Open a tab for files on disk."""
    yield from _watched_tab(chromium)


def _watched_tab(chromium: Any) -> Iterator[Any]:
    """Open a tab; console messages, errors and requests to other machines fail the test."""
    context = chromium.new_context(viewport={"width": 1000, "height": 640})
    context.set_default_timeout(60_000)  # of slow machines
    tab = context.new_page()
    faults: list[str] = []
    tab.on("console", lambda message: faults.append(message.text))
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.on("request", lambda request: _check_request(request.url, faults))
    tab.faults = faults
    yield tab
    context.close()
    assert faults == []


def _check_request(url: str, faults: list[str]) -> None:
    if not re.match(r"(http://(127\.0\.0\.1|localhost):|data:|blob:|file:)", url):
        faults.append(f"request to {url}")


@pytest.fixture(scope="session")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Measure two digital feet of different matrices with their true labels, once."""
    with pytest.MonkeyPatch.context() as patch:
        feet = {
            ScanName("01"): make_foot(FootShape(), 2.0),
            ScanName("02"): _turned(make_foot(FootShape(), 2.5)),
        }
        yield measure_truth(tmp_path_factory.mktemp("study"), feet, patch)


def _turned(foot: Foot) -> Foot:
    return foot.moved(
        np.array([[1, 0, 0, 7], [0, 0.995, -0.0998, 5], [0, 0.0998, 0.995, 3], [0, 0, 0, 1.0]])
    )


@pytest.fixture
def served(measured: Path, tmp_path: Path) -> Iterator[Served]:
    """Serve a copy of the measured feet."""
    study = tmp_path / "study"
    shutil.copytree(measured.parent, study)
    with serving(study / "out") as running:
        yield running
