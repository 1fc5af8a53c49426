"""Images in and out: storage order, contrast, side, deterministic bytes."""

import gzip
import itertools
import json
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.cautions import Caution
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap
from pipeline.domain.scan import Scan, Side
from pipeline.errors import ArtefactError, ScanError
from pipeline.store.files import sha256_of, write_json
from pipeline.store.images import (
    read_labels,
    read_probability,
    read_scan,
    read_segmentation,
    write_labels,
    write_probability,
    write_scan,
)
from pipeline.store.nifti import copy_image
from pipeline.store.provenance import sidecar


@pytest.fixture
def labels(grid: Grid) -> LabelMap:
    """Make every muscle label appear."""
    voxels = np.random.default_rng(4).integers(0, 13, grid.shape)
    return LabelMap(voxels, grid, MUSCLE_NAMES)


def test_a_probability_comes_back_to_a_per_cent(scan: Scan, scan_file: Path) -> None:
    """In the storage order of the scan; 0, a half and 1 exactly."""
    chance = np.random.default_rng(2).random(scan.grid.shape, dtype=np.float32)
    chance.flat[:3] = 0, 0.5, 1
    path = scan_file.with_name("chance.nii.gz")

    write_probability(chance, scan.grid, path, like=scan_file)

    back = nib.as_closest_canonical(nib.load(path)).get_fdata()
    np.testing.assert_allclose(back, chance, atol=0.004)
    assert back.flat[:3].tolist() == [0, 0.5, 1]
    np.testing.assert_array_equal(read_probability(path), back)


def test_a_probability_that_is_missing_is_an_altered_output(tmp_path: Path) -> None:
    """The figures name the file."""
    with pytest.raises(
        ArtefactError, match=r"A map of probabilities must be readable: .*no\.nii"
    ):
        read_probability(tmp_path / "no.nii.gz")


def test_a_scan_comes_back_as_it_was(scan: Scan, scan_file: Path) -> None:
    """Integers are kept exactly, and every voxel keeps its position."""
    back = read_scan(scan_file)

    np.testing.assert_array_equal(back.intensity, scan.intensity)
    assert back.grid.matches(scan.grid, tolerance_mm=1e-4)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("flips", list(itertools.product((1, -1), repeat=3)))
def test_storage_order_does_not_matter(
    order: tuple[int, ...], flips: tuple[int, ...], scan: Scan, scan_file: Path
) -> None:
    """All 48 orders give one scan, and what is written back has the order it came in."""
    stored = nib.as_closest_canonical(nib.load(scan_file)).as_reoriented(
        np.column_stack((order, flips))
    )
    turned = scan_file.with_name("turned.nii.gz")
    nib.save(stored, turned)

    back = read_scan(turned)
    write_scan(back, scan_file.with_name("again.nii.gz"), like=turned)
    again = nib.load(scan_file.with_name("again.nii.gz"))

    np.testing.assert_array_equal(back.intensity, scan.intensity)
    assert back.grid.matches(scan.grid, tolerance_mm=1e-4)
    np.testing.assert_array_equal(again.get_fdata(), stored.get_fdata())
    np.testing.assert_array_equal(again.affine, nib.load(turned).affine)


@pytest.mark.parametrize(("qform", "sform"), [(1, 0), (0, 2), (1, 2)])
def test_codes_of_the_raw_file_are_kept(qform: int, sform: int, scan_file: Path) -> None:
    """Viewers that use one of the forms find it unchanged."""
    image = nib.load(scan_file)
    image.set_qform(image.affine if qform else None, qform)
    image.set_sform(image.affine if sform else None, sform)
    raw = scan_file.with_name("raw.nii")
    nib.save(image, raw)
    write_scan(read_scan(raw), scan_file, like=raw)
    header = nib.load(scan_file).header

    assert (int(header["qform_code"]), int(header["sform_code"])) == (qform, sform)


def test_fractions_are_kept_to_a_part_in_four_thousand(
    scan: Scan, scan_file: Path, tmp_path: Path
) -> None:
    """16-bit storage rounds by less than half a step, and once only."""
    fractions = replace(scan, intensity=scan.intensity / np.float32(733))
    write_scan(fractions, tmp_path / "a.nii.gz", like=scan_file)
    back = read_scan(tmp_path / "a.nii.gz")
    write_scan(back, tmp_path / "b.nii.gz", like=scan_file)

    error = np.abs(back.intensity - fractions.intensity).max()
    assert 0 < error <= fractions.intensity.max() / 4096 / 2
    assert sha256_of(tmp_path / "a.nii.gz") == sha256_of(tmp_path / "b.nii.gz")


