"""A small foot of nested boxes of tissue, and how to scan it."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap, Segmentation
from pipeline.domain.scan import Contrast, Scan, Side
from pipeline.phantom.acquisition.acquire import NOISE_LEVELS, acquire
from pipeline.phantom.acquisition.artefacts import Artefacts
from pipeline.phantom.acquisition.protocols import Protocol
from pipeline.phantom.anatomy.foot import PHANTOM, Foot, Tissue

MUSCLE = 0.2606  # muscle's brightness relative to fat under the protocol below
BARE = Protocol("bare", Contrast.T1W, 1.5, 500, 15, 0.7, 3.0, 4.0, muscle_snr=1e3)
FAT_LEVEL = 1e3 * NOISE_LEVELS / MUSCLE
THICK = replace(BARE, slice_thickness_mm=4.0)
SUPPRESSED = replace(THICK, fat_left=0.05)
WATER = replace(THICK, is_dixon=True, contrast=Contrast.WATER)


@cache
def make_foot(side: Side = Side.RIGHT) -> Foot:
    """Make a box of fat (14 x 40 x 20 mm) with a core of muscle, open at the top."""
    tissues = np.zeros((22, 56, 26), dtype=np.uint8)
    tissues[4:18, 8:48, 6:] = Tissue.FAT
    tissues[7:14, 20:44, 10:18] = Tissue.MUSCLE
    return foot_of(tissues, side)


def foot_of(tissues: NDArray[np.integer[Any]], side: Side) -> Foot:
    """Make a foot of 1 mm voxels; its muscle is the abductor hallucis."""
    affine = np.diag((1.0 if side is Side.RIGHT else -1.0, 1.0, 1.0, 1.0))
    affine[:3, 3] = (3, -11, 5)
    grid = Grid.from_arrays(tissues.shape, affine)
    muscles = LabelMap(np.where(tissues == Tissue.MUSCLE, 1, 0), grid, MUSCLE_NAMES)
    bones = LabelMap(np.zeros_like(tissues), grid, BONE_NAMES)
    return Foot(tissues, Segmentation(muscles, bones, side, PHANTOM))


def take(
    foot: Foot,
    protocol: Protocol = BARE,
    seed: int = 5,
    tilt_deg: float = 0,
    beside: Foot | None = None,
    **artefacts: float,
) -> Scan:
    """Scan with a fresh generator, with the named artefacts only."""
    return acquire(
        foot,
        protocol,
        np.random.default_rng(seed),
        max_tilt_deg=tilt_deg,
        artefacts=Artefacts(**artefacts),
        beside=beside,
    )


def relative_intensity(protocol: Protocol = THICK, **artefacts: float) -> NDArray[np.float64]:
    """Scan the small foot; fat is 1."""
    scan = take(make_foot(), protocol, **artefacts)  # type: ignore[arg-type]
    return scan.intensity.astype(float) / FAT_LEVEL
