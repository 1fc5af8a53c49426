"""The similarity transform from the bones of the mean foot to those found in an image."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def fit_pose(
    found_mm: Mapping[int, Array],
    template_mm: Mapping[int, Array],
    *,
    is_mirrored: bool | None = None,
) -> tuple[Array, float]:
    """Fit scale, turn, mirroring and place that carry the template's bones to those found.

    Parameters
    ----------
    found_mm, template_mm
        Middle of each bone, by label; three common ones at least.
    is_mirrored
        Whether the foot found is a left one; None for whichever fits better.

    Returns
    -------
    pose, residual_mm
        4 x 4, template to world; its determinant is negative if the foot is mirrored.
        Root mean square distance that is left, in the template's mm.

    Notes
    -----
    Umeyama 1991 (IEEE Trans Pattern Anal Mach Intell 13:376), who holds the handedness.
    """
    labels = sorted(found_mm.keys() & template_mm.keys())
    theirs = np.array([template_mm[label] for label in labels])
    ours = np.array([found_mm[label] for label in labels])
    from_theirs, from_ours = theirs - theirs.mean(axis=0), ours - ours.mean(axis=0)
    u, s, vt = np.linalg.svd(from_ours.T @ from_theirs)
    if is_mirrored is not None and (np.linalg.det(u @ vt) < 0) != is_mirrored:
        u[:, -1] *= -1
        s[-1] *= -1
    turn = u @ vt
    scale = float(s.sum() / (from_theirs**2).sum())
    left = from_ours / scale - from_theirs @ turn.T
    pose = np.eye(4)
    pose[:3, :3] = scale * turn
    pose[:3, 3] = ours.mean(axis=0) - pose[:3, :3] @ theirs.mean(axis=0)
    return pose, float(np.sqrt((left**2).sum(axis=1).mean()))
