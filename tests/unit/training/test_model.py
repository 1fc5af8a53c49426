"""The networks; only where torch is installed (extra ``train``)."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from training.checkpoints import START  # noqa: E402
from training.model import CLASSES, MUSCLE_CLASSES, BoundaryModel, FootNet  # noqa: E402

SPLIT = (2, 1, 2)


def test_logits_of_some_voxels_equal_those_of_the_whole_patch() -> None:
    """Also the muscles of their input voxels."""
    torch.manual_seed(0)
    net = FootNet(SPLIT).eval()
    image = torch.rand(1, 1, 16, 16, 16)
    places = [(0, 0, 0), (0, 9, 5), (3, 14, 4)]
    voxels = torch.tensor(np.ravel_multi_index(np.transpose(places), (8, 16, 8)))

    with torch.no_grad():
        (few, few_muscles), (every, muscles) = net.logits_at(image, voxels), net(image)

    assert muscles.shape == (1, MUSCLE_CLASSES, 16, 16, 16)
    expected = every.reshape(CLASSES, -1).T[voxels]
    torch.testing.assert_close(torch.softmax(few, dim=1), expected)
    for (x, y, z), one in zip(places, torch.softmax(few_muscles, dim=1), strict=True):
        inputs = muscles[0, :, 2 * x : 2 * x + 2, y : y + 1, 2 * z : 2 * z + 2]
        torch.testing.assert_close(one, inputs.reshape(MUSCLE_CLASSES, -1))


def test_a_network_without_split_has_one_output() -> None:
    """All classes are in the input voxels."""
    net = FootNet().eval()
    image = torch.rand(1, 1, 8, 16, 8)

    with torch.no_grad():
        (probabilities,) = net(image)
        _, muscles = net.logits_at(image, torch.tensor([3]))

    assert probabilities.shape == (1, CLASSES, 8, 16, 8)
    assert muscles is None


@pytest.mark.parametrize(("name", "split"), [("coarse", (1, 1, 1)), ("fine", SPLIT)])
def test_weights_have_the_names_of_the_checkpoints(
    name: str, split: tuple[int, int, int]
) -> None:
    """The start weights can be loaded."""
    state = torch.load(START / f"{name}.pt", map_location="cpu", weights_only=True)

    assert {*state["averaged"]} == {*FootNet(split).state_dict()}


def test_boundary_weights_keep_their_names() -> None:
    """Checkpoints hold them by these names."""
    names = {name.split(".")[0] for name in BoundaryModel(13).state_dict()}

    assert names == {"mean", "spread", "offsets", "by_features", "by_label", "layers"}
