"""A small scan, and the import of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from makers import make_taken_scan

from pipeline.domain.scan import Scan
from pipeline.intake.import_scans import Stated, intake_source
from pipeline.run.executors import InProcess
from pipeline.settings.intake import IntakeParams

Bring = Callable[..., list[Path]]


@pytest.fixture
def scan() -> Scan:
    """Make a scan of 5 x 6 x 7 voxels of 0.5 x 0.7 x 3 mm."""
    return make_taken_scan()


@pytest.fixture
def bring() -> Bring:
    """Make a function that imports a source, with defaults for what is not given."""

    def import_source(source: Path, bids_dir: Path, **given: Any) -> list[Path]:
        return intake_source(
            source,
            bids_dir,
            given.get("table"),
            Stated(given.get("side"), given.get("session")),
            given.get("params", IntakeParams()),
            given.get("patients"),
            InProcess(),
        )

    return import_source
