"""What every segmenter promises, over each entry of the table."""

from collections.abc import Iterator

import numpy as np
import pytest
from oracle import oracle, sightless_weights
from simulated import Segmented, Simulated

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.labels import Segmentation
from pipeline.segmenters import SEGMENTERS, make_segmenter, network


@pytest.fixture(scope="module", autouse=True)
def _right_network(simulated: Simulated) -> Iterator[None]:
    """Let the network know the truth: what it has learnt is not the contract's matter."""
    with pytest.MonkeyPatch.context() as patch:
        known = sightless_weights()
        patch.setattr(network, "load_weights", lambda: known)
        patch.setattr(network, "look", oracle(simulated.foot))
        yield


@pytest.fixture(scope="module", params=SEGMENTERS)
def found(
    request: pytest.FixtureRequest, simulated: Simulated, segmented: Segmented
) -> Segmentation:
    """Give what one segmenter finds in the simulated scan."""
    name = str(request.param)
    known = segmented.labels
    return known if known.segmenter == name else make_segmenter(name).segment(simulated.scan)


def test_labels_lie_on_the_grid_of_the_scan(found: Segmentation, simulated: Simulated) -> None:
    """Labels need no resampling to be measured."""
    assert found.muscles.grid == simulated.scan.grid
    assert found.bones.grid == simulated.scan.grid


def test_labels_have_the_contracts_names(found: Segmentation) -> None:
    """Muscles, bones and the segmenter itself."""
    assert dict(found.muscles.names) == dict(MUSCLE_NAMES)
    assert dict(found.bones.names) == dict(BONE_NAMES)
    assert make_segmenter(found.segmenter).name == found.segmenter


def test_same_scan_same_labels(found: Segmentation, simulated: Simulated) -> None:
    """A fresh segmenter agrees to the voxel, and leaves the scan as it was."""
    before = simulated.scan.intensity.copy()

    again = make_segmenter(found.segmenter).segment(simulated.scan)

    np.testing.assert_array_equal(again.muscles.voxels, found.muscles.voxels)
    np.testing.assert_array_equal(again.bones.voxels, found.bones.voxels)
    np.testing.assert_array_equal(simulated.scan.intensity, before)
