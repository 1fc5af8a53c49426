"""Two label maps of one foot: overlap, distance of surfaces, volumes."""

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
        "label": "structure; the last row has those of the sum as one",
        "dice": "twice the common voxels over the voxels of both; 1 is full overlap",
        "hd95_mm": "95 % of either surface lies within this of the other one, in mm",
        "asd_mm": "average distance of the two surfaces, both ways, in mm",
        "reference_cm3": "volume in the reference, in cm3",
        "segmentation_cm3": "volume in the segmentation, in cm3",
        "difference_cm3": "segmentation less reference, in cm3",
        "difference_percent": "the difference as part of the reference, in per cent",
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
    """What the labels of a kind of map are called.

    Parameters
    ----------
    names
        By label.
    summed
        Labels that are also judged as one, under `sum_name`.
    """

    names: Mapping[int, str]
    summed: tuple[int, ...]
    sum_name: str

    def groups(self) -> Mapping[str, Sequence[int]]:
        """Give the labels behind each row, by its name."""
        return {name: [label] for label, name in self.names.items()} | {
            self.sum_name: self.summed
        }


def overlap(
    reference: LabelMap, segmentation: LabelMap, structures: Structures, who: str
) -> pd.DataFrame:
    """Hold a segmentation to a reference.

    Parameters
    ----------
    who
        Foot that both show, for the error.

    Returns
    -------
    pandas.DataFrame
        One row per structure and one for their sum, the columns of `OVERLAP_COLUMNS`.

    Raises
    ------
    GridMismatchError
        If the maps do not lie on one grid.

    Notes
    -----
    A surface is the voxels with a face neighbour outside; distances are between their
    centres, in world space, so any spacing, tilt or shear is right. The HD95 is the larger
    of the 95th percentiles of the two directions, the average distance is the mean over
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
        rows.append({"label": name, **_judged(masks[0], masks[1], reference.grid)})
    return pd.DataFrame(rows, columns=list(OVERLAP_COLUMNS))


def _judged(reference: Mask, segmentation: Mask, grid: Grid) -> dict[str, object]:
    """Give the cells of one structure."""
    counts = [int(np.count_nonzero(mask)) for mask in (reference, segmentation)]
    true_cm3, cm3 = (n * grid.voxel_volume_mm3 / 1e3 for n in counts)
    cells: dict[str, object] = {
        "reference_cm3": true_cm3,
        "segmentation_cm3": cm3,
        "difference_cm3": cm3 - true_cm3,
        "note": _NOTES.get((counts[0] > 0, counts[1] > 0)),
    }
    if counts[0]:
        cells["difference_percent"] = 100 * (cm3 / true_cm3 - 1)
    if any(counts):
        cells["dice"] = 2 * np.count_nonzero(reference & segmentation) / sum(counts)
    if all(counts):
        there, back = _surface_distances_mm(reference, segmentation, grid)
        cells["hd95_mm"] = float(max(np.percentile(there, 95), np.percentile(back, 95)))
        cells["asd_mm"] = float(np.concatenate([there, back]).mean())
    return cells


def _surface_distances_mm(
    first: Mask, second: Mask, grid: Grid
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the distance of each surface voxel to the other surface, both ways."""
    ends = [grid.to_world(np.argwhere(_surface(mask))) for mask in (first, second)]
    trees = [KDTree(points) for points in ends]
    there, back = trees[1].query(ends[0])[0], trees[0].query(ends[1])[0]
    return np.asarray(there), np.asarray(back)


def _surface(mask: Mask) -> Mask:
    """Give the voxels that have a face neighbour outside; so has the image's edge."""
    edge: Mask = mask & ~ndimage.binary_erosion(mask)
    return edge
