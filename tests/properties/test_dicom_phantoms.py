"""A scan has the same voxels in the same place as NIfTI and as DICOM of every kind."""

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from dicom_makers import edit, opened, setting, write_series
from makers import make_grid
from pydicom.dataset import Dataset
from pydicom.uid import (
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from pipeline.domain.grid import Grid
from pipeline.domain.scan import Scan, Side
from pipeline.intake.import_scans import intake_source
from pipeline.run.executors import InProcess
from pipeline.settings.intake import IntakeParams
from pipeline.simulate.dicom_enhanced import write_enhanced_dicom
from pipeline.simulate.dicom_export import write_dicom_series
from pipeline.store.images import read_scan, write_scan

SAMPLES = Path(__file__).parents[2] / "sample_scans"
# Patient axes (RAS) as they lie in a scanner whose axes are those of a supine patient who
# goes in head first: PS3.3 C.7.3.1.1.2, turned about the bore and end for end.
_ABOUT_BORE = {"S": 0, "DL": 90, "P": 180, "DR": 270}
POSITIONS = [head + side for head in ("HF", "FF") for side in _ABOUT_BORE]


def make_scan(grid: Grid, seed: int = 1) -> Scan:
    """Make a scan of whole numbers."""
    levels = np.random.default_rng(seed).integers(0, 900, grid.shape)
    facts = {
        "MagneticFieldStrength": 1.5,
        "RepetitionTime": 0.5,
        "EchoTime": 0.015,
        "SliceThickness": 2.0,
        "ProtocolName": "t1_se",
    }
    return Scan(levels.astype(np.float32), grid, acquisition=facts)


def assert_same(ours: Scan, theirs: Scan) -> None:
    """Compare voxels exactly and places within a micrometre."""
    assert ours.grid.matches(theirs.grid, tolerance_mm=1e-3)
    np.testing.assert_array_equal(ours.intensity, theirs.intensity)


def as_read(scan: Scan, folder: Path) -> Scan:
    """Write a scan as NIfTI and read it again, which gives it canonical axes."""
    write_scan(scan, folder / "sub-x_T1w.nii.gz", like=None)
    return read_scan(folder / "sub-x_T1w.nii.gz")


def turned(position: str) -> Grid:
    """Give the grid of slices along the scanner's axes, in the patient's."""
    angle = np.radians(_ABOUT_BORE[position[2:]])
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    if position.startswith("FF"):
        turn = np.diag((-1.0, 1.0, -1.0)) @ turn
    affine = np.eye(4)
    affine[:3] = turn.round(12) @ make_grid((9, 12, 5), turns_deg=(4, 7, 11)).matrix[:3]
    return Grid.from_arrays((9, 12, 5), affine)


@pytest.mark.integration
@pytest.mark.parametrize("is_enhanced", [False, True])
@pytest.mark.parametrize("position", POSITIONS)
def test_every_patient_position_is_read_right(
    position: str, is_enhanced: bool, tmp_path: Path
) -> None:
    """Head or feet first, supine, prone or on a side, through a turned and oblique stack."""
    scan = make_scan(turned(position))
    folder = tmp_path / "sub-01"
    if is_enhanced:
        write_enhanced_dicom(scan, folder / "1.dcm", label="01", side=Side.RIGHT)
    else:
        write_dicom_series(scan, folder, label="01", side=Side.RIGHT)
    edit(folder, setting(PatientPosition=position))

    with opened(folder) as found:
        assert_same(read_scan(found.image), as_read(scan, tmp_path))


def encoded(dataset: Dataset, syntax: str) -> Dataset:
    """Give a classic image in another transfer syntax."""
    if syntax == RLELossless:
        dataset.compress(RLELossless)
        return dataset
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    if syntax == ExplicitVRBigEndian:
        dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").astype(">u2").tobytes()
    return dataset


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless])
def test_encodings_do_not_matter(syntax: str, tmp_path: Path) -> None:
    """Those that pydicom can write; scanners' own files show the others."""
    scan = make_scan(make_grid((9, 12, 5)))
    write_series(scan, tmp_path / "sub-01")
    for path in sorted((tmp_path / "sub-01").iterdir()):
        source = pydicom.dcmread(path)
        dataset = encoded(source, syntax)
        pydicom.dcmwrite(
            path,
            dataset,
            implicit_vr=syntax == ImplicitVRLittleEndian,
            little_endian=syntax != ExplicitVRBigEndian,
            force_encoding=True,
        )

    with opened(tmp_path / "sub-01") as found:
        assert_same(read_scan(found.image), as_read(scan, tmp_path))


