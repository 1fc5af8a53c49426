"""Writes a simulated scan as one enhanced (multi-frame) MR DICOM file."""

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence
from pydicom.uid import EnhancedMRImageStorage

from pipeline.domain.scan import Scan, Side
from pipeline.simulate.dicom_export import (
    ANONYMOUS,
    MANUFACTURER,
    Identifiers,
    digest_of,
    grey_levels,
    new_dataset,
    set_pixels,
    slice_position,
)
from pipeline.store.files import written_whole

_STACK_ID, _POSITION_IN_STACK = 0x00209056, 0x00209057
_FRAME_CONTENT = 0x00209111
_FOOT_CODE = ("56459004", "SCT", "Foot")


def write_enhanced_dicom(
    scan: Scan, file: Path, *, label: str, side: Side, number: int = 1, study: str = ""
) -> None:
    """Write a simulated scan as one Enhanced MR Image Storage file (PS3.3 A.36.2).

    The same scan gives the same bytes. Attributes that a simulation does not have (dates,
    device numbers) are omitted although the standard requires them. Parameters and errors
    are those of `write_dicom_series`, except that `file` is a single file.
    """
    pixels = grey_levels(scan)
    uids = Identifiers((label, side.value), digest_of(scan), study)
    dataset = new_dataset(EnhancedMRImageStorage, uids, uids.uid("enhanced"))
    _fill(dataset, ANONYMOUS | _attributes(scan, number))
    dataset.PatientID = f"sub-{label}"
    dataset.Laterality = side.letter
    dataset.SharedFunctionalGroupsSequence = _sequence(**_shared(scan, side))
    dataset.PerFrameFunctionalGroupsSequence = Sequence(
        [_frame(scan, k) for k in range(scan.grid.shape[2])]
    )
    index = uids.uid("dimensions")
    dataset.DimensionOrganizationSequence = _sequence(DimensionOrganizationUID=index)
    dataset.DimensionIndexSequence = Sequence(
        [
            _item(
                DimensionOrganizationUID=index,
                DimensionIndexPointer=pointer,
                FunctionalGroupPointer=_FRAME_CONTENT,
            )
            for pointer in (_STACK_ID, _POSITION_IN_STACK)
        ]
    )
    # rows run to the patient's left and columns down, as in the usual display
    set_pixels(dataset, np.ascontiguousarray(pixels[::-1, ::-1].transpose(2, 1, 0)))
    dataset.NumberOfFrames = scan.grid.shape[2]
    with written_whole(file) as scratch:
        dataset.save_as(scratch, enforce_file_format=True)


def _attributes(scan: Scan, number: int) -> dict[str, Any]:
    acquisition = scan.acquisition
    return {
        "Modality": "MR",
        "Manufacturer": MANUFACTURER,
        "SeriesNumber": number,
        "InstanceNumber": 1,
        "SeriesDescription": str(acquisition["ProtocolName"]),
        "ProtocolName": str(acquisition["ProtocolName"]),
        "ImageType": _image_type(scan),
        "BodyPartExamined": "FOOT",
        "PatientPosition": "FFS",
        "PositionReferenceIndicator": "",
        "MagneticFieldStrength": acquisition["MagneticFieldStrength"],
        "ResonantNucleus": "1H",
        "MRAcquisitionType": acquisition.get("MRAcquisitionType", "2D"),
        "PixelPresentation": "MONOCHROME",
        "VolumetricProperties": "VOLUME",
        "VolumeBasedCalculationTechnique": "NONE",
        "ComplexImageComponent": "MAGNITUDE",
        "AcquisitionContrast": "UNKNOWN",
        "BurnedInAnnotation": "NO",
        "PresentationLUTShape": "IDENTITY",
    }


def _image_type(scan: Scan) -> list[str]:
    """Give the four values of Image Type (PS3.3 C.8.13.3.1.1)."""
    origin, *_, kind = scan.acquisition.get("ImageType", ["ORIGINAL", "PRIMARY", "M", "NONE"])
    return [origin, "PRIMARY", "VOLUME", kind]


def _shared(scan: Scan, side: Side) -> dict[str, Any]:
    """Give the functional groups shared by all frames."""
    acquisition, (step_0, step_1, step_2) = scan.acquisition, scan.grid.spacing_mm
    code, scheme, meaning = _FOOT_CODE
    region = _sequence(CodeValue=code, CodingSchemeDesignator=scheme, CodeMeaning=meaning)
    _, cosines = slice_position(scan, 0)
    return {
        "PixelMeasuresSequence": _sequence(
            PixelSpacing=[round(step_1, 6), round(step_0, 6)],
            SliceThickness=acquisition["SliceThickness"],
            SpacingBetweenSlices=round(step_2, 6),
        ),
        "PlaneOrientationSequence": _sequence(ImageOrientationPatient=cosines),
        "FrameAnatomySequence": _sequence(
            FrameLaterality=side.letter, AnatomicRegionSequence=region
        ),
        "PixelValueTransformationSequence": _sequence(
            RescaleIntercept=0, RescaleSlope=1, RescaleType="US"
        ),
        "MRImageFrameTypeSequence": _sequence(
            FrameType=_image_type(scan),
            PixelPresentation="MONOCHROME",
            VolumetricProperties="VOLUME",
            VolumeBasedCalculationTechnique="NONE",
            ComplexImageComponent="MAGNITUDE",
            AcquisitionContrast="UNKNOWN",
        ),
        "MRTimingAndRelatedParametersSequence": _sequence(
            RepetitionTime=round(acquisition["RepetitionTime"] * 1000, 6),
            FlipAngle=acquisition.get("FlipAngle", 90),
            EchoTrainLength=1,
        ),
        "MREchoSequence": _sequence(EffectiveEchoTime=round(acquisition["EchoTime"] * 1000, 6)),
    }


def _frame(scan: Scan, k: int) -> Dataset:
    """Give the functional groups of one frame: position in the stack and in space."""
    position, _ = slice_position(scan, k)
    return _item(
        FrameContentSequence=_sequence(
            StackID="1", InStackPositionNumber=k + 1, DimensionIndexValues=[1, k + 1]
        ),
        PlanePositionSequence=_sequence(ImagePositionPatient=position),
    )


def _item(**elements: Any) -> Dataset:
    dataset = Dataset()
    _fill(dataset, elements)
    return dataset


def _sequence(**elements: Any) -> Sequence:
    return Sequence([_item(**elements)])


def _fill(dataset: Dataset | FileDataset, elements: dict[str, Any]) -> None:
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
