"""Overlap, surface distances and volumes of two label maps of one foot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import KDTree

from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap, check_one_grid

OVERLAP_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "label": "structure; the last row is the union of those that are summed",
        "dice": "Dice coefficient, 0 to 1",
        "hd95_mm": "95th percentile of the Hausdorff distance, in mm",
        "asd_mm": "average symmetric surface distance, in mm",
        "reference_cm3": "volume in the reference, in cm3",
        "segmentation_cm3": "volume in the segmentation, in cm3",
        "difference_cm3": "segmentation minus reference, in cm3",
        "difference_percent": "the difference in per cent of the reference",
        "note": "why a cell is n/a",
    }
)
_NOTES = {
    (False, False): "in neither map",
    (False, True): "not in the reference",
    (True, False): "not in the segmentation",
}

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Structures:
    """The structures of a kind of label map.

    Parameters
    ----------
    names
        By label.
    summed
        Labels whose union is compared as well, as `sum_name`.
    """

    names: Mapping[int, str]
    summed: tuple[int, ...]
    sum_name: str

    def groups(self) -> Mapping[str, Sequence[int]]:
        """Give the labels of each row, by its name."""
        return {name: [label] for label, name in self.names.items()} | {
            self.sum_name: self.summed
        }


def overlap(
    reference: LabelMap, segmentation: LabelMap, structures: Structures, who: str
) -> pd.DataFrame:
    """Compare a segmentation with a reference.

    Parameters
    ----------
    who
        The foot, for the error message.

    Returns
    -------
    pandas.DataFrame
        One row per structure and one for their union, the columns of `OVERLAP_COLUMNS`.

    Raises
    ------
    GridMismatchError
        If the maps are not on one grid.

    Notes
    -----
    Surface voxels are those with a face neighbour outside; distances are between their
    centres in world space, so they are correct for any spacing, tilt or shear. HD95 is the
    larger of the 95th percentiles of both directions; the average distance is the mean over
    both surfaces (Maier-Hein et al. 2024, doi:10.1038/s41592-023-02151-z).
    """
    check_one_grid(
        reference,
        segmentation,
        what=f"Reference and segmentation of {who!r}",
        advice="Draw both on the scan's own grid.",
    )
    rows = []
    for name, labels in structures.groups().items():
        masks = [np.isin(m.voxels, labels) for m in (reference, segmentation)]
        rows.append({"label": name, **_compared(masks[0], masks[1], reference.grid)})
    return pd.DataFrame(rows, columns=list(OVERLAP_COLUMNS))


def _compared(reference: Mask, segmentation: Mask, grid: Grid) -> dict[str, object]:
    """Give the cells of one structure."""
    counts = [int(np.count_nonzero(mask)) for mask in (reference, segmentation)]
    reference_cm3, cm3 = (n * grid.voxel_volume_mm3 / 1e3 for n in counts)
    cells: dict[str, object] = {
        "reference_cm3": reference_cm3,
        "segmentation_cm3": cm3,
        "difference_cm3": cm3 - reference_cm3,
        "note": _NOTES.get((counts[0] > 0, counts[1] > 0)),
    }
    if counts[0]:
        cells["difference_percent"] = 100 * (cm3 / reference_cm3 - 1)
    if any(counts):
        cells["dice"] = 2 * np.count_nonzero(reference & segmentation) / sum(counts)
    if all(counts):
        forward, backward = _surface_distances_mm(reference, segmentation, grid)
        cells["hd95_mm"] = float(max(np.percentile(forward, 95), np.percentile(backward, 95)))
        cells["asd_mm"] = float(np.concatenate([forward, backward]).mean())
    return cells


def _surface_distances_mm(
    first: Mask, second: Mask, grid: Grid
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the distance of each surface voxel to the other surface, in both directions."""
    surfaces = [grid.to_world(np.argwhere(_surface(mask))) for mask in (first, second)]
    trees = [KDTree(points) for points in surfaces]
    forward, backward = trees[1].query(surfaces[0])[0], trees[0].query(surfaces[1])[0]
    return np.asarray(forward), np.asarray(backward)


def _surface(mask: Mask) -> Mask:
    """Give the voxels with a face neighbour outside, or at the edge of the image."""
    edge: Mask = mask & ~ndimage.binary_erosion(mask)
    return edge
