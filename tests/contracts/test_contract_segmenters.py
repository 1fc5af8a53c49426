"""The interface of segmenters, tested for each that the settings may name."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from oracle import oracle, use, weights_without_networks
from simulated import Simulated
from user_models import perfect_model, perfect_nnunet

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.labels import Segmentation
from pipeline.domain.segmenter_names import NNUNET, SEGMENTER_NAMES, USER_MODELS
from pipeline.segmenters.base import Segmenter
from pipeline.segmenters.network import network_segmenter as network
from pipeline.segmenters.registry import make_segmenter

pytestmark = pytest.mark.integration

Make = Callable[[], Segmenter]


@pytest.fixture(scope="module", autouse=True)
def _right_network(simulated: Simulated) -> Iterator[None]:
    """Let the network predict the ground truth: its weights are tested elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        known = weights_without_networks()
        patch.setattr(network, "load_weights", lambda: known)
        use(patch, oracle(simulated.foot))
        yield


@pytest.fixture(scope="module", params=SEGMENTER_NAMES)
def make(request: pytest.FixtureRequest, simulated: Simulated) -> Make:
    """Give a function that makes one segmenter; user models predict the ground truth too."""
    name = str(request.param)
    if name not in USER_MODELS:
        return lambda: make_segmenter(name)
    if name == NNUNET:
        return lambda: make_segmenter(name, perfect_nnunet(simulated, refine=True))
    return lambda: make_segmenter(name, perfect_model(simulated, refine=True))


@pytest.fixture(scope="module")
def found(make: Make, simulated: Simulated) -> Segmentation:
    """Segment the simulated scan by one segmenter."""
    return make().segment(simulated.scan)


def test_labels_lie_on_the_grid_of_the_scan(found: Segmentation, simulated: Simulated) -> None:
    """Labels need no resampling to be measured."""
    assert found.muscles.grid == simulated.scan.grid
    assert found.bones.grid == simulated.scan.grid


def test_labels_have_the_contracts_names(found: Segmentation, make: Make) -> None:
    """Muscles, bones and the segmenter itself."""
    assert dict(found.muscles.names) == dict(MUSCLE_NAMES)
    assert dict(found.bones.names) == dict(BONE_NAMES)
    assert make().name == found.segmenter


def test_same_scan_same_labels(found: Segmentation, make: Make, simulated: Simulated) -> None:
    """A fresh segmenter agrees to the voxel, and leaves the scan as it was."""
    before = simulated.scan.intensity.copy()

    again = make().segment(simulated.scan)

    np.testing.assert_array_equal(again.muscles.voxels, found.muscles.voxels)
    np.testing.assert_array_equal(again.bones.voxels, found.bones.voxels)
    np.testing.assert_array_equal(simulated.scan.intensity, before)
