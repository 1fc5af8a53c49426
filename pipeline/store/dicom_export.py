"""A scan as the scanner would send it: one classic MR Image Storage file per slice."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

from pipeline.domain.scan import Scan, Side
from pipeline.store.files import written_whole

_RAS_TO_LPS = np.array((-1.0, -1.0, 1.0))
_LARGEST = np.iinfo(np.uint16).max

_NOBODY: dict[str, Any] = {
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
_SEQUENCE: dict[str, Any] = {
    "Modality": "MR",
    "Manufacturer": "footvol digital foot",
    "ImageType": ["ORIGINAL", "PRIMARY", "M", "SE"],
    "BodyPartExamined": "FOOT",
    "PatientPosition": "FFS",
    "PositionReferenceIndicator": "",
    "ScanningSequence": "SE",
    "SequenceVariant": "NONE",
    "ScanOptions": "",
    "MRAcquisitionType": "2D",
    "EchoTrainLength": 1,
    "FlipAngle": 90,
}

# BIDS field, DICOM keyword, and the factor from the one's unit to the other's.
_FACTS = (
    ("MagneticFieldStrength", "MagneticFieldStrength", 1.0),
    ("RepetitionTime", "RepetitionTime", 1000.0),
    ("EchoTime", "EchoTime", 1000.0),
    ("SliceThickness", "SliceThickness", 1.0),
)


def write_dicom_series(scan: Scan, folder: Path, *, label: str, side: Side) -> None:
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

    Raises
    ------
    ValueError
        If the intensities are not such numbers.
    """
    pixels = np.rint(scan.intensity)
    if (
        pixels.min() < 0
        or pixels.max() > _LARGEST
        or not np.array_equal(pixels, scan.intensity)
    ):
        msg = (
            f"DICOM pixels must be whole numbers from 0 to {_LARGEST}, "
            f"got {scan.intensity.min():g} to {scan.intensity.max():g}"
        )
        raise ValueError(msg)
    digest = hashlib.sha256(pixels.astype("<u2").tobytes()).hexdigest()
    for k in range(scan.grid.shape[2]):
        dataset = _slice(scan, k, [label, side.value, digest])
        dataset.PatientID = f"sub-{label}"
        dataset.Laterality = side.value[0].upper()
        # Rows run to the patient's left and columns down, as viewers expect.
        _set_pixels(dataset, pixels[::-1, ::-1, k].T.astype("<u2"))
        with written_whole(folder / f"{k + 1:04d}.dcm") as scratch:
            dataset.save_as(scratch, enforce_file_format=True)


def _slice(scan: Scan, k: int, entropy: list[str]) -> FileDataset:
    """Make the header of one slice, but for patient, side and pixels."""
    uid = {
        part: generate_uid(entropy_srcs=[*entropy, part])
        for part in ("study", "series", "frame", str(k))
    }
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = MRImageStorage
    meta.MediaStorageSOPInstanceUID = uid[str(k)]
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = MRImageStorage, uid[str(k)]
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = uid["study"], uid["series"]
    dataset.FrameOfReferenceUID = uid["frame"]
    dataset.SeriesNumber, dataset.AcquisitionNumber, dataset.InstanceNumber = 1, 1, k + 1
    for keyword, value in (_NOBODY | _SEQUENCE).items():
        setattr(dataset, keyword, value)
    for field, keyword, factor in _FACTS:
        setattr(dataset, keyword, round(scan.acquisition[field] * factor, 6))
    dataset.SeriesDescription = dataset.ProtocolName = str(scan.acquisition["ProtocolName"])
    _set_geometry(dataset, scan, k)
    return dataset


def _set_geometry(dataset: FileDataset, scan: Scan, k: int) -> None:
    """Say where the slice lies (PS3.3 C.7.6.2: LPS+, mm, centre of the first pixel)."""
    columns, rows, _ = scan.grid.shape
    step_0, step_1, step_2 = scan.grid.spacing_mm
    directions = scan.grid.matrix[:3, :3] / scan.grid.spacing_mm * _RAS_TO_LPS[:, None]
    corner = scan.grid.to_world((columns - 1, rows - 1, k)) * _RAS_TO_LPS
    cosines = np.round(-directions[:, :2].T.ravel(), 9) + 0.0
    dataset.ImageOrientationPatient = cosines.tolist()
    dataset.ImagePositionPatient = (np.round(corner, 6) + 0.0).tolist()
    dataset.PixelSpacing = [round(step_1, 6), round(step_0, 6)]
    dataset.SpacingBetweenSlices = round(step_2, 6)


def _set_pixels(dataset: FileDataset, pixels: NDArray[np.uint16]) -> None:
    """Store 16-bit grey levels."""
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 0
    dataset.PixelData = pixels.tobytes()
