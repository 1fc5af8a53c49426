"""Two segmenters on one scan: what they disagree on is told."""

import re
from dataclasses import dataclass, replace

import numpy as np
import pytest

from pipeline import segmenters
from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap, Segmentation
from pipeline.domain.scan import Scan, Side
from pipeline.errors import ScanError
from pipeline.stages.second_opinion import second_opinion
from pipeline.stages.segment import SegmentParams, segment

GRID = Grid.from_arrays((20, 20, 20), np.diag((1.0, 1.0, 1.0, 1.0)))
SCAN = Scan(np.arange(8000, dtype=np.float32).reshape(GRID.shape), GRID)


def labelled(
    width: int, shift: int = 0, label: int = 2, side: Side = Side.RIGHT
) -> Segmentation:
    """Label a slab of so many voxels."""
    voxels = np.zeros(GRID.shape, np.uint8)
    voxels[shift : shift + width] = label
    muscles = LabelMap(voxels, GRID, MUSCLE_NAMES)
    bones = LabelMap(np.zeros_like(voxels), GRID, BONE_NAMES)
    return Segmentation(muscles, bones, side, "first")


@dataclass
class Other:
    """Finds what it is told to, or refuses."""

    found: Segmentation | ScanError
    name: str = "other"

    def segment(self, scan: Scan) -> Segmentation:
        """Give it, whatever the scan."""
        assert scan is SCAN
        if isinstance(self.found, ScanError):
            raise self.found
        return self.found


@pytest.mark.parametrize(
    "rival", [labelled(20), labelled(19), labelled(19, 1), labelled(20, 0, 5)]
)
def test_agreement_says_nothing(rival: Segmentation) -> None:
    """Small differences are borders, and which muscle it is has cautions of its own."""
    assert second_opinion(labelled(20), SCAN, Other(rival)) == ()


def test_two_that_find_nothing_differ() -> None:
    """There is nothing that they could agree on."""
    (caution,) = second_opinion(labelled(0), SCAN, Other(labelled(0)))

    assert caution.code == "second-opinion-differs"


@pytest.mark.parametrize(
    ("rival", "words"),
    [
        (labelled(7), r"other agrees by a Dice of 0\.82 only, .* are 35% smaller \(good scans"),
        (labelled(13), r"by it the plantar muscles are 26% larger"),
        (labelled(10, 5), r"a Dice of 0\.50 only, .* are 0% larger"),
        (labelled(10, 0, 11), r"a Dice of 0\.00 only, .* are 200% smaller"),
        (labelled(10, side=Side.LEFT), "other finds a left foot, so look at the labels"),
    ],
)
def test_disagreement_is_told(rival: Segmentation, words: str) -> None:
    """In size, in place, in kind, or about the side."""
    (caution,) = second_opinion(labelled(10), SCAN, Other(rival))

    assert (caution.code, caution.stage) == ("second-opinion-differs", "segment")
    assert re.search(words, caution.message)


def test_a_refusal_is_told() -> None:
    """With its first sentence; the row stays."""
    refusal = ScanError("The image must show a foot: got a head. Scan a foot.")

    (caution,) = second_opinion(labelled(10), SCAN, Other(refusal))

    assert caution.code == "second-opinion-refuses"
    assert caution.message == (
        "other refuses this scan, so look at the labels: "
        "The image must show a foot: got a head."
    )


def test_it_is_asked_where_the_settings_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its labels are not used, and its doubts follow those of the first."""
    first = replace(labelled(10), segmenter="network")
    chosen = {"network": lambda: Other(first), "atlas": lambda: Other(labelled(5), "atlas")}
    monkeypatch.setattr(segmenters, "SEGMENTERS", chosen)

    alone = segment(SCAN, SegmentParams())
    itself = segment(SCAN, SegmentParams(second_opinion="network"))
    checked = segment(SCAN, SegmentParams(second_opinion="atlas"))

    assert alone.cautions == itself.cautions == ()
    assert [c.code for c in checked.cautions] == ["second-opinion-differs"]
    assert checked.muscles is first.muscles
    assert checked.segmenter == "network"
