"""Intensities of muscle, bone and the other tissue of a foot."""

import numpy as np
from matplotlib.figure import Figure
from scipy import ndimage

from pipeline.domain.region_split import RegionSplit
from pipeline.domain.scan import Contrast, Scan
from pipeline.stages.plot_style import COLOURS, INK, PALE, plot_style, svg

_BRIGHT_FAT = (Contrast.T1W, Contrast.PDW)  # contrasts where subcutaneous fat is set to 1
_BINS = 120
_AIR = 0.08  # of the brightest tissue; below it lies mostly air


def plot_histogram(scan: Scan, split: RegionSplit) -> bytes:
    """Plot the distribution of intensities in muscle, bone and other tissue, as SVG.

    Parameters
    ----------
    scan
        Preprocessed, on the grid of the labels.

    Notes
    -----
    Other tissue is all that is bright and not labelled, in the box around the labels: mostly
    fat, with tendon, vessels and skin. Each curve has the area 1.
    """
    muscles, bones = split.muscles.voxels > 0, split.segmentation.bones.voxels > 0
    box = (ndimage.find_objects((muscles | bones).astype(np.uint8)) or [(slice(None),) * 3])[0]
    muscles, bones, values = muscles[box], bones[box], scan.intensity[box]
    white = max(float(np.percentile(values, 99.5)), np.finfo(float).tiny)
    other = ~(muscles | bones) & (values > _AIR * white)
    edges = np.linspace(0, 1.15 * white, _BINS + 1)
    series = (
        ("muscle", muscles, COLOURS[1], "-"),
        ("fat and other tissue", other, COLOURS[0], "-"),
        ("bone with marrow", bones, PALE, "--"),
    )
    with plot_style():
        figure = Figure(figsize=(7.2, 2.6), layout="constrained")
        axes = figure.subplots()
        for name, mask, colour, dashes in series:
            if mask.any():
                counts, _ = np.histogram(values[mask], edges, density=True)
                label = f"{name} (median {np.median(values[mask]):.2f})"
                axes.stairs(counts, edges, color=colour, linewidth=1.4, linestyle=dashes,
                            label=label)  # fmt: skip
        if scan.contrast in _BRIGHT_FAT:
            axes.axvline(1, color=INK, linewidth=0.8, linestyle=":")
            axes.text(1, 1.0, "  subcutaneous fat", transform=axes.get_xaxis_transform(),
                      va="top", fontsize=7)  # fmt: skip
        axes.set_xlim(0, edges[-1])
        axes.set_yticks([])
        axes.set_xlabel("intensity after preprocessing")
        figure.legend(loc="outside upper left", frameon=False, ncols=3)
        return svg(figure)
