"""Marks in every text field of a header get into no output."""

import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest
from makers import make_taken_scan
from pydicom._dicom_dict import DicomDictionary
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from pipeline.cli import main
from pipeline.domain.scan import Scan, Side
from pipeline.simulate.dicom_export import write_dicom_series
from pipeline.store.files import write_json
from pipeline.store.images import write_scan

pytestmark = pytest.mark.integration

MARK = "MUSTERMANN"
DAY, TIME = "19570413", "041327.654321"
UID = f"1.2.826.0.1.{DAY}"
VALUES = {
    **dict.fromkeys(("PN", "LO", "SH", "ST", "LT", "UT", "UC", "CS", "AE"), MARK),
    "UR": f"http://{MARK}.example/",
    "UI": UID,
    "DA": DAY,
    "TM": TIME,
    "DT": f"{DAY}{TIME}",
    "AS": "066Y",
}
FORBIDDEN = (MARK, DAY, "1957-04-13", "041327", "04:13:27", "654321")
# Without these words there is no image: what kind it is, how it lies, how it is stored.
KEPT = {
    "SpecificCharacterSet",
    "SOPClassUID",
    "Modality",
    "Laterality",
    "ImageLaterality",
    "PatientPosition",
    "PhotometricInterpretation",
    "LossyImageCompression",
}
# File set, pixels, multi-frame, waveforms, spectra and signatures say no more of a person.
SKIPPED_GROUPS = {0x0000, 0x0002, 0x0004, 0x0028, 0x5200, 0x5400, 0x5600, 0x7FE0, 0xFFFA}


@pytest.fixture(scope="module")
def scan() -> Scan:
    """Make a scan of 5 x 6 x 7 voxels of 0.5 x 0.7 x 3 mm."""
    return make_taken_scan()


def planted() -> Dataset:
    """Return a dataset with a mark in every text element, standard or private."""
    marked = Dataset()
    item = Dataset()
    item.PatientName, item.PatientID, item.StudyDate, item.ReferencedSOPInstanceUID = (
        MARK, MARK, DAY, UID,
    )  # fmt: skip
    for tag, (vr, _, _, _, keyword) in DicomDictionary.items():
        if tag >> 16 in SKIPPED_GROUPS or keyword in KEPT:
            continue
        if vr == "SQ":
            marked.add(DataElement(tag, vr, Sequence([item])))
        elif vr in VALUES:
            marked.add(DataElement(tag, vr, VALUES[vr]))
    marked.ImageType = ["ORIGINAL", "PRIMARY", "M", MARK]
    for group in (0x0009, 0x0019, 0x0029, 0x0051):
        block = marked.private_block(group, f"{MARK} HEADER", create=True)
        block.add_new(0x10, "LO", MARK)
        block.add_new(0x11, "DA", DAY)
        block.add_new(0x12, "SQ", Sequence([item]))
        block.add_new(0x13, "OB", MARK.encode())
    return marked


@pytest.fixture(scope="module")
def marks() -> Dataset:
    """Make the marks once."""
    return planted()


@pytest.fixture
def series(scan: Scan, marks: Dataset, tmp_path: Path) -> Path:
    """Write a DICOM series full of marks, in files that are named by them, too."""
    folder = tmp_path / "in" / "sub-07"
    write_dicom_series(scan, folder, label="07", side=Side.RIGHT)
    for number, path in enumerate(sorted(folder.iterdir())):
        dataset = pydicom.dcmread(path)
        dataset.update(marks)
        dataset.SOPInstanceUID = f"{UID}.{number}"
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.save_as(folder / f"{MARK}{number}.dcm")
        path.unlink()
    return folder


