"""Scans of feet that no code of this project made, with ground truth.

A folder of them is a raw BIDS dataset with ``truth/sub-XX_muscles.nii.gz``, the labels on the
grid of the scan, and ``truth/sub-XX.json``, the volumes from the finer labels behind them.
"""

import json
from pathlib import Path

from pipeline.domain.anatomy import MUSCLE_NAMES, REGIONS
from pipeline.domain.scan import Scan, Side
from pipeline.domain.scan_key import ScanKey
from pipeline.store.images import read_labels, read_scan
from pipeline.store.raw_scans import find_scan
from validation.assess import PLANTAR, Truth


def foreign_labels(folder: Path) -> list[str]:
    """Give the labels of the participants."""
    return [
        path.stem.removeprefix("sub-") for path in sorted((folder / "truth").glob("*.json"))
    ]


def foreign_scan(folder: Path, label: str) -> tuple[Scan, Truth]:
    """Read scan and truth of a participant."""
    truth = folder / "truth"
    labels = read_labels(truth / f"sub-{label}_muscles.nii.gz", MUSCLE_NAMES)
    facts = json.loads((truth / f"sub-{label}.json").read_text(encoding="utf-8"))
    sums = facts["plantar_cm3"]["face_centroid"]
    volumes = {(PLANTAR, region): sums[region] for region in REGIONS}
    volumes |= {(name, "total"): cm3 for name, cm3 in facts["muscles_cm3"].items()}
    scan = read_scan(find_scan(folder, ScanKey(label)))
    return scan, Truth(labels.voxels, volumes, Side(facts["side"]))
