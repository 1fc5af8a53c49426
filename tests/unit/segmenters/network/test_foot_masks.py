"""How many feet an image shows."""

import numpy as np
from numpy.typing import NDArray

from pipeline.segmenters.network.foot_masks import candidate_masks, filled, tissue_mask
from pipeline.segmenters.network.isotropic_image import IsotropicImage

SPACING_MM = 4.0
SHAPE = (64, 52, 26)

Corner = tuple[slice, slice, slice]


def blocks(*corners: Corner) -> IsotropicImage:
    """Draw blocks of bright tissue."""
    values = np.zeros(SHAPE, dtype=np.float32)
    for corner in corners:
        values[corner] = 0.8
    return IsotropicImage(values, SPACING_MM, np.zeros(3))


LEFT = (slice(4, 26), slice(4, 48), slice(4, 22))
RIGHT = (slice(36, 58), slice(4, 48), slice(4, 22))


def masks(image: IsotropicImage) -> list[NDArray[np.bool_]]:
    """List the masks of candidates."""
    return list(candidate_masks(image))


def holds_only(mask: NDArray[np.bool_], own: Corner, other: Corner) -> bool:
    """Whether a mask contains one block whole and nothing of the other."""
    return bool(mask[own].all() and not mask[other].any())


def test_one_foot_is_one() -> None:
    """Nothing of its image is masked."""
    (mask,) = masks(blocks(LEFT))

    assert mask.all()


def test_two_feet_are_two() -> None:
    """Each mask contains one foot whole and nothing of the other."""
    first, second = masks(blocks(LEFT, RIGHT))

    assert holds_only(first, LEFT, RIGHT)
    assert holds_only(second, RIGHT, LEFT)


def test_feet_that_touch_are_two() -> None:
    """A bridge of skin does not make them one."""
    bridge = (slice(26, 36), slice(20, 24), slice(6, 10))

    first, second = masks(blocks(LEFT, RIGHT, bridge))

    assert holds_only(first, LEFT, RIGHT)
    assert holds_only(second, RIGHT, LEFT)


def test_small_components_are_no_feet() -> None:
    """A phantom bottle of 130 cm3 beside the foot belongs to the foot's image."""
    bottle = (slice(40, 53), slice(20, 33), slice(4, 16))
    assert 13 * 13 * 12 * SPACING_MM**3 < 0.25e6

    (mask,) = masks(blocks(LEFT, bottle))

    assert mask[LEFT].all()


def test_an_empty_image_holds_none() -> None:
    """Air alone yields nothing."""
    assert masks(blocks()) == []


def test_dark_marrow_is_tissue_of_its_foot() -> None:
    """A hole that is open to the image's edge does not divide the foot."""
    image = blocks((slice(4, 26), slice(4, 48), slice(4, 26)))
    values = image.values.copy()
    values[12:18, 10:40, 10:26] = 0

    assert len(masks(IsotropicImage(values, SPACING_MM, np.zeros(3)))) == 1


def test_holes_are_filled_in_every_plane() -> None:
    """A cavity closes, and so does a hole that is open at one end only."""
    mask = np.zeros(SHAPE, dtype=bool)
    mask[LEFT] = True
    mask[10:12, 20:22, 10:12] = False
    mask[10:12, 30:32, 4:12] = False

    assert filled(mask)[LEFT].all()
    assert filled(mask).sum() == mask[LEFT].size


def test_tissue_is_brighter_than_air() -> None:
    """Noise below the threshold is air."""
    image = blocks(LEFT)
    noise = np.random.default_rng(2).uniform(0, 0.1, SHAPE).astype(np.float32)

    mask = tissue_mask(
        IsotropicImage(np.maximum(image.values, noise), SPACING_MM, image.origin_mm)
    )

    assert mask[LEFT].all()
    assert not mask[36:].any()
