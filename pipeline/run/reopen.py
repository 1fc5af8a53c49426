"""The cohort of an output folder that exists, from what the folder itself records."""

import os
from pathlib import Path
from typing import Any

from pipeline.config import load_config
from pipeline.domain.scan import Contrast, Side
from pipeline.errors import ArtefactError, ConfigError
from pipeline.run.cohort import Cohort, open_cohort, open_scan
from pipeline.run.cohort_outputs import SCAN_RECORD, SETTINGS
from pipeline.store.files import read_json

DESCRIPTION = "dataset_description.json"


def reopen(out: Path) -> Cohort:
    """Open the cohort that an output folder was made from; writes nothing.

    Raises
    ------
    PipelineError
        If the folder does not say what it was made from, or that is no longer there.
    """
    config = load_config(out / SETTINGS)
    record = out / SCAN_RECORD
    if record.exists():
        facts = read_json(record)
        try:
            side, contrast = facts["side"], facts["contrast"]
            return open_scan(
                _place(out, facts["image"]),
                out,
                config,
                Side(side) if side else None,
                facts["body_mass_kg"],
                Contrast(contrast) if contrast else None,
            )
        except (KeyError, ValueError, TypeError) as error:
            msg = (
                f"The record {SCAN_RECORD!r} must say what was measured: got something else "
                f"({error}). Run footvol scan again."
            )
            raise ArtefactError(msg) from error
    links = read_json(out / DESCRIPTION).get("DatasetLinks")
    return open_cohort(_raw(out, links), out, config)


def _raw(out: Path, links: Any) -> Path:
    raw = links.get("raw") if isinstance(links, dict) else None
    if not isinstance(raw, str):
        msg = (
            f"{DESCRIPTION} must name the raw dataset: got none in {str(out)!r}. Name a folder "
            "that footvol run or footvol scan wrote."
        )
        raise ConfigError(msg)
    return _place(out, raw)


def _place(out: Path, relative: str) -> Path:
    """Give a path that is recorded relative to OUT."""
    return Path(os.path.normpath(out.absolute() / relative))
