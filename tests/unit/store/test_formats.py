"""Every way in which an image is refused, by its words."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import SimpleITK

from pipeline.errors import ScanError
from pipeline.store.images import read_scan

Image = Any


def turned(image: Image, factor: float = 1.0, shift_mm: float = 0.0) -> Any:
    """Return the affine with its first axis scaled and its origin shifted."""
    affine = image.affine.copy()
    affine[:3, 0] *= factor
    affine[:3, 3] += shift_mm
    return affine


def poke(image: Image, field: str, value: Any, index: int | None = None) -> None:
    """Set a header field past nibabel's own checks."""
    if index is None:
        image.header[field] = value
    else:
        image.header[field][index] = value


FAULTS: list[tuple[Callable[[Image], None], str]] = [
    (lambda i: poke(i, "pixdim", 0, 1), r"below 1000: got pixdim 0 x 0\.7 x 3 mm"),
    (lambda i: poke(i, "pixdim", np.nan, 3), "below 1000: got pixdim .* nan mm"),
    (lambda i: poke(i, "pixdim", -0.7, 2), r"below 1000: got pixdim 0\.5 x -0\.7"),
    (lambda i: i.header.set_xyzt_units("micron"), "must be in mm: got 'micron'"),
    (lambda i: i.set_sform(turned(i, 1.02), 1), "pixdim and sform must agree within 1 %"),
    (lambda i: i.set_sform(turned(i, -1.0), 1), "qform and sform must place .* mm apart"),
    (lambda i: i.set_sform(turned(i, shift_mm=2), 1), "image alike: got corners up to 3.5 mm"),
    (lambda i: i.set_sform(turned(i, 0.0), 1), "sform must be an invertible matrix"),
    (lambda i: i.set_sform(turned(i, np.nan), 1), "sform must be an invertible matrix"),
    (lambda i: poke(i, "quatern_b", 2), "qform must be a rotation"),
]


def store(image: Image, path: Path) -> Path:
    """Write header and voxels as they are, without nibabel's repairs."""
    header = image.header.copy()
    header["vox_offset"], header["magic"] = 352, b"n+1"
    voxels = np.asarray(image.dataobj, dtype=header.get_data_dtype())
    path.write_bytes(header.binaryblock + bytes(4) + voxels.tobytes(order="F"))
    return path


