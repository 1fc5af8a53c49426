"""Training examples: reproducible, and labels that fit the image."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.segmenters.network.patch import COARSE, FINE, Patch
from pipeline.segmenters.network.prediction import OTHER
from training.examples import draw_examples

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("patch", [COARSE, FINE])
def test_an_index_always_gives_the_same_examples(patch: Patch, feet_folder: Path) -> None:
    """Byte for byte; another index gives another image."""
    first, again, other = (draw_examples(k, patch, 1, feet_folder)[0] for k in (3, 3, 4))

    assert first.labels.shape == patch.shape
    assert first.image.shape == first.muscles.shape == patch.input.shape
    assert first.image.tobytes() == again.image.tobytes()
    assert first.labels.tobytes() == again.labels.tobytes()
    assert first.muscles.tobytes() == again.muscles.tobytes()
    assert first.image.tobytes() != other.image.tobytes()
    assert first.labels.max() <= OTHER
    assert np.isfinite(first.image).all()


def test_fewer_patches_are_the_first_ones(feet_folder: Path) -> None:
    """The number of patches does not change those before."""
    (one,) = draw_examples(1, COARSE, 1, feet_folder, patches=1)
    first, *_ = draw_examples(1, COARSE, 1, feet_folder, patches=3)

    assert one.image.tobytes() == first.image.tobytes()
    assert one.labels.tobytes() == first.labels.tobytes()


def test_labelled_tissue_is_brighter_than_air(feet_folder: Path) -> None:
    """In every fine patch."""
    for example in draw_examples(1, FINE, 1, feet_folder):
        is_tissue = np.kron(example.labels > 0, np.ones(FINE.split)) > 0
        inside, outside = example.image[is_tissue].mean(), example.image[~is_tissue].mean()
        assert is_tissue.mean() > 0.05
        assert inside > 2 * outside
