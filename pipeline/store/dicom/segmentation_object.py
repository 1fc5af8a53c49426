"""A label map as a DICOM Segmentation object."""

from collections.abc import Sequence

import highdicom as hd
import numpy as np
from highdicom.color import CIELabColor
from highdicom.seg import Segmentation as SegmentationObject
from highdicom.seg import SegmentDescription
from highdicom.sr import CodedConcept
from pydicom import Dataset
from pydicom.sr.codedict import codes

from pipeline.domain.labels import LabelMap
from pipeline.domain.scan import Side
from pipeline.store.dicom.coded_anatomy import FOOT, SIDES, Structure
from pipeline.store.dicom.result_identity import MANUFACTURER, ResultIdentity
from pipeline.store.dicom.source_images import RAS_TO_LPS, SourceImages

# The grids of labels and source were found to match so closely, as a fraction of a voxel.
_SAME_VOXEL = 0.1


def present_in(labels: LabelMap, structures: Sequence[Structure]) -> tuple[Structure, ...]:
    """Select the structures that have voxels; the n-th becomes segment n, from 1."""
    there = set(np.unique(labels.voxels).tolist())
    return tuple(s for s in structures if s.label in there)


def make_segmentation(
    labels: LabelMap,
    structures: Sequence[Structure],
    side: Side,
    source: SourceImages,
    identity: ResultIdentity,
) -> SegmentationObject:
    """Make a binary segmentation with one segment for each structure.

    Parameters
    ----------
    structures
        Those that have voxels; labels of others are left out.
    source
        The images that were segmented.
    identity
        Of the object to make.
    """
    numbers = np.zeros(int(labels.voxels.max()) + 1, dtype=np.uint8)
    for number, structure in enumerate(structures, start=1):
        numbers[structure.label] = number
    volume = hd.Volume(
        numbers[labels.voxels],
        RAS_TO_LPS @ labels.grid.matrix,
        coordinate_system="PATIENT",
        frame_of_reference_uid=source.geometry.frame_of_reference_uid,
    ).match_geometry(source.geometry, tol=_SAME_VOXEL)
    made = SegmentationObject(
        source_images=source.headers,
        pixel_array=source.geometry.with_array(volume.array),
        segmentation_type="BINARY",
        segment_descriptions=[
            _description(number, structure, side, identity)
            for number, structure in enumerate(structures, start=1)
        ],
        content_label=f"FOOT_{identity.name.upper()}",
        content_description=f"{identity.name.capitalize()} of the {side} foot",
        series_description=f"{MANUFACTURER} {identity.name} of the {side} foot",
        **identity.general(source.headers[0]),
    )
    _number_frames(made, source.frames)
    identity.make_repeatable(made)
    return made


def _description(
    number: int, structure: Structure, side: Side, identity: ResultIdentity
) -> SegmentDescription:
    described = SegmentDescription(
        segment_number=number,
        segment_label=structure.name,
        segmented_property_category=codes.SCT.AnatomicalStructure,
        segmented_property_type=structure.code,
        algorithm_type=identity.algorithm_type,
        algorithm_identification=hd.AlgorithmIdentificationSequence(
            name=identity.algorithm,
            family=codes.DCM.ArtificialIntelligence,
            version=identity.version,
            source=MANUFACTURER,
        ),
        tracking_uid=identity.uid(structure.tracking_id),
        tracking_id=structure.tracking_id,
        anatomic_regions=[FOOT],
        display_color=CIELabColor.from_string(structure.colour),
    )
    modifier = CodedConcept.from_code(SIDES[side])
    kind, region = (
        described[keyword].value[0]
        for keyword in ("SegmentedPropertyTypeCodeSequence", "AnatomicRegionSequence")
    )
    kind.SegmentedPropertyTypeModifierCodeSequence = [modifier]
    region.AnatomicRegionModifierSequence = [modifier]
    return described


def _number_frames(made: Dataset, frames: Sequence[int]) -> None:
    """Refer to frames by their number in the file, where only some of them were segmented."""
    if not frames:
        return
    images = {  # several frames share one item
        id(image): image
        for group in made.PerFrameFunctionalGroupsSequence
        for derivation in group.get("DerivationImageSequence") or ()
        for image in derivation.SourceImageSequence
    }
    for image in images.values():
        image.ReferencedFrameNumber = frames[int(image.ReferencedFrameNumber) - 1]
