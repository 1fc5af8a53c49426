"""DICOM segmentations as other programs write them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from pipeline.domain.grid import Grid

FRAME = "1.2.3.4"
"""Frame of reference that the series must have."""


def write_segmentation(
    path: Path,
    series: Path,
    masks: Mapping[str, NDArray[np.bool_]],
    grid: Grid,
    kind: str = "BINARY",
    coded: Mapping[str, Code] | None = None,
    **options: Any,
) -> Path:
    """Write segments, each with its voxels on the grid, of a series of DICOM files."""
    images = [pydicom.dcmread(file) for file in sorted(series.rglob("*.dcm"))]
    affine = np.diag((-1.0, -1.0, 1.0, 1.0)) @ grid.matrix
    stack = np.stack([*masks.values()], axis=-1).astype(np.uint8)
    turned = hd.Volume(
        stack.transpose(2, 1, 0, 3),
        affine[:, [2, 1, 0, 3]],
        "PATIENT",
        frame_of_reference_uid=FRAME,
        channels={"SegmentNumber": [*range(1, len(masks) + 1)]},
    )
    described = [
        hd.seg.SegmentDescription(
            number,
            name,
            codes.SCT.AnatomicalStructure,
            (coded or {}).get(name, codes.SCT.Muscle),
            "MANUAL",
        )
        for number, name in enumerate(masks, start=1)
    ]
    made = hd.seg.Segmentation(
        images,
        turned,
        kind,
        described,
        hd.UID(),
        1,
        hd.UID(),
        1,
        "other",
        "other",
        "1",
        "1",
        **options,
    )
    made.save_as(path)
    return path
