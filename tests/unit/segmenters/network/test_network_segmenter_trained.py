"""The packaged weights, on digital feet that they were not trained on."""

from dataclasses import replace

import numpy as np
import pytest
from simulated import Simulated

from pipeline import threads
from pipeline.domain.anatomy import BONE_NAMES, PLANTAR_LABELS
from pipeline.domain.grid import Grid
from pipeline.domain.labels import Segmentation
from pipeline.domain.scan import Scan, Side
from pipeline.errors import ScanError
from pipeline.segmenters.network.network_segmenter import NetworkSegmenter
from pipeline.segmenters.network.weights import load_weights
from pipeline.settings.preprocess import PreprocessParams
from pipeline.stages.preprocess import preprocess
from validation.label_overlap import dice, on_grid
from validation.trials import trial

LEAST_DICE = 0.85


@pytest.fixture(scope="module")
def labelled(simulated: Simulated) -> Segmentation:
    """Label one scan."""
    return NetworkSegmenter().segment(simulated.scan)


@pytest.mark.integration
def test_muscles_and_bones_are_labelled(labelled: Segmentation, simulated: Simulated) -> None:
    """T1, 1 mm pixels, slices of 4 mm."""
    truth, grid = simulated.foot.truth, simulated.scan.grid
    true = np.isin(on_grid(truth.muscles, grid), PLANTAR_LABELS)

    assert dice(np.isin(labelled.muscles.voxels, PLANTAR_LABELS), true) > LEAST_DICE
    for bone in BONE_NAMES:
        found = (labelled.bones.voxels == bone, on_grid(truth.bones, grid) == bone)
        assert dice(*found) > (0.4 if BONE_NAMES[bone] == "sesamoids" else 0.7), bone
    assert labelled.side is Side.RIGHT
    assert labelled.cautions == simulated.scan.cautions


@pytest.mark.integration
@pytest.mark.parametrize("cores", [1, 2])
def test_the_same_scan_gives_the_same_labels(
    labelled: Segmentation, simulated: Simulated, monkeypatch: pytest.MonkeyPatch, cores: int
) -> None:
    """To the voxel, and the probability to the bit, on one core and on two."""
    monkeypatch.setattr(threads._Share, "cores", cores)

    again = NetworkSegmenter().segment(simulated.scan)

    np.testing.assert_array_equal(again.muscles.voxels, labelled.muscles.voxels)
    np.testing.assert_array_equal(again.bones.voxels, labelled.bones.voxels)
    np.testing.assert_array_equal(again.probability, labelled.probability)


@pytest.mark.integration
def test_a_mirror_image_is_the_other_foot(labelled: Segmentation, simulated: Simulated) -> None:
    """Of the same volume."""
    mirror = np.diag((-1.0, 1.0, 1.0, 1.0))
    scan = simulated.scan
    grid = Grid.from_arrays(scan.grid.shape, mirror @ scan.grid.matrix)

    found = NetworkSegmenter().segment(replace(scan, grid=grid))

    sizes = [np.isin(s.muscles.voxels, PLANTAR_LABELS).sum() for s in (found, labelled)]
    assert found.side is Side.LEFT
    assert sizes[0] == pytest.approx(sizes[1], rel=0.03)


@pytest.mark.integration
@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["t1_tse_3mm", "vibe_0p8", "dixon_2pt", "pd_tse", "t2_fs"])
def test_other_protocols_need_no_other_weights(protocol: str) -> None:
    """Fatty muscle, noise and tilt among them."""
    foot, raw = trial(3, seed=6001, protocol=protocol, conditions="varied", spacing_mm=1.0)
    scan = preprocess(raw, PreprocessParams())
    true = np.isin(on_grid(foot.truth.muscles, scan.grid), PLANTAR_LABELS)

    found = NetworkSegmenter().segment(scan)

    assert dice(np.isin(found.muscles.voxels, PLANTAR_LABELS), true) > LEAST_DICE - 0.05
    assert found.side is foot.side


@pytest.mark.slow
def test_a_leg_is_refused(simulated: Simulated) -> None:
    """That of the foot, extended to the length of a limb."""
    scan = simulated.scan
    up = int(np.abs(scan.grid.matrix[2, :3]).argmax())
    leg = np.take(scan.intensity, [-3 if scan.grid.matrix[2, up] > 0 else 2], axis=up)
    limb = np.repeat(leg, 90, axis=up)
    spacing = [2.0 if axis == up else s for axis, s in enumerate(scan.grid.spacing_mm)]
    grid = Grid.from_arrays(limb.shape, np.diag((*spacing, 1.0)))

    with pytest.raises(ScanError, match="The image must show a foot"):
        NetworkSegmenter().segment(Scan(limb, grid, scan.contrast))


def test_the_manifest_states_how_they_were_trained() -> None:
    """Licence, number of scans and Dice on held-out feet."""
    manifest = load_weights().manifest

    assert manifest["licence"].startswith("BSD-3-Clause")
    for name in ("coarse", "fine"):
        assert manifest["training"][name]["scans"] > 1000
        assert len(manifest["training"][name]["held_out_dice"]) == 28
