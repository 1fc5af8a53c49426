"""Writes a simulated scan as a DICOM series, one MR Image Storage file per slice."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, MRImageStorage, generate_uid

from pipeline.domain.scan import Scan, Side
from pipeline.store.files import written_whole

_RAS_TO_LPS = np.array((-1.0, -1.0, 1.0))
_LARGEST = np.iinfo(np.uint16).max

MANUFACTURER = "footvol digital foot"
ANONYMOUS: dict[str, Any] = {
    "PatientName": "Anonymous",
    "PatientBirthDate": "",
    "PatientSex": "",
    "PatientIdentityRemoved": "YES",
    "DeidentificationMethod": "Simulated: there is no patient",
    "StudyDate": "",
    "StudyTime": "",
    "StudyID": "1",
    "AccessionNumber": "",
    "ReferringPhysicianName": "",
}
# BIDS field, DICOM keyword, and factor from the unit of BIDS to that of DICOM.
_SEQUENCE_FIELDS = (
    ("MagneticFieldStrength", "MagneticFieldStrength", 1.0),
    ("RepetitionTime", "RepetitionTime", 1000.0),
    ("EchoTime", "EchoTime", 1000.0),
    ("SliceThickness", "SliceThickness", 1.0),
)


def write_dicom_series(
    scan: Scan, folder: Path, *, label: str, side: Side, number: int = 1, study: str = ""
) -> None:
    """Write one DICOM file per slice of a simulated scan.

    The same scan gives the same bytes: identifiers are hashes of label and voxels, and there
    are no dates.

    Parameters
    ----------
    scan
        Integers from 0 to 65535; slices along the last array axis, perpendicular to the
        two others.
    label
        Participant, without ``sub-``; written as patient ID.
    number
        Series number.
    study
        `digest_of` the study's first scan; by default of this one.

    Raises
    ------
    ValueError
        If the intensities are not such integers.
    """
    pixels = grey_levels(scan)
    uids = Identifiers((label, side.value), digest_of(scan), study)
    for k in range(scan.grid.shape[2]):
        dataset = new_dataset(MRImageStorage, uids, uids.uid(str(k)))
        for keyword, value in (ANONYMOUS | _sequence(scan)).items():
            setattr(dataset, keyword, value)
        dataset.SeriesNumber, dataset.AcquisitionNumber = number, 1
        dataset.InstanceNumber = k + 1
        for field, keyword, factor in _SEQUENCE_FIELDS:
            setattr(dataset, keyword, round(scan.acquisition[field] * factor, 6))
        dataset.SeriesDescription = dataset.ProtocolName = _series_description(scan)
        dataset.PatientID = f"sub-{label}"
        dataset.Laterality = side.letter
        _set_geometry(dataset, scan, k)
        # rows run to the patient's left and columns down, as in the usual display
        set_pixels(dataset, pixels[::-1, ::-1, k].T)
        with written_whole(folder / f"{k + 1:04d}.dcm") as scratch:
            dataset.save_as(scratch, enforce_file_format=True)


@dataclass(frozen=True, slots=True)
class Identifiers:
    """The UIDs of one series, derived from participant and voxels.

    Parameters
    ----------
    participant
        Label and side.
    series
        `digest_of` the scan.
    study
        `digest_of` the study's first scan; empty if it is this one.
    """

    participant: tuple[str, str]
    series: str
    study: str = ""

    def uid(self, entity: str) -> UID:
        """Give the UID of an entity: ``study`` and ``frame`` are common to the study."""
        is_shared = entity in {"study", "frame"} and self.study
        return generate_uid(
            entropy_srcs=[*self.participant, self.study if is_shared else self.series, entity]
        )


def digest_of(scan: Scan) -> str:
    """Give a hash of a scan's grey levels."""
    return hashlib.sha256(grey_levels(scan).tobytes()).hexdigest()


def grey_levels(scan: Scan) -> NDArray[np.uint16]:
    """Convert the intensities to unsigned 16-bit integers.

    Raises
    ------
    ValueError
        If they are not integers from 0 to 65535.
    """
    pixels = np.rint(scan.intensity)
    low, high = pixels.min(), pixels.max()
    if low < 0 or high > _LARGEST or not np.array_equal(pixels, scan.intensity):
        msg = (
            f"DICOM pixels must be whole numbers from 0 to {_LARGEST}, "
            f"got {scan.intensity.min():g} to {scan.intensity.max():g}"
        )
        raise ValueError(msg)
    return pixels.astype("<u2")


def new_dataset(storage: UID, uids: Identifiers, instance: UID) -> FileDataset:
    """Make a dataset of a storage class, with its identifiers."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = storage
    meta.MediaStorageSOPInstanceUID = instance
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = storage, instance
    dataset.StudyInstanceUID = uids.uid("study")
    dataset.SeriesInstanceUID = uids.uid("series")
    dataset.FrameOfReferenceUID = uids.uid("frame")
    return dataset


def slice_position(scan: Scan, k: int) -> tuple[list[float], list[float]]:
    """Give ImagePositionPatient and ImageOrientationPatient of a slice.

    PS3.3 C.7.6.2: LPS+, mm, centre of the first pixel; both in-plane axes are reversed.
    """
    columns, rows, _ = scan.grid.shape
    directions = scan.grid.matrix[:3, :3] / scan.grid.spacing_mm * _RAS_TO_LPS[:, None]
    corner = scan.grid.to_world((columns - 1, rows - 1, k)) * _RAS_TO_LPS
    cosines = np.round(-directions[:, :2].T.ravel(), 9) + 0.0
    return (np.round(corner, 6) + 0.0).tolist(), cosines.tolist()


def _set_geometry(dataset: FileDataset, scan: Scan, k: int) -> None:
    """Set position, orientation and spacing of a slice."""
    step_0, step_1, step_2 = scan.grid.spacing_mm
    dataset.ImagePositionPatient, dataset.ImageOrientationPatient = slice_position(scan, k)
    dataset.PixelSpacing = [round(step_1, 6), round(step_0, 6)]
    dataset.SpacingBetweenSlices = round(step_2, 6)


def set_pixels(dataset: FileDataset, pixels: NDArray[np.uint16]) -> None:
    """Set the pixel data: 16-bit grey levels, with rows and columns last."""
    dataset.Rows, dataset.Columns = pixels.shape[-2:]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 0
    dataset.PixelData = pixels.tobytes()


def _sequence(scan: Scan) -> dict[str, Any]:
    """Give the attributes of the pulse sequence."""
    acquisition = scan.acquisition
    return {
        "Modality": "MR",
        "Manufacturer": MANUFACTURER,
        "ImageType": list(acquisition.get("ImageType", ["ORIGINAL", "PRIMARY", "M", "SE"])),
        "BodyPartExamined": "FOOT",
        "PatientPosition": "FFS",
        "PositionReferenceIndicator": "",
        "ScanningSequence": acquisition.get("ScanningSequence", "SE"),
        "SequenceVariant": acquisition.get("SequenceVariant", "NONE"),
        "ScanOptions": acquisition.get("ScanOptions", ""),
        "MRAcquisitionType": acquisition.get("MRAcquisitionType", "2D"),
        "EchoTrainLength": 1,
        "FlipAngle": acquisition.get("FlipAngle", 90),
    }


def _series_description(scan: Scan) -> str:
    """Give the series description: protocol, and the image of a Dixon scan."""
    kind = scan.acquisition.get("ImageType", ["NONE"])[-1]
    name = str(scan.acquisition["ProtocolName"])
    return name if kind == "NONE" else f"{name} {kind.lower()}"