def test_gzip_header_holds_no_time_and_no_name(scan_file: Path) -> None:
    """The bytes depend on the image alone (RFC 1952: flags and MTIME are zero)."""
    assert scan_file.read_bytes()[3:8] == bytes(5)


@pytest.mark.parametrize("ending", [".nrrd", ".mha"])
def test_lps_formats_give_the_same_scan(ending: str, scan: Scan, scan_file: Path) -> None:
    """NRRD and MetaImage, whose positions are LPS, are converted to RAS."""
    path = scan_file.with_name(f"foot{ending}")
    SimpleITK.WriteImage(SimpleITK.ReadImage(str(scan_file)), str(path))
    back = read_scan(path)
    write_scan(back, scan_file.with_name("again.nii"), like=path)

    np.testing.assert_array_equal(back.intensity, scan.intensity)
    assert back.grid.matches(scan.grid, tolerance_mm=1e-3)
    assert read_scan(scan_file.with_name("again.nii")).grid.matches(scan.grid, 1e-3)


def test_8_bit_metaimages_are_read(tmp_path: Path) -> None:
    """NIfTI has no signed bytes that all programs read."""
    voxels = np.arange(-60, 60, dtype=np.int8).reshape(4, 5, 6)
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(voxels), str(tmp_path / "a.mha"))

    copy_image(tmp_path / "a.mha", tmp_path / "a.nii")

    assert nib.load(tmp_path / "a.nii").get_data_dtype() == np.int16
    assert nib.load(tmp_path / "a.nii").get_fdata()[0, 0, 0] == -60


def test_the_sidecar_gives_side_facts_and_cautions(scan_file: Path) -> None:
    """Fields that name a person are dropped."""
    caution = {"code": "a", "message": "B.", "stage": "intake"}
    facts = {"Laterality": "R", "EchoTime": 0.01, "PatientName": "X", "Cautions": [caution]}
    write_json(facts, scan_file.with_name("sub-01_T1w.json"))

    scan = read_scan(scan_file)

    assert scan.side is Side.RIGHT
    assert dict(scan.acquisition) == {"EchoTime": 0.01}
    assert scan.cautions == (Caution("a", "B.", "intake"),)


@pytest.mark.parametrize(
    ("word", "side"),
    [
        ("R", Side.RIGHT),
        ("left ", Side.LEFT),
        ("RT", Side.RIGHT),
        *(("Rubbish", None), ("Lower limb", None), ("B", None), (["R"], None), (None, None)),
    ],
)
def test_only_the_words_for_a_side_name_one(
    word: object, side: Side | None, scan_file: Path
) -> None:
    """Its first letter does not make a word a side."""
    write_json({"Laterality": word}, scan_file.with_name("sub-01_T1w.json"))

    assert read_scan(scan_file).side is side


def test_a_broken_sidecar_is_refused(scan_file: Path) -> None:
    """A scan is not read without its sidecar."""
    scan_file.with_name("sub-01_T1w.json").write_text("{")

    with pytest.raises(ScanError, match=r"'sub-01_T1w.json' must be JSON"):
        read_scan(scan_file)


@pytest.mark.parametrize(
    "cautions",
    [
        None,
        "none",
        {"code": "a"},
        ["a"],
        [{"code": "a", "message": "B."}],
        [{"code": 1, "message": "B.", "stage": "intake"}],
        [{"code": "a", "message": "\ud800", "stage": "intake"}],
    ],
)
def test_cautions_of_another_shape_are_refused(cautions: object, scan_file: Path) -> None:
    """A sidecar may have anything under a name that footvol uses."""
    sidecar_file = scan_file.with_name("sub-01_T1w.json")
    sidecar_file.write_text(json.dumps({"Cautions": cautions}))

    with pytest.raises(ScanError, match=r"'sub-01_T1w\.json' must list as 'Cautions' objects"):
        read_scan(scan_file)


