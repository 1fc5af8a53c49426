"""Scans that are some of the frames of a multi-frame file, or of several files."""

import copy
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_makers import opened
from exported import labels_in, make_result, segmentation_of
from pydicom.uid import generate_uid

from pipeline.domain.scan import Scan, Side
from pipeline.errors import ScanError
from pipeline.simulate.dicom_enhanced import write_enhanced_dicom
from pipeline.store.dicom.match_source import find_source
from pipeline.store.images import read_scan

KINDS = ("WATER", "FAT")


@pytest.fixture
def dixon(scan: Scan, tmp_path: Path) -> Path:
    """Write water and fat as one file, their frames in turn; the fat is brighter by 7."""
    file = tmp_path / "sub-01" / "1.dcm"
    write_enhanced_dicom(scan, file, label="01", side=Side.RIGHT)
    dataset = pydicom.dcmread(file)
    water = dataset.pixel_array
    shared = dataset.SharedFunctionalGroupsSequence[0]
    groups = []
    for group in dataset.PerFrameFunctionalGroupsSequence:
        for kind in KINDS:
            own = copy.deepcopy(group)
            own.MRImageFrameTypeSequence = copy.deepcopy(shared.MRImageFrameTypeSequence)
            own.MRImageFrameTypeSequence[0].FrameType = ["DERIVED", "PRIMARY", "DIXON", kind]
            groups.append(own)
    del shared.MRImageFrameTypeSequence
    dataset.PerFrameFunctionalGroupsSequence = groups
    dataset.NumberOfFrames = len(groups)
    pixels = np.stack([water, water + 7], axis=1).reshape(-1, *water.shape[1:])
    dataset.PixelData = pixels.astype("<u2").tobytes()
    dataset.save_as(file)
    return file


def test_objects_refer_to_the_frames_of_the_water_image(scan: Scan, dixon: Path) -> None:
    """And to none of the fat image, which lies in the same place."""
    with opened(dixon.parent) as found:
        water, fat = read_scan(found.image), read_scan(found.beside[0].image)
    result = make_result(scan.grid)

    for image, frames in ((water, range(1, 15, 2)), (fat, range(2, 16, 2))):
        source = find_source([dixon], image)
        made = segmentation_of(result, source)

        assert source.frames == tuple(frames)
        assert referred_frames(made) == set(frames)
        labels = result.segmentation.muscles
        np.testing.assert_array_equal(labels_in(made, labels), labels.voxels)


def referred_frames(made: pydicom.Dataset) -> set[int]:
    """Give the numbers of the frames that a segmentation refers to."""
    return {
        image.ReferencedFrameNumber
        for group in made.PerFrameFunctionalGroupsSequence
        for image in group.DerivationImageSequence[0].SourceImageSequence
    }


@pytest.mark.parametrize("has_shared", [True, False])
def test_orientation_and_spacing_may_be_stated_by_frame(
    has_shared: bool, scan: Scan, dixon: Path
) -> None:
    """Rather than once for all frames; nothing need be shared."""
    with opened(dixon.parent) as found:
        water = read_scan(found.image)
    dataset = pydicom.dcmread(dixon)
    shared = dataset.SharedFunctionalGroupsSequence[0]
    for element in list(shared):
        for group in dataset.PerFrameFunctionalGroupsSequence:
            group[element.tag] = copy.deepcopy(element)
        del shared[element.tag]
    if not has_shared:
        del dataset.SharedFunctionalGroupsSequence
    dataset.save_as(dixon)

    made = segmentation_of(make_result(scan.grid), find_source([dixon], water))

    assert referred_frames(made) == set(range(1, 15, 2))


def test_a_concatenation_is_refused(scan: Scan, tmp_path: Path) -> None:
    """Objects can refer to one multi-frame file only."""
    whole = tmp_path / "whole.dcm"
    write_enhanced_dicom(scan, whole, label="01", side=Side.RIGHT)
    folder = tmp_path / "sub-01"
    folder.mkdir()
    for number, frames in enumerate((slice(0, 4), slice(4, 7)), start=1):
        part = pydicom.dcmread(whole)
        pixels = part.pixel_array[frames]
        part.PixelData, part.NumberOfFrames = pixels.tobytes(), len(pixels)
        part.PerFrameFunctionalGroupsSequence = list(part.PerFrameFunctionalGroupsSequence)[
            frames
        ]
        part.ConcatenationUID = "1.2.3.4"
        part.InConcatenationNumber, part.InConcatenationTotalNumber = number, 2
        part.ConcatenationFrameOffsetNumber = frames.start
        part.SOPInstanceUID = generate_uid(entropy_srcs=[str(number)])
        part.file_meta.MediaStorageSOPInstanceUID = part.SOPInstanceUID
        part.save_as(folder / f"{number}.dcm")
    with opened(folder) as found:
        taken = read_scan(found.image)

    with pytest.raises(ScanError, match="A multi-frame scan must be one file: got 2"):
        find_source(sorted(folder.iterdir()), taken)
