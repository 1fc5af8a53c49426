"""A scan as one enhanced multi-frame file, and back."""

from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest
from small_foot import BARE, make_foot, take

from pipeline.domain.grid import Grid
from pipeline.domain.scan import Scan, Side
from pipeline.phantom.acquisition.protocols import Orientation
from pipeline.simulate.dicom_enhanced import write_enhanced_dicom
from pipeline.simulate.dicom_export import digest_of, write_dicom_series
from pipeline.store.dicom.import_series import imported_dicom


def scan_in(orientation: Orientation) -> Scan:
    """Scan the small foot, tilted and noisy."""
    protocol = replace(BARE, muscle_snr=20, orientation=orientation, oblique_deg=13)
    return take(make_foot(), protocol, tilt_deg=8)


@pytest.fixture
def scan() -> Scan:
    """Take short-axis slices."""
    return scan_in(Orientation.SHORT_AXIS)


def export(scan: Scan, file: Path) -> pydicom.FileDataset:
    """Write a left foot's file and read it."""
    write_enhanced_dicom(scan, file, label="07", side=Side.LEFT)
    return pydicom.dcmread(file)


@pytest.mark.parametrize("orientation", Orientation)
def test_intake_gives_the_scan_back(orientation: Orientation, tmp_path: Path) -> None:
    """The same intensities are at the same world positions, and the side is known."""
    scan = scan_in(orientation)
    export(scan, tmp_path / "one.dcm")

    with imported_dicom([tmp_path / "one.dcm"]) as found:
        image = nib.load(found.image)
        indices = np.indices(image.shape).reshape(3, -1).T
        world = Grid.from_arrays(image.shape, image.affine).to_world(indices)
        i, j, k = np.rint(scan.grid.to_index(world)).astype(int).T
        np.testing.assert_array_equal(
            np.asarray(image.dataobj).ravel(), scan.intensity[i, j, k]
        )
        assert {side for _, side in found.sides} == {Side.LEFT}
        assert found.fields["SpacingBetweenSlices"] == 4.0
        assert (found.fields["RepetitionTime"], found.fields["EchoTime"]) == (0.5, 0.015)


def test_one_file_holds_all_frames(scan: Scan, tmp_path: Path) -> None:
    """Frames are numbered in one stack and each states its position."""
    dataset = export(scan, tmp_path / "one.dcm")

    assert dataset.SOPClassUID == pydicom.uid.EnhancedMRImageStorage
    assert dataset.NumberOfFrames == scan.grid.shape[2]
    places = [
        group.PlanePositionSequence[0].ImagePositionPatient
        for group in dataset.PerFrameFunctionalGroupsSequence
    ]
    steps = np.linalg.norm(np.diff(np.array(places, dtype=float), axis=0), axis=1)
    np.testing.assert_allclose(steps, 4.0, atol=1e-4)
    numbers = [
        group.FrameContentSequence[0].DimensionIndexValues[1]
        for group in dataset.PerFrameFunctionalGroupsSequence
    ]
    assert numbers == list(range(1, len(places) + 1))


def test_frames_are_the_classic_slices(scan: Scan, tmp_path: Path) -> None:
    """Both formats have the same pixels in the same order, of the same study."""
    enhanced = export(scan, tmp_path / "one.dcm")
    write_dicom_series(scan, tmp_path / "series", label="07", side=Side.LEFT)

    for frame, path in zip(
        enhanced.pixel_array, sorted((tmp_path / "series").iterdir()), strict=True
    ):
        classic = pydicom.dcmread(path)
        np.testing.assert_array_equal(frame, classic.pixel_array)
        assert classic.StudyInstanceUID == enhanced.StudyInstanceUID


def test_an_enhanced_file_is_anonymous_and_reproducible(scan: Scan, tmp_path: Path) -> None:
    """The only identifier is the participant's label; there is no date."""
    dataset = export(scan, tmp_path / "one.dcm")
    export(scan, tmp_path / "two.dcm")

    assert (dataset.PatientName, dataset.PatientID) == ("Anonymous", "sub-07")
    assert (dataset.Laterality, dataset.BodyPartExamined) == ("L", "FOOT")
    assert (tmp_path / "one.dcm").read_bytes() == (tmp_path / "two.dcm").read_bytes()


def test_series_of_one_study_share_it(scan: Scan, tmp_path: Path) -> None:
    """Study and frame of reference are the first scan's; the series is its own."""
    first = export(scan, tmp_path / "one.dcm")
    other = replace(scan, intensity=scan.intensity + 1)
    write_enhanced_dicom(
        other,
        tmp_path / "two.dcm",
        label="07",
        side=Side.LEFT,
        number=2,
        study=digest_of(scan),
    )
    second = pydicom.dcmread(tmp_path / "two.dcm")

    assert second.StudyInstanceUID == first.StudyInstanceUID
    assert second.FrameOfReferenceUID == first.FrameOfReferenceUID
    assert second.SeriesInstanceUID != first.SeriesInstanceUID
    assert (first.SeriesNumber, second.SeriesNumber) == (1, 2)


def test_values_beyond_16_bits_are_refused_in_enhanced_files(
    scan: Scan, tmp_path: Path
) -> None:
    """Nothing is scaled or rounded silently."""
    with pytest.raises(ValueError, match=r"whole numbers from 0 to 65535, got 0\.5 to"):
        export(replace(scan, intensity=scan.intensity + 0.5), tmp_path / "one.dcm")
