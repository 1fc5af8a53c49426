"""Draw ``docs/phantom_kinds.png``: one digital foot of each kind, as T1 and as labels.

Run as ``python -m validation.draw_kinds FILE.png``.
"""

import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
from PIL import Image

from pipeline.phantom.acquisition.acquire import acquire
from pipeline.phantom.acquisition.artefacts import Artefacts
from pipeline.phantom.acquisition.protocols import get_protocol
from pipeline.phantom.anatomy.digital_foot import make_foot
from pipeline.phantom.anatomy.foot_kind import FootKind
from pipeline.phantom.anatomy.kind_shapes import draw_kind_shape
from validation.label_overlap import on_grid

SEEDS = {
    FootKind.TAPERED: 11,
    FootKind.FILLED: 1,
    FootKind.SPARSE: 3,
    FootKind.CONTOURED: 3,
}
PLACES = (0.28, 0.40, 0.52, 0.62, 0.72)  # of the stack
SPACING_MM = 0.75
HEIGHT = 0.62  # of the image's, from the sole up


def draw(file: Path) -> None:
    """Write the picture."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 after the backend is chosen

    figure, axes = plt.subplots(8, len(PLACES), figsize=(8, 10), facecolor="black")
    for row, (kind, seed) in enumerate(SEEDS.items()):
        rng = np.random.default_rng(seed)
        foot = make_foot(draw_kind_shape(rng, kind), SPACING_MM)
        scan = acquire(
            foot,
            get_protocol("t1_se_4mm"),
            rng,
            max_tilt_deg=0,
            artefacts=Artefacts(coil_bias=0.1),
        )
        voxels, labels = scan.intensity, on_grid(foot.truth.muscles, scan.grid)
        white = np.percentile(voxels[voxels > 0.1 * voxels.max()], 99.5)
        for column, place in enumerate(PLACES):
            plane = int(place * voxels.shape[2])
            top = int(HEIGHT * voxels.shape[1])
            picture, muscles = (v[:, :top, plane].T[::-1] for v in (voxels, labels))
            for panel in axes[2 * row : 2 * row + 2, column]:
                panel.imshow(picture, cmap="gray", vmin=0, vmax=white)
                panel.axis("off")
            axes[2 * row + 1, column].imshow(
                np.ma.masked_equal(muscles, 0), cmap="tab20", vmin=1, vmax=20, alpha=0.7
            )
        axes[2 * row, 0].set_title(kind, color="white", fontsize=9, loc="left")
    figure.tight_layout(pad=0.2)
    figure.savefig(file, dpi=80, metadata={"Software": None})
    with Image.open(file) as drawn:  # a fifth of the bytes
        small = drawn.convert("RGB").quantize(64)
    small.save(file, optimize=True)


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
