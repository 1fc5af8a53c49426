"""A scan as new scanners send it: one enhanced (multi-frame) MR file."""

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence
from pydicom.uid import EnhancedMRImageStorage

from pipeline.domain.scan import Scan, Side
from pipeline.simulate.dicom_export import (
    MAKER,
    NOBODY,
    Identifiers,
    digest_of,
    grey_levels,
    new_dataset,
    set_pixels,
    slice_place,
)
from pipeline.store.files import written_whole

_STACK_ID, _POSITION_IN_STACK = 0x00209056, 0x00209057
_FRAME_CONTENT = 0x00209111
_FOOT_CODE = ("56459004", "SCT", "Foot")


def write_enhanced_dicom(
    scan: Scan, file: Path, *, label: str, side: Side, number: int = 1, study: str = ""
) -> None:
    """Write a simulated scan as one Enhanced MR Image Storage file (PS3.3 A.36.2).

    The same scan gives the same bytes. What the standard wants and a simulation has
    not (dates, device numbers) is left out. Parameters and errors are those of
    `write_dicom_series`, but for the one file.
    """
    pixels = grey_levels(scan)
    uids = Identifiers((label, side.value), digest_of(scan), study)
    dataset = new_dataset(EnhancedMRImageStorage, uids, uids.give("enhanced"))
    _fill(dataset, NOBODY | _described(scan, number))
    dataset.PatientID = f"sub-{label}"
    dataset.Laterality = side.value[0].upper()
    dataset.SharedFunctionalGroupsSequence = _one(**_shared(scan, side))
    dataset.PerFrameFunctionalGroupsSequence = Sequence(
        [_frame(scan, k) for k in range(scan.grid.shape[2])]
    )
    index = uids.give("dimensions")
    dataset.DimensionOrganizationSequence = _one(DimensionOrganizationUID=index)
    dataset.DimensionIndexSequence = Sequence(
        [
            _made(
                DimensionOrganizationUID=index,
                DimensionIndexPointer=pointer,
                FunctionalGroupPointer=_FRAME_CONTENT,
            )
            for pointer in (_STACK_ID, _POSITION_IN_STACK)
        ]
    )
    # Rows run to the patient's left and columns down, as viewers expect.
    set_pixels(dataset, np.ascontiguousarray(pixels[::-1, ::-1].transpose(2, 1, 0)))
    dataset.NumberOfFrames = scan.grid.shape[2]
    with written_whole(file) as scratch:
        dataset.save_as(scratch, enforce_file_format=True)


def _described(scan: Scan, number: int) -> dict[str, Any]:
    told = scan.acquisition
    return {
        "Modality": "MR",
        "Manufacturer": MAKER,
        "SeriesNumber": number,
        "InstanceNumber": 1,
        "SeriesDescription": str(told["ProtocolName"]),
        "ProtocolName": str(told["ProtocolName"]),
        "ImageType": _image_type(scan),
        "BodyPartExamined": "FOOT",
        "PatientPosition": "FFS",
        "PositionReferenceIndicator": "",
        "MagneticFieldStrength": told["MagneticFieldStrength"],
        "ResonantNucleus": "1H",
        "MRAcquisitionType": told.get("MRAcquisitionType", "2D"),
        "PixelPresentation": "MONOCHROME",
        "VolumetricProperties": "VOLUME",
        "VolumeBasedCalculationTechnique": "NONE",
        "ComplexImageComponent": "MAGNITUDE",
        "AcquisitionContrast": "UNKNOWN",
        "BurnedInAnnotation": "NO",
        "PresentationLUTShape": "IDENTITY",
    }


def _image_type(scan: Scan) -> list[str]:
    """Give the four values of PS3.3 C.8.13.3.1.1; water and fat are derived images."""
    origin, *_, kind = scan.acquisition.get("ImageType", ["ORIGINAL", "PRIMARY", "M", "NONE"])
    return [origin, "PRIMARY", "VOLUME", kind]


def _shared(scan: Scan, side: Side) -> dict[str, Any]:
    """Describe what holds for all frames."""
    told, (step_0, step_1, step_2) = scan.acquisition, scan.grid.spacing_mm
    code, scheme, meaning = _FOOT_CODE
    region = _one(CodeValue=code, CodingSchemeDesignator=scheme, CodeMeaning=meaning)
    _, cosines = slice_place(scan, 0)
    return {
        "PixelMeasuresSequence": _one(
            PixelSpacing=[round(step_1, 6), round(step_0, 6)],
            SliceThickness=told["SliceThickness"],
            SpacingBetweenSlices=round(step_2, 6),
        ),
        "PlaneOrientationSequence": _one(ImageOrientationPatient=cosines),
        "FrameAnatomySequence": _one(
            FrameLaterality=side.value[0].upper(), AnatomicRegionSequence=region
        ),
        "PixelValueTransformationSequence": _one(
            RescaleIntercept=0, RescaleSlope=1, RescaleType="US"
        ),
        "MRImageFrameTypeSequence": _one(
            FrameType=_image_type(scan),
            PixelPresentation="MONOCHROME",
            VolumetricProperties="VOLUME",
            VolumeBasedCalculationTechnique="NONE",
            ComplexImageComponent="MAGNITUDE",
            AcquisitionContrast="UNKNOWN",
        ),
        "MRTimingAndRelatedParametersSequence": _one(
            RepetitionTime=round(told["RepetitionTime"] * 1000, 6),
            FlipAngle=told.get("FlipAngle", 90),
            EchoTrainLength=1,
        ),
        "MREchoSequence": _one(EffectiveEchoTime=round(told["EchoTime"] * 1000, 6)),
    }


def _frame(scan: Scan, k: int) -> Dataset:
    """Describe one slice: its number in the stack, and where it lies."""
    position, _ = slice_place(scan, k)
    return _made(
        FrameContentSequence=_one(
            StackID="1", InStackPositionNumber=k + 1, DimensionIndexValues=[1, k + 1]
        ),
        PlanePositionSequence=_one(ImagePositionPatient=position),
    )


def _made(**elements: Any) -> Dataset:
    dataset = Dataset()
    _fill(dataset, elements)
    return dataset


def _one(**elements: Any) -> Sequence:
    return Sequence([_made(**elements)])


def _fill(dataset: Dataset | FileDataset, elements: dict[str, Any]) -> None:
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
