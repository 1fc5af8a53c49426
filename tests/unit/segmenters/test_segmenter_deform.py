"""From the aligned template to the individual."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.domain.scan import Contrast
from pipeline.phantom.anatomy.foot import Tissue
from pipeline.segmenters.atlas.affine_registration import Alignment
from pipeline.segmenters.atlas.atlas_template import Template, make_template
from pipeline.segmenters.atlas.deformable_registration import SPACING_MM, Deformation, deform
from pipeline.segmenters.network.isotropic_image import Volume
from validation.label_overlap import dice

STILL = Alignment(np.eye(3), np.zeros(3), 1.0, is_mirrored=False)


@pytest.fixture(scope="module")
def atlas() -> Template:
    """Give the T1-weighted atlas."""
    return make_template(Contrast.T1W)


@pytest.fixture(scope="module")
def image(atlas: Template) -> Volume:
    """See the atlas as a scan at registration's spacing."""
    return Volume.from_image(atlas.intensity, atlas.grid.spacing_mm, SPACING_MM)


def still(image: Volume, alignment: Alignment = STILL) -> Deformation:
    """Displace nothing."""
    return Deformation(alignment, image, np.zeros((*image.values.shape, 3), dtype=np.float32))


def test_without_displacement_labels_come_back_as_they_were(
    atlas: Template, image: Volume
) -> None:
    """Carried to their own grid by the identity, not one voxel moves."""
    muscles = atlas.foot.truth.muscles

    carried = still(image).carry(muscles.voxels, atlas.grid, atlas.grid)

    np.testing.assert_array_equal(carried, muscles.voxels)


def test_a_shift_carries_labels_by_as_much(atlas: Template, image: Volume) -> None:
    """Three voxels toward the toes."""
    muscles = atlas.foot.truth.muscles.voxels
    shifted = replace(STILL, offset_mm=np.array((0.0, 3.0, 0.0)))

    carried = still(image, shifted).carry(muscles, atlas.grid, atlas.grid)

    np.testing.assert_array_equal(carried[:, 3:], muscles[:, :-3])


def test_displacement_is_added_before_the_alignment(atlas: Template, image: Volume) -> None:
    """Looking 2 mm further on brings what lies there."""
    muscles = atlas.foot.truth.muscles.voxels
    field = np.zeros((*image.values.shape, 3), dtype=np.float32)
    field[..., 1] = 2.0

    carried = Deformation(STILL, image, field).carry(muscles, atlas.grid, atlas.grid)

    np.testing.assert_array_equal(carried[:, :-2], muscles[:, 2:])


def test_registration_mends_what_the_alignment_leaves(atlas: Template, image: Volume) -> None:
    """A template that is 5 mm off and 4 % too long is brought to within a voxel."""
    wrong = Alignment(np.diag((1, 1.04, 1)), np.array((3.0, 4.0, 0.0)), 0.9, is_mirrored=False)
    muscles = atlas.foot.truth.muscles
    true = atlas.foot.tissues == Tissue.MUSCLE

    template = Volume.from_image(atlas.intensity, atlas.grid.spacing_mm, SPACING_MM / 2)
    mended = deform(image, template, wrong).carry(true.astype(np.uint8), atlas.grid, atlas.grid)
    before = still(image, wrong).carry(muscles.voxels, atlas.grid, atlas.grid)

    assert dice(before > 0, muscles.voxels > 0) < 0.7
    assert dice(mended > 0, true) > 0.9
