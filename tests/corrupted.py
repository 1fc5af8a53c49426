"""DICOM sources that are inconsistent or malicious, made by a seeded generator."""

import gzip
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
from dicom_makers import edit, setting, write_series
from makers import make_grid
from numpy.typing import NDArray
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEG2000Lossless, generate_uid

from pipeline.domain.grid import Grid
from pipeline.domain.scan import Scan

SHAPE = (20, 24, 9)
BOMB_BYTES = 3 * 2**30


@dataclass(frozen=True, slots=True)
class Variant:
    """A fault, and which results are allowed.

    Parameters
    ----------
    write
        Puts the fault into a folder with a sound series in ``sub-01``, and gives the source
        to import.
    ends_cut
        Whether reading the rest, with slices missing at an end, is right.
    pixels_changed
        How many voxels may differ, because the file itself says so.
    must_be_refused
        Whether reading it at all would be wrong.
    """

    name: str
    write: Callable[[Path], Path]
    ends_cut: bool = False
    pixels_changed: int = 0
    must_be_refused: bool = False


def make_scan() -> Scan:
    """Make a scan of whole numbers on an oblique grid."""
    grid = Grid.from_arrays(SHAPE, make_grid().matrix)
    levels = np.random.default_rng(8).integers(0, 900, SHAPE).astype(np.float32)
    facts = {
        "MagneticFieldStrength": 1.5,
        "RepetitionTime": 0.5,
        "EchoTime": 0.015,
        "SliceThickness": 2.0,
        "ProtocolName": "t1_se",
    }
    return Scan(levels, grid, acquisition=facts)


def variants(seed: int) -> Iterator[Variant]:
    """Give the variants of a seed."""
    rng = np.random.default_rng(seed)
    yield from _misarranged(rng)
    yield from _mixed(rng)
    yield from _oversized()
    yield from _leading_out()


def _files(folder: Path) -> list[Path]:
    return sorted((folder / "sub-01").iterdir())


def _misarranged(rng: np.random.Generator) -> Iterator[Variant]:
    for number in range(3):
        slices = rng.choice(SHAPE[2], 1 + number, replace=False)
        yield Variant(f"missing {1 + number}", _without(slices), ends_cut=True)
    yield Variant("doubled file", _doubled(int(rng.integers(SHAPE[2])), "copy"))
    yield Variant(
        "doubled place", _doubled(int(rng.integers(SHAPE[2])), "place"), must_be_refused=True
    )
    yield Variant(
        "doubled image", _doubled(int(rng.integers(SHAPE[2])), "other"), must_be_refused=True
    )
    first, second = rng.choice(SHAPE[2], 2, replace=False)
    yield Variant("swapped numbers", _swapped(first, second, "InstanceNumber"))
    yield Variant("swapped names", _swapped(first, second, ""))
    changed = 2 * SHAPE[0] * SHAPE[1]
    swap = _swapped(first, second, "ImagePositionPatient")
    yield Variant("swapped places", swap, pixels_changed=changed)


def _without(slices: NDArray[np.int64]) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        for file in [_files(folder)[int(k)] for k in slices]:
            file.unlink()
        return folder / "sub-01"

    return write


