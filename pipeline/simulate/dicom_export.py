"""A scan as the scanner would send it: one classic MR Image Storage file per slice."""

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

MAKER = "footvol digital foot"
NOBODY: dict[str, Any] = {
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
# BIDS field, DICOM keyword, and the factor from the one's unit to the other's.
_FACTS = (
    ("MagneticFieldStrength", "MagneticFieldStrength", 1.0),
    ("RepetitionTime", "RepetitionTime", 1000.0),
    ("EchoTime", "EchoTime", 1000.0),
    ("SliceThickness", "SliceThickness", 1.0),
)


def write_dicom_series(
    scan: Scan, folder: Path, *, label: str, side: Side, number: int = 1, study: str = ""
) -> None:
    """Write one DICOM file per slice of a simulated scan.

    The same scan gives the same bytes: identifiers come from a hash of label and
    voxels, and there are no dates. No patient is named.

    Parameters
    ----------
    scan
        Whole numbers from 0 to 65535; slices along the last array axis, square to
        the two others.
    label
        Participant, without ``sub-``; written as patient ID.
    number
        Of the series in its study.
    study
        `digest_of` the study's first scan; by default of this one.

    Raises
    ------
    ValueError
        If the intensities are not such numbers.
    """
    pixels = grey_levels(scan)
    uids = Identifiers((label, side.value), digest_of(scan), study)
    for k in range(scan.grid.shape[2]):
        dataset = new_dataset(MRImageStorage, uids, uids.give(str(k)))
        for keyword, value in (NOBODY | _sequence(scan)).items():
            setattr(dataset, keyword, value)
        dataset.SeriesNumber, dataset.AcquisitionNumber = number, 1
        dataset.InstanceNumber = k + 1
        for field, keyword, factor in _FACTS:
            setattr(dataset, keyword, round(scan.acquisition[field] * factor, 6))
        dataset.SeriesDescription = dataset.ProtocolName = _title(scan)
        dataset.PatientID = f"sub-{label}"
        dataset.Laterality = side.value[0].upper()
        _set_geometry(dataset, scan, k)
        # Rows run to the patient's left and columns down, as viewers expect.
        set_pixels(dataset, pixels[::-1, ::-1, k].T)
        with written_whole(folder / f"{k + 1:04d}.dcm") as scratch:
            dataset.save_as(scratch, enforce_file_format=True)


@dataclass(frozen=True, slots=True)
class Identifiers:
    """UIDs of one series, made of whom and what it shows.

    Parameters
    ----------
    who
        Label and side.
    series
        `digest_of` the scan.
    study
        The same of the study's first scan; empty if this is it.
    """

    who: tuple[str, str]
    series: str
    study: str = ""

    def give(self, part: str) -> UID:
        """Give the UID of a part: ``study`` and ``frame`` are common to the study."""
        is_shared = part in {"study", "frame"} and self.study
        return generate_uid(
            entropy_srcs=[*self.who, self.study if is_shared else self.series, part]
        )


def digest_of(scan: Scan) -> str:
    """Give a hash of a scan's grey levels."""
    return hashlib.sha256(grey_levels(scan).tobytes()).hexdigest()


def grey_levels(scan: Scan) -> NDArray[np.uint16]:
    """Give the intensities as the integers that they are.

    Raises
    ------
    ValueError
        If they are not whole numbers from 0 to 65535.
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
    """Start a file of a storage class, with all its identifiers."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = storage
    meta.MediaStorageSOPInstanceUID = instance
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = storage, instance
    dataset.StudyInstanceUID = uids.give("study")
    dataset.SeriesInstanceUID = uids.give("series")
    dataset.FrameOfReferenceUID = uids.give("frame")
    return dataset


def slice_place(scan: Scan, k: int) -> tuple[list[float], list[float]]:
    """Give ImagePositionPatient and ImageOrientationPatient of a slice.

    PS3.3 C.7.6.2: LPS+, mm, centre of the first pixel; both in-plane axes are reversed.
    """
    columns, rows, _ = scan.grid.shape
    directions = scan.grid.matrix[:3, :3] / scan.grid.spacing_mm * _RAS_TO_LPS[:, None]
    corner = scan.grid.to_world((columns - 1, rows - 1, k)) * _RAS_TO_LPS
    cosines = np.round(-directions[:, :2].T.ravel(), 9) + 0.0
    return (np.round(corner, 6) + 0.0).tolist(), cosines.tolist()


def _set_geometry(dataset: FileDataset, scan: Scan, k: int) -> None:
    """Say where the slice lies, and how far apart its pixels are."""
    step_0, step_1, step_2 = scan.grid.spacing_mm
    dataset.ImagePositionPatient, dataset.ImageOrientationPatient = slice_place(scan, k)
    dataset.PixelSpacing = [round(step_1, 6), round(step_0, 6)]
    dataset.SpacingBetweenSlices = round(step_2, 6)


def set_pixels(dataset: FileDataset, pixels: NDArray[np.uint16]) -> None:
    """Store 16-bit grey levels, rows and columns last."""
    dataset.Rows, dataset.Columns = pixels.shape[-2:]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 0
    dataset.PixelData = pixels.tobytes()


def _sequence(scan: Scan) -> dict[str, Any]:
    """Say how the signal was made."""
    told = scan.acquisition
    return {
        "Modality": "MR",
        "Manufacturer": MAKER,
        "ImageType": list(told.get("ImageType", ["ORIGINAL", "PRIMARY", "M", "SE"])),
        "BodyPartExamined": "FOOT",
        "PatientPosition": "FFS",
        "PositionReferenceIndicator": "",
        "ScanningSequence": told.get("ScanningSequence", "SE"),
        "SequenceVariant": told.get("SequenceVariant", "NONE"),
        "ScanOptions": told.get("ScanOptions", ""),
        "MRAcquisitionType": told.get("MRAcquisitionType", "2D"),
        "EchoTrainLength": 1,
        "FlipAngle": told.get("FlipAngle", 90),
    }


def _title(scan: Scan) -> str:
    """Name the series as a scanner would list it."""
    kind = scan.acquisition.get("ImageType", ["NONE"])[-1]
    name = str(scan.acquisition["ProtocolName"])
    return name if kind == "NONE" else f"{name} {kind.lower()}"
