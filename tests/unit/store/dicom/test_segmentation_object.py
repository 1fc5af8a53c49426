"""Segmentations hold every voxel of the label map, in its place."""

from dataclasses import replace
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest
from exported import VERSION, geometry_of, labels_in, make_result, segmentation_of, source_of
from makers import make_grid
from pydicom import Dataset

from pipeline.domain.anatomy import MUSCLE_COLOURS
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap
from pipeline.domain.scan import Scan, Side
from pipeline.simulate.dicom_enhanced import write_enhanced_dicom
from pipeline.simulate.dicom_export import write_dicom_series
from pipeline.store.images import to_canonical

SHAPE = (5, 6, 7)


def turned(*columns: tuple[float, float, float]) -> Grid:
    """Make a grid from the steps along its three axes."""
    affine = np.eye(4)
    affine[:3, :3] = np.transpose(columns)
    affine[:3, 3] = (-12, 30, 8)
    return Grid.from_arrays(SHAPE, affine)


GRIDS = {
    "axial": turned((0.5, 0, 0), (0, 0.7, 0), (0, 0, 3)),
    "axial, slices from head to foot": turned((0.5, 0, 0), (0, 0.7, 0), (0, 0, -3)),
    "sagittal": turned((0, 0.5, 0), (0, 0, 0.7), (3, 0, 0)),
    "oblique": make_grid(SHAPE, turns_deg=(25.0, -17.0, 12.0)),
}


@pytest.fixture(params=GRIDS)
def grid(request: pytest.FixtureRequest) -> Grid:
    """Make a grid of each orientation."""
    return GRIDS[request.param]


@pytest.fixture
def series(scan: Scan, tmp_path: Path) -> Path:
    """Write the scan as seven slices whose files are in no order."""
    write_dicom_series(scan, tmp_path / "series", label="01", side=Side.RIGHT)
    for k, file in enumerate(sorted((tmp_path / "series").iterdir())):
        file.rename(file.with_name(f"{(3 * k) % 7}.dcm"))
    return tmp_path / "series"


def test_every_voxel_comes_back_from_any_orientation(grid: Grid, series: Path) -> None:
    """Muscles and bones, label for label."""
    result = make_result(grid)

    muscles, bones = (
        segmentation_of(result, source_of(series), name) for name in ("muscles", "bones")
    )

    foot = result.segmentation
    np.testing.assert_array_equal(labels_in(muscles, foot.muscles), foot.muscles.voxels)
    np.testing.assert_array_equal(labels_in(bones, foot.bones), foot.bones.voxels)


def test_labels_lie_where_the_pixels_of_the_source_lie(
    grid: Grid, scan: Scan, series: Path
) -> None:
    """As another reader of DICOM series sees it."""
    headers = [pydicom.dcmread(file) for file in series.iterdir()]
    volume = hd.get_volume_from_series(headers).match_geometry(
        geometry_of(make_result(grid).segmentation.muscles.grid), tol=0.1
    )

    expected, _ = to_canonical(scan.intensity, grid.matrix)
    np.testing.assert_array_equal(volume.array, expected)


def test_every_frame_refers_to_the_slice_that_it_lies_on(grid: Grid, series: Path) -> None:
    """By position."""
    made = segmentation_of(make_result(grid), source_of(series))
    positions = {
        header.SOPInstanceUID: header.ImagePositionPatient
        for header in map(pydicom.dcmread, series.iterdir())
    }

    for group in made.PerFrameFunctionalGroupsSequence:
        (image,) = group.DerivationImageSequence[0].SourceImageSequence
        assert group.PlanePositionSequence[0].ImagePositionPatient == pytest.approx(
            [float(x) for x in positions[image.ReferencedSOPInstanceUID]], abs=1e-5
        )


def test_frames_of_a_multi_frame_file_keep_their_numbers(scan: Scan, tmp_path: Path) -> None:
    """Also if they lie in the file in another order than in space."""
    file = tmp_path / "sub-01" / "1.dcm"
    write_enhanced_dicom(scan, file, label="01", side=Side.RIGHT)
    original = pydicom.dcmread(file)
    groups = list(original.PerFrameFunctionalGroupsSequence)[::-1]
    original.PerFrameFunctionalGroupsSequence = groups
    original.save_as(file)
    result = make_result(scan.grid)

    made = segmentation_of(result, source_of(file.parent))

    labels = result.segmentation.muscles
    np.testing.assert_array_equal(labels_in(made, labels), labels.voxels)
    for group in made.PerFrameFunctionalGroupsSequence:
        (image,) = group.DerivationImageSequence[0].SourceImageSequence
        there = groups[image.ReferencedFrameNumber - 1].PlanePositionSequence[0]
        assert group.PlanePositionSequence[0].ImagePositionPatient == pytest.approx(
            [float(x) for x in there.ImagePositionPatient], abs=1e-5
        )


def segments_of(made: Dataset) -> dict[str, Dataset]:
    """Give the segments by their labels."""
    return {item.SegmentLabel: item for item in made.SegmentSequence}


@pytest.fixture
def muscles(scan: Scan, series: Path) -> Dataset:
    """Make the segmentation of the muscles of a right foot."""
    return segmentation_of(make_result(scan.grid), source_of(series))


@pytest.mark.parametrize("grid", ["axial"], indirect=True)
def test_an_absent_muscle_has_no_segment(muscles: Dataset) -> None:
    """Segments are numbered without a gap."""
    assert "quadratus plantae" not in segments_of(muscles)
    assert [item.SegmentNumber for item in muscles.SegmentSequence] == [1, 2, 3, 4]
    assert muscles.SegmentationType == "BINARY"


@pytest.mark.parametrize("grid", ["axial"], indirect=True)
def test_a_segment_says_what_it_is(muscles: Dataset) -> None:
    """Code, side, region, colour, algorithm and tracking identifier."""
    segment = segments_of(muscles)["abductor hallucis"]
    kind = segment.SegmentedPropertyTypeCodeSequence[0]

    assert (kind.CodeValue, kind.CodingSchemeDesignator) == ("37459", "FMA")
    assert kind.SegmentedPropertyTypeModifierCodeSequence[0].CodeMeaning == "Right"
    assert segment.AnatomicRegionSequence[0].CodeMeaning == "Foot"
    assert segment.SegmentAlgorithmType == "AUTOMATIC"
    assert segment.SegmentAlgorithmName == "footvol network"
    algorithm = segment.SegmentationAlgorithmIdentificationSequence[0]
    assert algorithm.AlgorithmVersion == VERSION
    assert segment.TrackingID == "ABH right"
    colour = hd.color.CIELabColor.from_dicom_value(segment.RecommendedDisplayCIELabValue)
    assert "#{:02x}{:02x}{:02x}".format(*colour.to_rgb()) == MUSCLE_COLOURS[1]


@pytest.mark.parametrize("grid", ["axial"], indirect=True)
def test_a_map_of_one_muscle_becomes_one_segment(scan: Scan, series: Path) -> None:
    """Whatever its label."""
    result = make_result(scan.grid)
    voxels = np.where(result.segmentation.muscles.voxels == 7, 7, 0)
    only = LabelMap(voxels, result.segmentation.muscles.grid, result.segmentation.muscles.names)
    alone = replace(result, segmentation=replace(result.segmentation, muscles=only))

    made = segmentation_of(alone, source_of(series))

    np.testing.assert_array_equal(labels_in(made, only), voxels)
    assert len(made.SegmentSequence) == 1