@pytest.mark.parametrize(("fault", "words"), FAULTS)
def test_a_header_that_contradicts_itself_is_refused(
    fault: Callable[[Image], None],
    words: str,
    scan_file: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One wrong field at a time; nothing is printed or logged beside the error."""
    image = nib.load(scan_file)
    fault(image)

    with pytest.raises(ScanError, match=f"a.nii: .*{words}"):
        read_scan(store(image, scan_file.with_name("a.nii")))
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


@pytest.mark.parametrize("spacing_mm", [0.0, np.nan])
def test_analyze_without_spacing_is_refused(spacing_mm: float, tmp_path: Path) -> None:
    """It would be read as 1 mm by nibabel."""
    path = write_pair(nib.AnalyzeImage, tmp_path)
    content = bytearray(path.read_bytes())
    content[80:84] = np.array(spacing_mm, "<f4").tobytes()
    path.write_bytes(content)

    with pytest.raises(ScanError, match=r"below 1000: got pixdim (0|nan) x 0\.7 x 3 mm"):
        read_scan(path)


def test_a_difference_of_half_a_percent_is_accepted(scan_file: Path) -> None:
    """The rounding of other programs is not a contradiction."""
    image = nib.load(scan_file)
    image.set_sform(turned(image, 1.005), 1)

    read_scan(store(image, scan_file.with_name("a.nii")))


def test_no_orientation_is_refused(scan_file: Path) -> None:
    """Codes 0 mean that the orientation is unknown."""
    image = nib.load(scan_file)
    image.set_qform(None, 0)
    image.set_sform(None, 0)
    nib.save(image, scan_file)

    with pytest.raises(ScanError, match="got qform and sform code 0"):
        read_scan(scan_file)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((5, 6), r"3-D volume of several slices: got \(5, 6\)"),
        ((5, 6, 1), r"3-D volume of several slices: got \(5, 6, 1\)"),
        ((5, 6, 7, 2), r"one 3-D volume: got 4-D \(5, 6, 7, 2\)\. Pick one"),
    ],
)
def test_other_than_three_dimensions_are_refused(
    shape: tuple[int, ...], words: str, tmp_path: Path
) -> None:
    """The message gives the shape and what to do."""
    voxels = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    nib.save(nib.Nifti1Image(voxels, np.eye(4)), tmp_path / "a.nii.gz")

    with pytest.raises(ScanError, match=words):
        read_scan(tmp_path / "a.nii.gz")


def test_a_fourth_axis_of_one_is_one_volume(tmp_path: Path) -> None:
    """Many converters write a time axis of length 1."""
    voxels = np.arange(120, dtype=np.float32).reshape(4, 5, 6, 1)
    nib.save(nib.Nifti1Image(voxels, np.eye(4)), tmp_path / "a.nii.gz")

    assert read_scan(tmp_path / "a.nii.gz").grid.shape == (4, 5, 6)


@pytest.mark.parametrize(
    ("value", "words"), [(np.nan, "got 1 NaN or infinite"), (np.inf, "got 1 NaN or infinite")]
)
def test_voxels_without_a_number_are_refused(value: float, words: str, tmp_path: Path) -> None:
    """One bad voxel is enough, and the file is named."""
    voxels = np.arange(120, dtype=np.float32).reshape(4, 5, 6)
    voxels[1, 2, 3] = value
    nib.save(nib.Nifti1Image(voxels, np.eye(4)), tmp_path / "a.nii.gz")

    with pytest.raises(ScanError, match=f"a.nii.gz: .*{words}"):
        read_scan(tmp_path / "a.nii.gz")


@pytest.mark.parametrize(
    ("spacing_mm", "words"), [(0.01, "got 0.01 x 1 x 1 mm"), (50.0, "got 50 x 1 x 1 mm")]
)
def test_absurd_spacing_is_refused(spacing_mm: float, words: str, tmp_path: Path) -> None:
    """Metres and micrometres taken for millimetres are noticed."""
    voxels = np.arange(120, dtype=np.float32).reshape(4, 5, 6)
    nib.save(nib.Nifti1Image(voxels, np.diag((spacing_mm, 1, 1, 1))), tmp_path / "a.nii")

    with pytest.raises(ScanError, match=words):
        read_scan(tmp_path / "a.nii")


def test_a_constant_image_is_refused(tmp_path: Path) -> None:
    """The message gives the one value."""
    nib.save(nib.Nifti1Image(np.full((4, 5, 6), 7, np.int16), np.eye(4)), tmp_path / "a.nii")

    with pytest.raises(ScanError, match="got the constant 7"):
        read_scan(tmp_path / "a.nii")


def test_colours_are_refused(tmp_path: Path) -> None:
    """Three numbers per voxel are not a scan."""
    rgb = np.zeros((4, 5, 6), [("R", "u1"), ("G", "u1"), ("B", "u1")])
    nib.save(nib.Nifti1Image(rgb, np.eye(4)), tmp_path / "a.nii")

    with pytest.raises(ScanError, match="one value per voxel"):
        read_scan(tmp_path / "a.nii")


def test_vectors_are_refused(tmp_path: Path) -> None:
    """The same for MetaImage."""
    image = SimpleITK.GetImageFromArray(np.zeros((4, 5, 6, 3), np.float32), isVector=True)
    SimpleITK.WriteImage(image, str(tmp_path / "a.mha"))

    with pytest.raises(ScanError, match="one value per voxel: got 3"):
        read_scan(tmp_path / "a.mha")


def test_a_flat_metaimage_is_refused(tmp_path: Path) -> None:
    """A 2-D MetaImage is not a volume."""
    image = SimpleITK.GetImageFromArray(np.zeros((4, 5), np.float32))
    SimpleITK.WriteImage(image, str(tmp_path / "a.mha"))

    with pytest.raises(ScanError, match=r"several slices: got \(5, 4\)"):
        read_scan(tmp_path / "a.mha")


@pytest.mark.parametrize(
    ("name", "words"),
    [("a.nii.gz", "no file"), ("a.jpg", r"must end in one of \.nii\.gz, .*got 'a\.jpg'")],
)
def test_a_path_that_cannot_be_an_image_is_refused(
    name: str, words: str, tmp_path: Path
) -> None:
    """Missing files and other formats have different messages."""
    if name.endswith("jpg"):
        (tmp_path / name).touch()

    with pytest.raises(ScanError, match=words):
        read_scan(tmp_path / name)


@pytest.mark.parametrize("name", ["a.nii.gz", "a.nii", "a.nrrd", "a.mha"])
@pytest.mark.parametrize("content", [b"", b"Dear colleague, please find\n" * 40])
def test_text_is_not_an_image(
    name: str, content: bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """An extension alone does not make an image; libraries print nothing."""
    (tmp_path / name).write_bytes(content)

    with pytest.raises(ScanError, match=f"{name}: An image must be of the format that"):
        read_scan(tmp_path / name)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("part", [0.03, 0.1, 0.5, 0.99])
@pytest.mark.parametrize("name", ["a.nii.gz", "a.nii"])
def test_a_file_cut_off_is_refused(
    name: str, part: float, scan_file: Path, tmp_path: Path
) -> None:
    """Wherever the copy stopped."""
    nib.save(nib.load(scan_file), tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: int(len(whole) * part)])

    with pytest.raises(
        ScanError, match=f"{name}: (A scan must be whole|An image must be of the format)"
    ):
        read_scan(tmp_path / name)


def write_pair(kind: type[nib.spatialimages.SpatialImage], folder: Path) -> Path:
    """Write a header and a separate file of voxels."""
    voxels = np.random.default_rng(2).integers(0, 900, (5, 6, 7)).astype(np.int16)
    image = kind(voxels, np.diag((-0.5, 0.7, 3.0, 1.0)))
    image.header.set_zooms((0.5, 0.7, 3.0))
    path = folder / "sub-01_T1w.hdr"
    nib.save(image, path.with_suffix(".img"))
    return path


@pytest.mark.parametrize("kind", [nib.AnalyzeImage, nib.Spm2AnalyzeImage])
def test_analyze_is_read_with_a_caution(
    kind: type[nib.spatialimages.SpatialImage], tmp_path: Path
) -> None:
    """Voxels and spacing are certain, left and right are not."""
    path = write_pair(kind, tmp_path)

    scan = read_scan(path)

    assert scan.grid.spacing_mm == pytest.approx((0.5, 0.7, 3.0))
    assert [c.code for c in scan.cautions] == ["orientation-unknown"]
    voxels = np.asarray(nib.load(path).dataobj)[::-1]
    np.testing.assert_array_equal(scan.intensity, voxels)


def test_a_nifti_pair_knows_its_orientation(tmp_path: Path) -> None:
    """The same names, but no caution."""
    scan = read_scan(write_pair(nib.Nifti1Pair, tmp_path))

    assert scan.grid.spacing_mm == pytest.approx((0.5, 0.7, 3.0))
    assert scan.cautions == ()


def test_too_many_voxels_are_refused(tmp_path: Path) -> None:
    """Before its voxels are decompressed, in any format."""
    image = nib.Nifti1Image(np.zeros((2, 2, 2), np.int16), np.eye(4))
    nib.save(image, tmp_path / "a.nii")
    content = bytearray((tmp_path / "a.nii").read_bytes())
    content[42:48] = np.array((2048, 1024, 768), "<i2").tobytes()
    (tmp_path / "a.nii").write_bytes(content)
    header = "ObjectType = Image\nNDims = 3\nDimSize = 2048 1024 768\nElementSpacing = 1 1 1\n"
    header += (
        "BinaryDataByteOrderMSB = False\nElementType = MET_SHORT\nElementDataFile = LOCAL\n"
    )
    (tmp_path / "a.mha").write_text(header)

    for name in ("a.nii", "a.mha"):
        with pytest.raises(ScanError, match=r"at most 268435456 voxels: got \(2048, 1024, 768"):
            read_scan(tmp_path / name)
