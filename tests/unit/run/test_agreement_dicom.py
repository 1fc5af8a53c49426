"""The agreement of DICOM segmentations with label maps."""

from pathlib import Path

import pytest
from dicom_makers import write_series
from makers import make_labels, make_taken_scan
from segmentation_makers import FRAME, write_segmentation

from pipeline.errors import ConfigError
from pipeline.run.agreement import compute_agreement
from pipeline.store.images import write_labels

BOX = (slice(1, 4), slice(1, 5), slice(1, 5))
HALF = (slice(1, 4), slice(1, 5), slice(1, 3))


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Write half of a muscle in DICOM, and the whole of it as an image."""
    scan = make_taken_scan()
    elements = {"PatientName": "A^B", "FrameOfReferenceUID": FRAME}
    write_series(scan, tmp_path / "series", number=1, **elements)
    drawn, found = tmp_path / "drawn", tmp_path / "found"
    drawn.mkdir()
    mask = make_labels(scan.grid, {1: HALF}).voxels == 1
    segmentation = drawn / "sub-01_AB.dcm"
    write_segmentation(
        segmentation, tmp_path / "series", {"abductor hallucis (ABH)": mask}, scan.grid
    )
    image = found / "sub-01_seg-muscles_dseg.nii.gz"
    write_labels(make_labels(scan.grid, {1: BOX}), image, like=None)
    return segmentation, image


@pytest.mark.parametrize("is_folder", [True, False])
def test_a_segmentation_is_compared_with_an_image(
    pair: tuple[Path, Path], *, is_folder: bool
) -> None:
    """In either order, as files or folders; the slices that it does not store are empty."""
    drawn, found = (path.parent if is_folder else path for path in pair)

    for first, second, sign in ((drawn, found, 1), (found, drawn, -1)):
        rows = compute_agreement(first, second, None).overlaps
        row = rows.set_index("label").loc["ABH"]
        assert row["dice"] == pytest.approx(2 * 2 / 6)
        assert row["difference_cm3"] * sign == pytest.approx(2 * 12 * 1.05e-3)


def test_two_segmentations_are_refused(pair: tuple[Path, Path]) -> None:
    """Neither gives the grid of the scan."""
    with pytest.raises(ConfigError, match="must be an image: got two DICOM segmentations"):
        compute_agreement(pair[0], pair[0], None)