def shuffled(folder: Path) -> None:
    """Rename the files of a folder in another order, without endings."""
    paths = sorted(folder.rglob("*.dcm"))
    for number, path in enumerate(paths):
        path.rename(path.with_name(f"IM{number * 7 % len(paths):04d}"))


def packed(folder: Path) -> None:
    """Put a folder's files into an archive within it."""
    with zipfile.ZipFile(folder / "export.zip", "w") as archive:
        for path in sorted(folder.rglob("*.dcm")):
            archive.write(path, f"export/{path.parent.name}/{path.name}")
            path.unlink()


def compressed(folder: Path) -> None:
    """Compress the pixels of every file by run lengths."""
    for path in sorted(folder.rglob("*.dcm")):
        dataset = pydicom.dcmread(path)
        dataset.compress(RLELossless, generate_instance_uid=False)
        dataset.save_as(path)


def untouched(_: Path) -> None:
    """Leave a folder as it is."""


@pytest.mark.integration
def test_a_tree_of_five_participants_with_localisers(tmp_path: Path) -> None:
    """Classic, enhanced, compressed, shuffled without endings, and archived, all at once."""
    kinds: list[Callable[[Path], None]] = [untouched, untouched, compressed, shuffled, packed]
    scans = {f"0{n}": make_scan(make_grid((9, 12, 5)), seed=n) for n in range(1, 6)}
    for (label, scan), change in zip(scans.items(), kinds, strict=True):
        folder = tmp_path / "in" / f"sub-{label}"
        who: dict[str, Any] = {"label": label, "side": Side.RIGHT}
        if label == "02":
            write_enhanced_dicom(scan, folder / "2" / "1.dcm", number=2, **who)
        else:
            write_dicom_series(scan, folder / "2", number=2, **who)
        write_dicom_series(make_scan(make_grid((9, 12, 3))), folder / "1", **who)
        edit(folder / "1", setting(ImageOrientationPatient=[0, 1, 0, 0, 0, -1]), slice(1))
        edit(folder / "1", setting(ImageOrientationPatient=[1, 0, 0, 0, 0, -1]), slice(1, 2))
        (folder / "README").write_text("Dear colleague")
        change(folder)
    before = {p: p.read_bytes() for p in (tmp_path / "in").rglob("*") if p.is_file()}

    written = intake_source(
        tmp_path / "in", tmp_path / "raw", None, None, IntakeParams(), None, InProcess()
    )

    assert [path.name for path in written] == [f"sub-{label}_T1w.nii.gz" for label in scans]
    for path, scan in zip(written, scans.values(), strict=True):
        assert_same(read_scan(path), as_read(scan, tmp_path))
    assert before == {p: p.read_bytes() for p in (tmp_path / "in").rglob("*") if p.is_file()}


def test_storage_order_does_not_change_the_bytes(tmp_path: Path) -> None:
    """The same images under other names give the same file."""
    scan = make_scan(make_grid((9, 12, 5)))
    write_series(scan, tmp_path / "a" / "sub-01")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    shuffled(tmp_path / "b" / "sub-01")

    (first,), (second,) = (
        intake_source(
            tmp_path / k, tmp_path / f"raw_{k}", None, None, IntakeParams(), None, InProcess()
        )
        for k in "ab"
    )

    assert first.read_bytes() == second.read_bytes()
    assert first.with_name("sub-01_T1w.json").read_text() == (
        second.with_name("sub-01_T1w.json").read_text()
    )


@pytest.mark.integration
@pytest.mark.parametrize("kind", ["as it is shipped", "enhanced"])
def test_the_sample_scan_is_the_same_as_dicom(kind: str, tmp_path: Path) -> None:
    """A digital foot, as footvol phantom writes it in both formats."""
    true = read_scan(SAMPLES / "sub-01" / "anat" / "sub-01_T1w.nii.gz")
    folder = SAMPLES / "sourcedata" / "dicom" / "sub-01"
    if kind == "enhanced":
        folder = tmp_path / "sub-01"
        scan = Scan(
            true.intensity, true.grid, acquisition={**make_scan(make_grid()).acquisition}
        )
        write_enhanced_dicom(scan, folder / "1.dcm", label="01", side=Side.RIGHT)

    with opened(folder) as found:
        assert_same(read_scan(found.image), true)
