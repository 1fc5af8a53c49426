"""The segment stage: labels of the named segmenter, corrections, and the claimed side."""

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.cautions import Caution
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap, Segmentation
from pipeline.domain.scan import Scan, Side
from pipeline.errors import ConfigError, ScanError
from pipeline.phantom.anatomy.foot import Foot
from pipeline.segmenters import registry
from pipeline.settings.segment import SegmentParams
from pipeline.stages.segment import Corrections, segment


class HandSegmenter:
    """Finds a right foot in every scan."""

    name = "hand"

    def segment(self, scan: Scan) -> Segmentation:
        """Label the brightest voxels."""
        voxels = (scan.intensity > 50).astype(np.uint8)
        muscles = LabelMap(voxels, scan.grid, MUSCLE_NAMES)
        bones = LabelMap(np.zeros_like(voxels), scan.grid, BONE_NAMES)
        return Segmentation(muscles, bones, Side.RIGHT, self.name, scan.cautions)


@pytest.fixture
def scan(monkeypatch: pytest.MonkeyPatch) -> Scan:
    """Make a scan without a claimed side, and a segmenter that labels it."""
    monkeypatch.setattr(registry, "SEGMENTERS", {"network": HandSegmenter})
    grid = Grid.from_arrays((3, 4, 5), np.diag((0.5, 0.7, 3, 1)))
    caution = Caution("strong-bias-field", "Coil brightness varies 4.0-fold.", "preprocess")
    intensity = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
    return Scan(intensity, grid, cautions=(caution,))


@pytest.mark.parametrize("side", [None, Side.RIGHT])
def test_labels_are_those_of_the_named_segmenter(side: Side | None, scan: Scan) -> None:
    """A claim that agrees with the anatomy changes nothing, and cautions are kept."""
    found = segment(replace(scan, side=side), SegmentParams())

    assert (found.segmenter, found.side) == ("hand", Side.RIGHT)
    assert np.count_nonzero(found.muscles.voxels) == 9
    assert found.cautions == scan.cautions


def test_a_side_that_contradicts_the_anatomy_is_refused(scan: Scan) -> None:
    """The message states both sides and what to do."""
    words = (
        r"got a left foot by header, table or option, but a right one by its big toe\. "
        r"Find out which foot was scanned and correct the claim with --side\."
    )
    with pytest.raises(ScanError, match=words):
        segment(replace(scan, side=Side.LEFT), SegmentParams())


def test_corrected_muscles_replace_those_of_the_segmenter(scan: Scan) -> None:
    """The name of the segmenter says so, and a caution states how much they differ."""
    voxels = (scan.intensity > 47).astype(np.uint8) * 3
    by_hand = LabelMap(voxels, scan.grid, MUSCLE_NAMES)

    found = segment(scan, SegmentParams(), Corrections(muscles=by_hand))

    assert found.muscles is by_hand
    assert (found.segmenter, found.side) == ("hand+corrected", Side.RIGHT)
    assert [c.code for c in found.cautions] == ["strong-bias-field", "corrected-muscles"]
    assert (
        "100.0% of the labelled voxels differ from those of hand" in found.cautions[-1].message
    )


def test_unchanged_labels_count_as_corrected(scan: Scan) -> None:
    """Somebody checked them and put them there."""
    by_hand = segment(scan, SegmentParams()).muscles

    found = segment(scan, SegmentParams(), Corrections(muscles=by_hand))

    assert "0.0% of the labelled" in found.cautions[-1].message


def test_corrected_bones_determine_the_side(
    coarse_foot: Foot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The side is that of the bones in use, whatever the segmenter found."""
    truth = coarse_foot.truth
    left = replace(truth, side=Side.LEFT, segmenter="hand")
    fixed = type("Fixed", (), {"name": "hand", "segment": lambda *_: left})
    monkeypatch.setattr(registry, "SEGMENTERS", {"network": fixed})
    scan = Scan(coarse_foot.tissues.astype(np.float32), coarse_foot.grid)

    found = segment(scan, SegmentParams(), Corrections(bones=truth.bones))

    assert (found.side, found.segmenter) == (Side.RIGHT, "hand+corrected")
    assert [c.code for c in found.cautions] == ["corrected-bones"]


def test_nothing_is_segmented_where_both_maps_are_given(
    coarse_foot: Foot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scan that a segmenter refuses can be measured; its side must still agree."""
    monkeypatch.setattr(registry, "SEGMENTERS", {})
    truth = coarse_foot.truth
    scan = Scan(coarse_foot.tissues.astype(np.float32), coarse_foot.grid, side=Side.RIGHT)
    by_hand = Corrections(truth.muscles, truth.bones)
    params = SegmentParams.model_construct(segmenter="none")

    found = segment(scan, params, by_hand)

    assert (found.side, found.segmenter) == (Side.RIGHT, "corrected")
    assert [c.code for c in found.cautions] == ["corrected-muscles-and-bones"]
    with pytest.raises(ScanError, match=r"got a left foot .* but a right one"):
        segment(replace(scan, side=Side.LEFT), params, by_hand)


@pytest.mark.usefixtures("scan")
def test_an_unknown_segmenter_is_refused() -> None:
    """The message lists the known ones."""
    with pytest.raises(
        ConfigError, match=r"no segmenter named 'networks'\. Known: network, nnunet, onnx\."
    ):
        registry.make_segmenter("networks")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"segmenter": "networks"}, "one of network, nnunet, onnx, got 'networks'"),
        ({"segmentor": "network"}, "segmentor"),
        ({"segmenter": "onnx"}, "a model goes with the segmenters .*'onnx' with model None"),
        (
            {"model": "m.toml"},
            "nnunet and onnx alone, got segmenter 'network' with model 'm",
        ),
    ],
)
def test_settings_are_checked(wrong: dict[str, str], words: str) -> None:
    """A misspelt name or key is refused."""
    with pytest.raises(ValidationError, match=words):
        SegmentParams.model_validate(wrong)
