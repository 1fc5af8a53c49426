"""How far the bones of an image are from those of feet: a point distribution model."""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
POSE_PARAMETERS = 7
"""Of a similarity transform: three of translation, three of rotation, and scale."""


@dataclass(frozen=True, slots=True, eq=False)
class BoneShape:
    """Mean and covariance of the bone centres of feet.

    Parameters
    ----------
    labels
        Of the n bones.
    mean_mm
        Their mean centres in the patch, (n, 3).
    covariance_mm2
        Of the 3 n coordinates, bone by bone. It includes the localisation error, and a large
        variance along translation, rotation and scaling, so that the distance does not depend
        on the pose.
    """

    labels: tuple[int, ...]
    mean_mm: Array
    covariance_mm2: Array

    @classmethod
    def from_tsv(cls, content: bytes) -> Self:
        """Read a model as `training.learn_bone_shape` writes it."""
        rows = np.loadtxt(BytesIO(content), delimiter="\t", skiprows=1)
        labels = tuple(rows[::3, 0].astype(int).tolist())
        return cls(labels, rows[:, 1].reshape(-1, 3), rows[:, 2:])

    def distance(self, centres_mm: Mapping[int, Array]) -> float:
        """Give the root mean square Mahalanobis distance per degree of freedom.

        Parameters
        ----------
        centres_mm
            Centre of each bone in the patch, by label; missing bones are marginalised.

        Returns
        -------
        float
            About 1 for a foot of the training set; infinite for fewer than three bones.

        Notes
        -----
        Cootes et al. 1995 (Comput Vis Image Underst 61:38), with the full covariance in place
        of its first modes.
        """
        shown = [k for k, label in enumerate(self.labels) if label in centres_mm]
        freedom = 3 * len(shown) - POSE_PARAMETERS
        if freedom <= 0:
            return float("inf")
        centres = np.array([centres_mm[self.labels[k]] for k in shown])
        off = (centres - self.mean_mm[shown]).ravel()
        rows = (3 * np.array(shown)[:, None] + np.arange(3)).ravel()
        covariance = self.covariance_mm2[np.ix_(rows, rows)]
        return float(np.sqrt(off @ np.linalg.solve(covariance, off) / freedom))
