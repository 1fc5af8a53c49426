"""Labels of a segmenter that are kept for a corrected scan."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from makers import BLOCK, make_grid, make_labels, make_segmentation

from pipeline.domain.cautions import Caution
from pipeline.store.kept_labels import KeptLabels

GRID = make_grid()
CAUTION = Caution("low-certainty", "Confidence is 0.7.", "segment")
OWN = replace(make_segmentation(make_labels(GRID, {3: BLOCK})), cautions=(CAUTION,))


def test_kept_labels_are_found_again(tmp_path: Path) -> None:
    """With side, segmenter and cautions, on the grid of the scan."""
    kept = KeptLabels(tmp_path / "new" / "segmenter.npz", "key")
    kept.write(OWN)

    found = kept.find(GRID)

    assert found is not None
    np.testing.assert_array_equal(found.muscles.voxels, OWN.muscles.voxels)
    np.testing.assert_array_equal(found.bones.voxels, OWN.bones.voxels)
    assert (found.side, found.segmenter, found.cautions) == (OWN.side, "made", (CAUTION,))


def test_equal_labels_give_equal_bytes(tmp_path: Path) -> None:
    """The file does not depend on the day."""
    paths = [tmp_path / name for name in ("a.npz", "b.npz")]
    for path in paths:
        KeptLabels(path, "key").write(OWN)

    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_labels_of_another_key_are_not_used(tmp_path: Path) -> None:
    """Another scan, other settings or other code: the segmenter labels again."""
    KeptLabels(tmp_path / "kept.npz", "key").write(OWN)

    assert KeptLabels(tmp_path / "kept.npz", "other").find(GRID) is None


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 cut off", b"text"])
def test_damaged_labels_count_as_none(tmp_path: Path, content: bytes | None) -> None:
    """It is a cache, so nothing is refused."""
    path = tmp_path / "kept.npz"
    if content is not None:
        path.write_bytes(content)

    assert KeptLabels(path, "key").find(GRID) is None


def test_labels_of_another_shape_count_as_none(tmp_path: Path) -> None:
    """They would not lie on the scan."""
    kept = KeptLabels(tmp_path / "kept.npz", "key")
    kept.write(OWN)

    assert kept.find(make_grid((3, 4, 5))) is None
