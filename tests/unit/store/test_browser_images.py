"""Images as a browser gets them."""

import nibabel as nib
import numpy as np
import pytest
from makers import BLOCK, make_grid, make_labels

from pipeline.domain.scan import Scan
from pipeline.errors import ArtefactError
from pipeline.store.browser_images import label_bytes, labels_of, scan_bytes

GRID = make_grid()


def test_a_scan_keeps_its_values_and_places(rng: np.random.Generator) -> None:
    """To a part in 8192 of the brightest voxel, without any text in the header."""
    intensity = rng.uniform(-1, 4, GRID.shape).astype(np.float32)

    image = nib.Nifti1Image.from_bytes(scan_bytes(Scan(intensity, GRID)))

    np.testing.assert_allclose(image.get_fdata(), intensity, atol=4 / 8192)
    np.testing.assert_allclose(image.affine, GRID.matrix, atol=1e-4)
    texts = [image.header[name].item() for name in ("descrip", "aux_file", "intent_name")]
    assert texts == [b"", b"", b""]
    assert image.header["cal_max"] == pytest.approx(4, abs=0.1)


def test_labels_come_back_as_they_went() -> None:
    """The first axis is fastest, as in a NIfTI file."""
    labels = make_labels(GRID, {7: BLOCK, 2: (slice(0, 1), slice(0, 1), slice(0, 2))})

    content = label_bytes(labels.voxels)

    np.testing.assert_array_equal(labels_of(content, GRID), labels.voxels)
    assert content[0] == content[GRID.shape[0] * GRID.shape[1]] == 2


@pytest.mark.parametrize("change", [-1, 1])
def test_labels_of_another_foot_are_refused(change: int) -> None:
    """One byte per voxel of this scan, neither more nor less."""
    count = int(np.prod(GRID.shape)) + change

    with pytest.raises(ArtefactError, match=rf"12121 for \[23, 31, 17\]: got {count}"):
        labels_of(bytes(count), GRID)
