"""Dixon images whose fat and water are swapped."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.domain.grid import Grid
from pipeline.domain.scan import Contrast, Scan
from pipeline.errors import ScanError
from pipeline.segmenters.network.fat_water import check_fat_water
from pipeline.segmenters.network.patch import Patch
from pipeline.segmenters.network.prediction import OTHER, Prediction

PATCH = Patch((8, 8, 8), (2.0, 2.0, 2.0))
MUSCLE, BONE = 3, 15
BRIGHT, DARK = 0.9, 0.1


@pytest.fixture
def prediction() -> Prediction:
    """Predict muscle in one half and bone in the other."""
    probabilities = np.zeros((OTHER + 1, *PATCH.shape), dtype=np.float32)
    probabilities[MUSCLE, :4] = 1
    probabilities[BONE, 4:] = 1
    return Prediction(probabilities, PATCH, np.eye(4), np.ones(PATCH.shape, dtype=np.bool_))


def scan_of(muscle: float, bone: float, contrast: Contrast) -> Scan:
    """Make an image of these intensities on the voxels of the patch."""
    values = np.full(PATCH.shape, muscle)
    values[4:] = bone
    return Scan(values, Grid.from_arrays(PATCH.shape, PATCH.affine), contrast)


@pytest.mark.parametrize(
    ("contrast", "muscle", "bone", "words"),
    [
        (
            Contrast.WATER,
            DARK,
            BRIGHT,
            r"brighter .* water image: got intensities of 0\.10 and 0\.90",
        ),
        (
            Contrast.FAT,
            BRIGHT,
            DARK,
            r"darker .* fat image: got intensities of 0\.90 and 0\.10",
        ),
    ],
)
def test_a_swapped_image_is_refused(
    contrast: Contrast, muscle: float, bone: float, words: str, prediction: Prediction
) -> None:
    """The message gives both intensities and what to do."""
    with pytest.raises(ScanError, match=rf"Muscle must be {words}.*exchange the two images"):
        check_fat_water(prediction, scan_of(muscle, bone, contrast))


@pytest.mark.parametrize(
    ("contrast", "muscle", "bone"),
    [
        (Contrast.WATER, BRIGHT, DARK),
        (Contrast.FAT, DARK, BRIGHT),
        (Contrast.T1W, DARK, BRIGHT),
        (Contrast.PDW, BRIGHT, DARK),
    ],
)
def test_other_images_are_accepted(
    contrast: Contrast, muscle: float, bone: float, prediction: Prediction
) -> None:
    """Only Dixon images state which tissue is bright."""
    check_fat_water(prediction, scan_of(muscle, bone, contrast))


def test_an_image_without_muscle_is_left_to_others(prediction: Prediction) -> None:
    """There is nothing to compare."""
    prediction.probabilities[MUSCLE] = 0
    blind = replace(prediction)  # without cached labels

    check_fat_water(blind, scan_of(DARK, BRIGHT, Contrast.WATER))