def _doubled(which: int, kind: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        source = _files(folder)[which]
        dataset = pydicom.dcmread(source)
        if kind == "place":
            dataset.SOPInstanceUID = generate_uid(entropy_srcs=["another"])
        if kind == "other":
            dataset.PixelData = bytes(len(dataset.PixelData))
        dataset.save_as(folder / "sub-01" / "more.dcm")
        return folder / "sub-01"

    return write


def _swapped(first: int, second: int, keyword: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        paths = [_files(folder)[int(k)] for k in (first, second)]
        one, other = (pydicom.dcmread(path) for path in paths)
        if keyword:
            values = (one[keyword].value, other[keyword].value)
            other[keyword].value, one[keyword].value = values
            one.save_as(paths[0])
            other.save_as(paths[1])
        else:
            one.save_as(paths[1])
            other.save_as(paths[0])
        return folder / "sub-01"

    return write


def _mixed(rng: np.random.Generator) -> Iterator[Variant]:
    which = slice(int(rng.integers(1, SHAPE[2] - 1)), None)
    mixtures: dict[str, dict[str, object]] = {
        "patients": {"PatientID": "another"},
        "series": {"SeriesInstanceUID": "1.2.3"},
        "echoes": {"EchoTime": 33},
        "matrices": {"PixelSpacing": [0.8, 0.8]},
        "modalities": {"Modality": "CT"},
    }
    for name, elements in mixtures.items():
        yield Variant(f"mixed {name}", _edited(which, elements), must_be_refused=True)


def _edited(which: slice, elements: Mapping[str, object]) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        edit(folder, setting(**elements), which)
        return folder / "sub-01"

    return write


def _oversized() -> Iterator[Variant]:
    one = slice(0, 1)
    rows = {"Rows": 65535, "Columns": 65535}
    yield Variant("huge slice", _edited(one, rows), must_be_refused=True)
    yield Variant("huge slices", _edited(slice(None), rows), must_be_refused=True)
    yield Variant("huge packed slices", _huge_packed, must_be_refused=True)
    yield Variant("huge frames", _edited(one, {"NumberOfFrames": 10**9}), must_be_refused=True)
    yield Variant("bomb in a zip", _zip_bomb, must_be_refused=True)
    yield Variant("bomb in a tar", _tar_bomb, must_be_refused=True)
    yield Variant("bomb in a deflated file", _deflated_bomb, must_be_refused=True)
    yield Variant("bomb in a NIfTI file", _nifti_bomb, must_be_refused=True)


def _huge_packed(folder: Path) -> Path:
    edit(folder, setting(Rows=65535, Columns=65535))
    for path in _files(folder):
        dataset = pydicom.dcmread(path)
        dataset.file_meta.TransferSyntaxUID = JPEG2000Lossless
        dataset.PixelData = pydicom.encaps.encapsulate([b"\xff\x4f\xff\x51" + bytes(60)])
        dataset["PixelData"].VR = "OB"
        dataset.save_as(path)
    return folder / "sub-01"


def _zip_bomb(folder: Path) -> Path:
    packing = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(folder / "bomb.zip", "w", packing, compresslevel=1) as archive:
        for number in range(4):
            archive.writestr(f"{number}.dcm", bytes(BOMB_BYTES >> 5))
    return folder / "bomb.zip"


def _gzip_bomb(file: Path, start: bytes) -> Path:
    """Pack a start and gigabytes of zeros; gzip streams may be joined."""
    chunk = gzip.compress(bytes(2**24), 1)
    file.write_bytes(gzip.compress(start) + chunk * (BOMB_BYTES >> 24))
    return file


def _tar_bomb(folder: Path) -> Path:
    head = tarfile.TarInfo("1.dcm")
    head.size = BOMB_BYTES
    return _gzip_bomb(folder / "bomb.tar.gz", head.tobuf())


def _nifti_bomb(folder: Path) -> Path:
    header = nib.Nifti1Header()
    header.set_data_dtype(np.int16)
    header.set_data_shape((2048, 1024, 768))
    header.set_sform(np.eye(4), 1)
    header["vox_offset"], header["magic"] = 352, b"n+1"
    return _gzip_bomb(folder / "sub-02.nii.gz", header.binaryblock + bytes(4))


def _deflated_bomb(folder: Path) -> Path:
    packer = zlib.compressobj(1, wbits=-15)
    chunk = packer.compress(bytes(2**24)) + packer.flush(zlib.Z_FULL_FLUSH)
    file = _files(folder)[0]
    meta = pydicom.dcmread(file).file_meta
    meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    held = DicomBytesIO()
    write_file_meta_info(held, meta)
    file.write_bytes(bytes(128) + b"DICM" + held.getvalue() + chunk * (BOMB_BYTES >> 24))
    return folder / "sub-01"


def _leading_out() -> Iterator[Variant]:
    yield Variant("path climbs out of a zip", _climbing_zip)
    yield Variant("path climbs out of a tar", _climbing_tar)
    yield Variant("link in a tar", _linking_tar, must_be_refused=True)
    yield Variant("link in a folder", _linking_folder, must_be_refused=True)


def _climbing_zip(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "sub-01.zip", "w") as archive:
        for number, path in enumerate(_files(folder)):
            archive.write(path, f"{'../' * (number + 1)}{path.name}")
    return folder / "sub-01.zip"


def _climbing_tar(folder: Path) -> Path:
    with tarfile.open(folder / "sub-01.tar", "w") as archive:
        for path in _files(folder):
            member = archive.gettarinfo(path)
            member.name = f"{folder.parent}/outside/{path.name}"
            with path.open("rb") as content:
                archive.addfile(member, content)
    return folder / "sub-01.tar"


def _linking_tar(folder: Path) -> Path:
    with tarfile.open(folder / "sub-01.tar", "w") as archive:
        archive.add(folder / "sub-01")
        link = tarfile.TarInfo("sub-01/away.dcm")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return folder / "sub-01.tar"


def _linking_folder(folder: Path) -> Path:
    write_series(make_scan(), folder / "elsewhere", PatientID="another")
    (folder / "sub-01" / "away.dcm").symlink_to(folder / "elsewhere" / "0001.dcm")
    return folder / "sub-01"
