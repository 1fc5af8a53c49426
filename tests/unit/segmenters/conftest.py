"""Poses that are known beforehand, so that a test need not search for them."""

from collections.abc import Callable

import numpy as np
import pytest
from simulated import LONG, Poses, Segmented, Simulated, cropped, shifted

from pipeline.domain.scan import Scan
from pipeline.segmenters.atlas import atlas_segmenter as atlas
from pipeline.segmenters.atlas.affine_registration import Alignment
from pipeline.segmenters.atlas.deformable_registration import Deformation
from pipeline.segmenters.network.isotropic_image import Volume


@pytest.fixture
def give_pose(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the atlas segmenter find these poses, one pair per piece of tissue."""

    def give(*found: Poses) -> None:
        left = list(found)

        def find_pose(image: Volume, template: Volume) -> Poses:  # noqa: ARG001
            return left.pop(0)

        monkeypatch.setattr(atlas, "find_pose", find_pose)

    return give


@pytest.fixture
def undeformed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave registration out, where a test is not about the labels."""

    def deform(image: Volume, template: Volume, alignment: Alignment) -> Deformation:  # noqa: ARG001
        return Deformation(alignment, image, np.zeros((*image.values.shape, 3), np.float32))

    monkeypatch.setattr(atlas, "deform", deform)


@pytest.fixture
def cut(
    simulated: Simulated, segmented: Segmented, give_pose: Callable[..., None]
) -> Callable[..., Scan]:
    """Shorten the scan along the foot, the pose being known."""

    def shorten(first: int, last: int) -> Scan:
        whole = simulated.scan.grid
        removed = (whole.shape[LONG] - last) - first
        by_mm = removed / 2 * whole.spacing_mm[LONG]
        give_pose(shifted(segmented.poses, LONG, by_mm))
        return cropped(simulated.scan, LONG, slice(first, last))

    return shorten
