"""Labels of the segmenter that was named, held to the side that was claimed."""

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from pipeline import segmenters
from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.cautions import Caution
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap, Segmentation
from pipeline.domain.scan import Scan, Side
from pipeline.errors import ConfigError, ScanError
from pipeline.stages.segment import SegmentParams, segment


class HandSegmenter:
    """Sees a right foot in every scan."""

    name = "hand"

    def segment(self, scan: Scan) -> Segmentation:
        """Label the brightest voxels."""
        voxels = (scan.intensity > 50).astype(np.uint8)
        muscles = LabelMap(voxels, scan.grid, MUSCLE_NAMES)
        bones = LabelMap(np.zeros_like(voxels), scan.grid, BONE_NAMES)
        return Segmentation(muscles, bones, Side.RIGHT, self.name, scan.cautions)


@pytest.fixture
def scan(monkeypatch: pytest.MonkeyPatch) -> Scan:
    """Make a scan that claims nothing, and put a segmenter in place that labels it."""
    monkeypatch.setattr(segmenters, "SEGMENTERS", {"atlas": HandSegmenter, "other": object})
    grid = Grid.from_arrays((3, 4, 5), np.diag((0.5, 0.7, 3, 1)))
    caution = Caution("strong-bias-field", "Coil brightness varies 4.0-fold.", "preprocess")
    intensity = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
    return Scan(intensity, grid, cautions=(caution,))


@pytest.mark.parametrize("side", [None, Side.RIGHT])
def test_labels_are_those_of_the_named_segmenter(side: Side | None, scan: Scan) -> None:
    """A claim that the anatomy bears out changes nothing, and cautions travel on."""
    found = segment(replace(scan, side=side), SegmentParams())

    assert (found.segmenter, found.side) == ("hand", Side.RIGHT)
    assert np.count_nonzero(found.muscles.voxels) == 9
    assert found.cautions == scan.cautions


def test_a_side_that_the_anatomy_denies_is_refused(scan: Scan) -> None:
    """Both facts stand in the sentence, and what to do."""
    words = (
        r"got a left foot by header, table or option, but a right one by its big toe\. "
        r"Find out which foot was scanned and correct the claim with --side\."
    )
    with pytest.raises(ScanError, match=words):
        segment(replace(scan, side=Side.LEFT), SegmentParams())


@pytest.mark.usefixtures("scan")
def test_an_unknown_segmenter_is_refused() -> None:
    """The sentence lists the known ones."""
    with pytest.raises(
        ConfigError, match=r"no segmenter named 'atlsa'\. Known: atlas, other\."
    ):
        segmenters.make_segmenter("atlsa")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"segmenter": "atlsa"}, "one of atlas, network, got 'atlsa'"),
        ({"segmentor": "atlas"}, "segmentor"),
    ],
)
def test_settings_are_checked(wrong: dict[str, str], words: str) -> None:
    """A misspelt name or key does not pass in silence."""
    with pytest.raises(ValidationError, match=words):
        SegmentParams.model_validate(wrong)
