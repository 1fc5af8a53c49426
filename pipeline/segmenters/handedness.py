"""Whether bones are those of a right or a left foot."""

import numpy as np

from pipeline.domain.anatomy import BONE_NAMES, FRAME_BONES
from pipeline.domain.labels import LabelMap
from pipeline.domain.scan import Side
from pipeline.errors import ScanError

_LEAST_DETERMINANT = 0.1  # 1 for perpendicular axes, 0 for axes in one plane


def side_of_bones(bones: LabelMap) -> Side:
    """Determine the side: the big toe is medial, the talus dorsal, the toes distal.

    Raises
    ------
    ScanError
        If one of these bones is missing, or their centroids lie nearly in one plane.
    """
    missing = [BONE_NAMES[bone] for bone in FRAME_BONES if not (bones.voxels == bone).any()]
    if missing:
        msg = (
            "The bone labels must include calcaneus, talus and metatarsals 1, 2 and 5: got no "
            f"voxels of {', '.join(missing)}. Check that the image shows one foot from heel to "
            "toes, and that the bones are labelled right."
        )
        raise ScanError(msg)
    heel, ankle, first, second, fifth = map(bones.centroid_mm, FRAME_BONES)
    axes = np.array([fifth - first, second - heel, ankle - heel])  # lateral, distal, dorsal
    determinant = float(np.linalg.det(axes / np.linalg.norm(axes, axis=1, keepdims=True)))
    if abs(determinant) < _LEAST_DETERMINANT:
        msg = (
            "Bones must lie as in a foot to tell its side: got heel, toes, big toe and ankle "
            "nearly in one plane. Look at the bone labels of this scan."
        )
        raise ScanError(msg)
    return Side.RIGHT if determinant > 0 else Side.LEFT
