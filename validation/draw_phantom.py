"""Draw ``docs/phantom_slices.png``: one digital foot in four contrasts.

Run as ``python -m validation.draw_phantom FILE.png``.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray

from pipeline.domain.scan import Contrast
from pipeline.phantom.acquisition.acquire import acquire
from pipeline.phantom.acquisition.artefacts import Artefacts
from pipeline.phantom.acquisition.protocols import get_protocol
from pipeline.phantom.anatomy.digital_foot import make_foot
from pipeline.phantom.anatomy.shape import draw_shape

SEED = 11
PLACES = {"rearfoot": 0.30, "midfoot": 0.47, "forefoot": 0.66}  # of the stack
SPOILT = Artefacts(coil_bias=0.15, magic_angle=1.0, ringing=0.1)
HEIGHT = 0.62  # of the image's, from the sole up
PERCENTILE = {"T2, fat suppressed": 97.0}  # of the voxels, shown white; fluid is much brighter


def _images() -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Take the foot in each contrast, slices perpendicular to its long axis."""
    foot = make_foot(draw_shape(np.random.default_rng(SEED)))
    dixon = get_protocol("dixon_2pt")
    for title, protocol in (
        ("T1 spin echo", get_protocol("t1_se_4mm")),
        ("T2, fat suppressed", get_protocol("t2_fs")),
        ("Dixon, water", dixon),
        ("Dixon, fat", replace(dixon, contrast=Contrast.FAT)),
    ):
        rng = np.random.default_rng(SEED)
        scan = acquire(foot, protocol, rng, max_tilt_deg=0, artefacts=SPOILT)
        yield title, scan.intensity


def draw(file: Path) -> None:
    """Write the picture."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 after the backend is chosen

    figure, axes = plt.subplots(4, 3, figsize=(8, 9), facecolor="black")
    for row, (title, voxels) in zip(axes, _images(), strict=True):
        inside = voxels[voxels > 0.1 * voxels.max()]
        white = np.percentile(inside, PERCENTILE.get(title, 99.5))
        for panel, (place, share) in zip(row, PLACES.items(), strict=True):
            picture = voxels[:, : int(HEIGHT * voxels.shape[1]), int(share * voxels.shape[2])]
            panel.imshow(picture.T[::-1], cmap="gray", vmin=0, vmax=white)
            panel.set_title(f"{title}: {place}", color="white", fontsize=8)
            panel.axis("off")
    figure.tight_layout(pad=0.3)
    figure.savefig(file, dpi=90, metadata={"Software": None})


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
