"""Export of a simulated scan as a DICOM series, and conversion back."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import dcm2niix
import nibabel as nib
import numpy as np
import pydicom
import pytest

from pipeline.domain.grid import Grid
from pipeline.domain.scan import Scan, Side
from pipeline.simulate.dicom_export import write_dicom_series

ACQUISITION = {
    "MagneticFieldStrength": 1.5,
    "RepetitionTime": 0.5,
    "EchoTime": 0.015,
    "SliceThickness": 3.0,
    "ProtocolName": "t1_se_4mm",
}


@pytest.fixture
def scan() -> Scan:
    """Make an oblique scan of 7 x 9 x 5 voxels, slices 3.3 mm apart."""
    a, b = np.radians((14, -20))
    about_right = np.array(((1, 0, 0), (0, np.cos(a), -np.sin(a)), (0, np.sin(a), np.cos(a))))
    about_superior = np.array(
        ((np.cos(b), -np.sin(b), 0), (np.sin(b), np.cos(b), 0), (0, 0, 1))
    )
    axes = (about_superior @ about_right)[:, (0, 2, 1)]
    affine = np.eye(4)
    affine[:3, :3] = axes * (0.5, 0.7, 3.3)
    affine[:3, 3] = (12, -30, 4.25)
    levels = np.random.default_rng(2).integers(0, 900, (7, 9, 5)).astype(np.float32)
    return Scan(levels, Grid.from_arrays(levels.shape, affine), acquisition=ACQUISITION)


def export(scan: Scan, folder: Path, label: str = "07") -> list[pydicom.FileDataset]:
    """Write a series and read it, slice by slice."""
    write_dicom_series(scan, folder, label=label, side=Side.RIGHT)
    return [pydicom.dcmread(path) for path in sorted(folder.iterdir())]


def test_every_pixel_keeps_its_world_position(scan: Scan, tmp_path: Path) -> None:
    """Position, orientation and spacing map each pixel to its voxel."""
    for dataset in export(scan, tmp_path):
        rows, columns = np.mgrid[: dataset.Rows, : dataset.Columns]
        across, down = np.array(dataset.ImageOrientationPatient, dtype=float).reshape(2, 3)
        between_rows, between_columns = (float(s) for s in dataset.PixelSpacing)
        lps = (
            np.array(dataset.ImagePositionPatient, dtype=float)
            + columns[..., None] * between_columns * across
            + rows[..., None] * between_rows * down
        )
        indices = scan.grid.to_index(lps * (-1, -1, 1))
        np.testing.assert_allclose(indices, np.rint(indices), atol=1e-4)
        i, j, k = np.moveaxis(np.rint(indices).astype(int), -1, 0)
        np.testing.assert_array_equal(dataset.pixel_array, scan.intensity[i, j, k])


def test_rows_run_to_the_patients_left_and_columns_down(scan: Scan, tmp_path: Path) -> None:
    """The slice is displayed in the radiological convention."""
    across, down = np.array(export(scan, tmp_path)[0].ImageOrientationPatient).reshape(2, 3)

    assert across[0] > 0.9
    assert down[2] < -0.9


@pytest.mark.integration
def test_dcm2niix_reproduces_the_scan(scan: Scan, tmp_path: Path) -> None:
    """The same intensities are at the same world positions."""
    export(scan, tmp_path / "dicom")
    command = [dcm2niix.bin, "-f", "scan", "-o", str(tmp_path), str(tmp_path / "dicom")]
    subprocess.run(command, check=True, capture_output=True)

    image = nib.as_closest_canonical(nib.load(tmp_path / "scan.nii"))
    indices = np.indices(image.shape).reshape(3, -1).T
    world = Grid.from_arrays(image.shape, image.affine).to_world(indices)
    i, j, k = np.rint(scan.grid.to_index(world)).T
    expected = scan.intensity[i.astype(int), j.astype(int), k.astype(int)]
    np.testing.assert_array_equal(np.asarray(image.dataobj).ravel(), expected)
    sidecar = json.loads((tmp_path / "scan.json").read_text())
    assert sidecar["SpacingBetweenSlices"] == 3.3
    assert sidecar["RepetitionTime"] == 0.5


def test_the_header_has_body_part_side_and_slice(scan: Scan, tmp_path: Path) -> None:
    """Thickness and spacing differ, and times are in milliseconds."""
    dataset = export(scan, tmp_path)[2]

    assert dataset.SOPClassUID == pydicom.uid.MRImageStorage
    assert (dataset.BodyPartExamined, dataset.Laterality) == ("FOOT", "R")
    assert (dataset.SliceThickness, dataset.SpacingBetweenSlices) == (3.0, 3.3)
    assert (dataset.RepetitionTime, dataset.EchoTime) == (500, 15)
    assert dataset.InstanceNumber == 3


def test_no_person_is_named(scan: Scan, tmp_path: Path) -> None:
    """The only identifier is the participant's label."""
    dataset = export(scan, tmp_path)[0]

    assert (dataset.PatientName, dataset.PatientID) == ("Anonymous", "sub-07")
    assert dataset.PatientBirthDate == dataset.StudyDate == ""


def test_slices_share_a_series_and_have_unique_instances(scan: Scan, tmp_path: Path) -> None:
    """One study, one series, one frame of reference, five instances."""
    datasets = export(scan, tmp_path)

    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"):
        assert len({d[keyword].value for d in datasets}) == 1
    assert len({d.SOPInstanceUID for d in datasets}) == 5


def test_same_scan_same_bytes(scan: Scan, tmp_path: Path) -> None:
    """Files contain no time and no random numbers."""
    for folder in ("first", "second"):
        export(scan, tmp_path / folder)

    for path in sorted((tmp_path / "first").iterdir()):
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()


def test_another_participant_has_other_identifiers(scan: Scan, tmp_path: Path) -> None:
    """Equal voxels of two participants give two studies."""
    first, second = (export(scan, tmp_path / label, label)[0] for label in ("01", "02"))

    assert first.StudyInstanceUID != second.StudyInstanceUID


@pytest.mark.parametrize(("value", "got"), [(-1, "-1 to"), (70000, "to 70000"), (0.5, "whole")])
def test_intensities_that_are_not_16_bit_integers_are_refused(
    scan: Scan, tmp_path: Path, value: float, got: str
) -> None:
    """Intensities are never scaled or rounded."""
    intensity = scan.intensity.copy()
    intensity[1, 2, 3] = value

    with pytest.raises(ValueError, match=rf"whole numbers from 0 to 65535, got|{got}"):
        export(replace(scan, intensity=intensity), tmp_path)