def test_labels_come_back_as_8_bit(labels: LabelMap, scan_file: Path) -> None:
    """Labels are on the grid of their scan, to the voxel."""
    path = scan_file.with_name("sub-01_seg-muscles_dseg.nii.gz")
    write_labels(labels, path, like=scan_file)

    back = read_labels(path, MUSCLE_NAMES)
    assert nib.load(path).get_data_dtype() == np.uint8
    np.testing.assert_array_equal(back.voxels, labels.voxels)
    assert back.grid == read_scan(scan_file).grid


def test_another_shape_is_our_own_bug(scan: Scan, scan_file: Path, tmp_path: Path) -> None:
    """A map that does not belong to the raw file is never written."""
    smaller = Scan(scan.intensity[1:], Grid.from_arrays((4, 6, 7), scan.grid.matrix))

    with pytest.raises(ValueError, match="must have the shape of"):
        write_scan(smaller, tmp_path / "a.nii", like=scan_file)


@pytest.mark.parametrize(("value", "words"), [(13.0, r"0 to 12 only: got \[13"), (2.5, "2.5")])
def test_other_labels_are_refused(value: float, words: str, scan_file: Path) -> None:
    """Unknown and interpolated labels are an altered artefact."""
    image = nib.load(scan_file)
    voxels = np.zeros(image.shape, np.float32)
    voxels[0, 0, 0] = value
    nib.save(nib.Nifti1Image(voxels, image.affine), scan_file.with_name("a.nii"))

    with pytest.raises(ArtefactError, match=words):
        read_labels(scan_file.with_name("a.nii"), MUSCLE_NAMES)


def test_a_missing_label_map_is_an_artefact_error(tmp_path: Path) -> None:
    """What an earlier stage should have written has its own exit code."""
    with pytest.raises(ArtefactError, match=r"label map must be readable: .*no file"):
        read_labels(tmp_path / "a.nii.gz", MUSCLE_NAMES)


def test_a_segmentation_carries_side_and_segmenter(labels: LabelMap, scan_file: Path) -> None:
    """Both are taken of the muscles' sidecar, and so are the cautions."""
    muscles, bones = (scan_file.with_name(f"{n}_dseg.nii.gz") for n in ("muscles", "bones"))
    write_labels(labels, muscles, like=scan_file)
    write_labels(replace(labels, names=BONE_NAMES), bones, like=scan_file)
    caution = Caution("a", "B.", "segment")
    sidecar(muscles, side=Side.LEFT, segmenter="network", cautions=[caution])

    segmentation = read_segmentation(muscles, bones)

    assert (segmentation.side, segmentation.segmenter) == (Side.LEFT, "network")
    assert segmentation.cautions == (caution,)


def test_a_segmentation_without_side_is_refused(labels: LabelMap, scan_file: Path) -> None:
    """The message names the missing fields."""
    write_labels(labels, scan_file, like=None)
    sidecar(scan_file, segmenter="network")

    with pytest.raises(ArtefactError, match="must state 'Laterality' and 'Segmenter'"):
        read_segmentation(scan_file, scan_file)


def test_copies_keep_numbers_and_drop_text(scan_file: Path, tmp_path: Path) -> None:
    """Scaling and type stay as they are; the header's free text does not."""
    image = nib.load(scan_file)
    raw = nib.Nifti1Image(np.asarray(image.dataobj, dtype=np.int16), image.affine)
    raw.header["descrip"] = raw.header["aux_file"] = raw.header["db_name"] = b"MUSTERMANN"
    raw.header.set_slope_inter(1.29, -3)
    nib.save(raw, tmp_path / "raw.nii")

    copy_image(tmp_path / "raw.nii", tmp_path / "copy.nii.gz")

    copy = nib.load(tmp_path / "copy.nii.gz")
    np.testing.assert_array_equal(copy.get_fdata(), nib.load(tmp_path / "raw.nii").get_fdata())
    assert copy.get_data_dtype() == np.int16
    assert b"MUSTERMANN" not in gzip.decompress((tmp_path / "copy.nii.gz").read_bytes())


def test_copies_are_never_64_bit(tmp_path: Path) -> None:
    """Doubles become floats."""
    nib.save(
        nib.Nifti1Image(np.random.default_rng(1).random((3, 4, 5)), np.diag((1, 2, 3, 1))),
        tmp_path / "raw.nii",
    )

    copy_image(tmp_path / "raw.nii", tmp_path / "copy.nii")

    assert nib.load(tmp_path / "copy.nii").get_data_dtype() == np.float32