@pytest.fixture
def image(scan: Scan, tmp_path: Path) -> Path:
    """Write a NIfTI image with marks in all its text, an extension and the sidecar."""
    path = tmp_path / "in" / "sub-07" / "sub-07_T1w.nii"
    path.parent.mkdir(parents=True)
    write_scan(scan, path, like=None)
    loaded = nib.load(path)
    nifti = nib.Nifti1Image(np.asanyarray(loaded.dataobj), loaded.affine, loaded.header)
    for field in ("descrip", "aux_file", "intent_name", "db_name"):
        nifti.header[field] = MARK.encode()
    nifti.header.extensions.append(nib.nifti1.Nifti1Extension("comment", MARK.encode()))
    path.unlink()
    nib.save(nifti, path)
    texts = dict.fromkeys(
        ("PatientName", "PatientID", "InstitutionName", "StationName", "ProtocolName",
         "Manufacturer", "ManufacturersModelName", "PulseSequenceType", "ScanningSequence",
         "SequenceVariant", "ScanOptions", "BodyPart", "EchoTime"), MARK,
    )  # fmt: skip
    dates = {"AcquisitionDateTime": f"{DAY}{TIME}", "PatientBirthDate": "1957-04-13"}
    write_json({**texts, **dates, "ImageType": ["ORIGINAL", MARK]}, path.with_suffix(".json"))
    return path


def hashes(folder: Path) -> dict[str, str]:
    """Return the checksum of every file."""
    files = (p for p in sorted(folder.rglob("*")) if p.is_file())
    return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def written_below(folder: Path) -> str:
    """Return all names and contents below a folder as one text, compressed ones unpacked."""
    said = []
    for path in folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        unpacked = gzip.decompress(content) if path.suffix == ".gz" else b""
        said += [path.name, content.decode("latin-1"), unpacked.decode("latin-1")]
    return "\n".join(said)


def found_marks(text: str) -> list[str]:
    """List the marks in a text, case-insensitively."""
    return [mark for mark in FORBIDDEN if mark.lower() in text.lower()]


def test_every_kind_of_text_is_planted(marks: Dataset) -> None:
    """Thousands of elements: each text VR, sequences and private ones."""
    planted_vrs = {element.VR for element in marks}

    assert len(marks) > 2500
    assert {*VALUES, "SQ"} - {"UR"} <= planted_vrs
    assert found_marks(str(marks)) != []


@pytest.mark.parametrize("source", ["series", "image"])
def test_no_mark_is_written_printed_or_logged(
    source: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The dataset is made without a mark, and the originals are unchanged."""
    request.getfixturevalue(source)
    before = hashes(tmp_path / "in")

    code = main(["intake", str(tmp_path / "in"), str(tmp_path / "raw"), "-vv"])

    said = "".join(capfd.readouterr())
    assert code == 0, said
    assert (tmp_path / "raw/sub-07/anat/sub-07_T1w.nii.gz").exists()
    assert found_marks(said + written_below(tmp_path / "raw")) == []
    assert hashes(tmp_path / "in") == before


def _lose_a_slice(folder: Path) -> None:
    sorted(folder.iterdir())[3].unlink()


def _split_in_two(folder: Path) -> None:
    for number, path in enumerate(sorted(folder.iterdir())):
        dataset = pydicom.dcmread(path)
        dataset.SeriesInstanceUID, dataset.SeriesNumber = f"{UID}.{number % 2}", number % 2
        dataset.save_as(path)


def _turn_left(folder: Path) -> None:
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.Laterality = "L"
        dataset.save_as(path)


def _cut_off(folder: Path) -> None:
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes()[:-40])


@pytest.mark.parametrize(
    "spoil", [_lose_a_slice, _split_in_two, _turn_left, _cut_off], ids=lambda f: f.__name__
)
def test_no_refusal_names_a_mark(
    spoil: Callable[[Path], None],
    series: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """No reason quotes the header or a file's name."""
    spoil(series)

    code = main(["intake", str(tmp_path / "in"), str(tmp_path / "raw"), "-vv"])

    said = "".join(capfd.readouterr())
    assert code == 3
    assert "sub-07: " in said
    assert "Traceback" not in said
    assert found_marks(said) == []
    assert not (tmp_path / "raw").exists()
