"""How a foot lies in an image, from its anatomy alone."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.transform import Rotation

from pipeline.domain.scan import Contrast
from pipeline.segmenters.atlas.affine_registration import Alignment, _Matcher, find_pose
from pipeline.segmenters.atlas.atlas_template import make_template
from pipeline.segmenters.network.isotropic_image import Array, Volume

TURN = Rotation.from_euler("xyz", (12, -8, 25), degrees=True).as_matrix()


@pytest.fixture(scope="module")
def template() -> Volume:
    """Give the atlas at 8 mm, so that a search takes a second."""
    atlas = make_template(Contrast.T1W)
    return Volume.from_image(atlas.intensity, atlas.grid.spacing_mm, 8.0)


def carried(template: Volume, matrix: Array, offset_mm: Array) -> Volume:
    """Make the image of which the given map is the pose."""
    size = 44
    image = Volume(np.zeros((size, size, size), np.float32), 8.0, np.full(3, -4.0 * (size - 1)))
    points = image.positions_mm(np.ones(image.values.shape, dtype=bool))
    values, inside = template.sample((points - offset_mm) @ np.linalg.inv(matrix).T)
    return replace(image, values=np.where(inside, values, 0).reshape(image.values.shape))


def test_points_go_there_and_back() -> None:
    """Each map undoes the other."""
    alignment = Alignment(TURN * 1.1, np.array((3.0, -7, 11)), 0.9, is_mirrored=False)
    points = np.random.default_rng(1).normal(0, 50, (5, 3))

    there = alignment.to_image(points)

    np.testing.assert_allclose(there[0], TURN @ points[0] * 1.1 + (3, -7, 11))
    np.testing.assert_allclose(alignment.to_template(there), points, atol=1e-9)


@pytest.mark.parametrize("is_mirrored", [False, True])
def test_pose_and_side_are_found(template: Volume, *, is_mirrored: bool) -> None:
    """Turned, shifted, 8 % larger, of either side: points come back to 6 mm."""
    matrix = TURN @ np.diag((-1.08 if is_mirrored else 1.08, 1.08, 1.08))
    offset_mm = np.array((9.0, -14, 6))

    best, rival = find_pose(carried(template, matrix, offset_mm), template)

    assert (best.is_mirrored, rival.is_mirrored) == (is_mirrored, not is_mirrored)
    assert best.similarity > max(0.97, rival.similarity)
    points = template.positions_mm(template.values > 0.2)
    off_mm = np.linalg.norm(best.to_image(points) - points @ matrix.T - offset_mm, axis=1)
    assert np.median(off_mm) < 6


@pytest.mark.parametrize(
    "flip", [(-1, -1, 1), (1, -1, -1), (-1, 1, -1)], ids=["prone", "upside down", "rolled"]
)
def test_no_orientation_is_presumed(template: Volume, flip: tuple[int, ...]) -> None:
    """Half turns about any axis are found, as headers may lie."""
    matrix = np.diag(flip).astype(float)

    best, _ = find_pose(carried(template, matrix, np.zeros(3)), template)

    assert not best.is_mirrored
    np.testing.assert_allclose(np.sign(np.diag(best.matrix)), flip)
    assert best.similarity > 0.97


def test_noise_resembles_no_foot(template: Volume) -> None:
    """A blurred ball of noise stays far below what a foot reaches."""
    values = ndimage.gaussian_filter(np.random.default_rng(4).random((30, 30, 30)), 0.6)
    axes = np.indices(values.shape) - 14.5
    values[np.linalg.norm(axes, axis=0) > 9] = 0
    ball = Volume(values.astype(np.float32), 8.0, np.full(3, -116.0))

    best, _ = find_pose(ball, template)

    assert best.similarity < 0.75


@pytest.mark.parametrize("far", [-2e4, 2e4])
def test_a_search_that_overshoots_meets_a_size(far: float, template: Volume) -> None:
    """A step of the optimiser to anywhere gives a finite map, and no warning."""
    matcher = _Matcher(template, template, blur_mm=6.0, stride=4)
    numbers = np.array([0.0] * 6 + [far] * 3 + [0.0] * 3)

    matrix, offset = matcher.affine(numbers, np.eye(3), np.zeros(3), is_mirrored=False)

    assert np.isfinite(matrix).all()
    assert np.isfinite(offset).all()
    assert np.linalg.det(matrix) > 0
