"""The similarity transform from the bones of the mean foot to those of an image."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def fit_pose(
    bones_mm: Mapping[int, Array],
    template_mm: Mapping[int, Array],
    *,
    is_mirrored: bool | None = None,
) -> tuple[Array, float]:
    """Fit the scale, rotation, reflection and translation from the template to the bones.

    Parameters
    ----------
    bones_mm, template_mm
        Centre of each bone by label, in the world and in the template; at least three labels
        in common.
    is_mirrored
        Whether the pose is to mirror the template, a right foot, to a left one; None for
        whichever fits better.

    Returns
    -------
    pose, residual_mm
        Template to world, 4 x 4, with a negative determinant if it mirrors; and the root mean
        square distance that is left, in mm of the template.

    Notes
    -----
    Umeyama 1991 (IEEE Trans Pattern Anal Mach Intell 13:376), here with the handedness given.
    """
    labels = sorted(bones_mm.keys() & template_mm.keys())
    source = np.array([template_mm[label] for label in labels])
    target = np.array([bones_mm[label] for label in labels])
    from_source, from_target = source - source.mean(axis=0), target - target.mean(axis=0)
    u, s, vt = np.linalg.svd(from_target.T @ from_source)
    if is_mirrored is not None and (np.linalg.det(u @ vt) < 0) != is_mirrored:
        u[:, -1] *= -1
        s[-1] *= -1
    rotation = u @ vt
    scale = float(s.sum() / (from_source**2).sum())
    residuals = from_target / scale - from_source @ rotation.T
    pose = np.eye(4)
    pose[:3, :3] = scale * rotation
    pose[:3, 3] = target.mean(axis=0) - pose[:3, :3] @ source.mean(axis=0)
    return pose, float(np.sqrt((residuals**2).sum(axis=1).mean()))


def relative_stretch(bones_mm: Mapping[int, Array], template_mm: Mapping[int, Array]) -> float:
    """Give the ratio of the largest to the smallest stretch of the template, over directions.

    Parameters
    ----------
    bones_mm, template_mm
        Centre of each bone by label, in the world and in the template; at least four labels in
        common, whose template centres do not lie in one plane.

    Returns
    -------
    float
        Ratio of singular values of the affine transform that fits best: 1 or more, whatever
        the pose; infinite if the bones lie in one plane.
    """
    labels = sorted(bones_mm.keys() & template_mm.keys())
    source = np.array([template_mm[label] for label in labels])
    target = np.array([bones_mm[label] for label in labels])
    matrix, *_ = np.linalg.lstsq(source - source.mean(axis=0), target - target.mean(axis=0))
    return float(np.linalg.cond(matrix))
