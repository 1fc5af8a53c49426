"""Several DICOM series of one participant: the one that fits, or a table of them."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from dicom_makers import edit, moved, opened, refuse, setting, write_series
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from pipeline.domain.scan import Scan, Side
from pipeline.errors import ScanError
from pipeline.simulate.dicom_enhanced import write_enhanced_dicom
from pipeline.store.images import read_scan


@pytest.fixture
def two(scan: Scan, tmp_path: Path) -> Path:
    """Write two series, of which either may be the one to measure."""
    folder = tmp_path / "sub-01"
    write_series(scan, folder / "a", number=4, SeriesDescription="T1 TSE cor", EchoTime=11)
    write_series(scan, folder / "b", number=6, SeriesDescription="PD_tse_cor", EchoTime=33)
    return folder


def taken(source: Path, **rules: Any) -> tuple[float, str]:
    """Return echo time and contrast of the selected series."""
    with opened(source, **rules) as found:
        return round(found.fields["EchoTime"] * 1000, 6), found.contrast


def test_several_series_are_listed_in_a_table(two: Path) -> None:
    """One row each, without free text, and the option to use."""
    with pytest.raises(ScanError) as refused, opened(two):
        pytest.fail("was accepted")

    assert str(refused.value).splitlines() == [
        "A source must contain one volume to measure: got 2 of 2. Choose one with --series, "
        "for example --series 4, or by the rules in [intake] (description, contrast, plane, "
        "max_pixel_mm, max_slice_mm).",
        "  series  slices  plane  voxel in mm    TE in ms  TR in ms  images  centre in mm  "
        "contrast  note",
        "  4       7       axial  0.5 x 0.7 x 3  11        500       1-7     -11 29 17     T1w",
        "  6       7       axial  0.5 x 0.7 x 3  33        500       1-7     -11 29 17     PDw",
    ]


@pytest.mark.parametrize(
    ("rules", "series"),
    [
        ({"series": "6"}, (33, "PDw")),
        ({"series": 4}, (11, "T1w")),
        ({"description": "T1*"}, (11, "T1w")),
        ({"contrast": "PDw"}, (33, "PDw")),
    ],
)
def test_a_rule_takes_one(rules: dict[str, Any], series: tuple[float, str], two: Path) -> None:
    """Number, description or contrast, each alone."""
    assert taken(two, **rules) == series


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"series": "5"}, "measure with series 5: got 0 of 2"),
        ({"description": "*sag*"}, r"with description \*sag\*: got 0 of 2"),
        ({"contrast": "water"}, "with contrast water: got 0 of 2"),
        ({"plane": "axial"}, "with plane axial: got 2 of 2"),
        ({"plane": "coronal"}, "with plane coronal: got 0 of 2"),
        ({"max_pixel_mm": 0.6}, "with max_pixel_mm 0.6: got 0 of 2"),
        ({"max_slice_mm": 2.9}, "with max_slice_mm 2.9: got 0 of 2"),
        ({"max_pixel_mm": 0.7, "max_slice_mm": 3}, "max_slice_mm 3.0: got 2 of 2"),
    ],
)
def test_rules_that_fit_none_or_several_are_reported(
    rules: dict[str, Any], words: str, two: Path
) -> None:
    """The message quotes the active rules."""
    refuse(two, words, **rules)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("elements", "note"),
    [
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "localiser"),
        ({"SeriesDescription": "3-plane Scout"}, "localiser"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "P", "ND"]}, "phase image"),
        ({"ImageType": ["DERIVED", "PRIMARY", "MPR"]}, "projection or reformat"),
        ({"ImageType": ["DERIVED", "PRIMARY", "FF"]}, "parameter map"),
        ({"ImagePositionPatient": None}, "no positions"),
        ({"Modality": "PT"}, "PT images"),
    ],
)
def test_images_without_anatomy_are_ignored(
    elements: dict[str, Any], note: str, scan: Scan, two: Path
) -> None:
    """They are selected only by name, and listed with the reason."""
    write_series(scan, two / "c", number=9, **elements)

    assert taken(two, contrast="T1w") == (11, "T1w")
    refuse(two, "got 2 of 3")
    refuse(two, rf"(?s)got 0 of 3.*9 +7 .* {note}", series="3")


def test_single_pictures_are_ignored(scan: Scan, two: Path) -> None:
    """A series of fewer than three slices is not a volume."""
    write_series(scan, two / "c", number=9)
    for path in sorted((two / "c").iterdir())[2:]:
        path.unlink()

    refuse(two, "got 2 of 3")


def test_three_planes_are_a_localiser(scan: Scan, two: Path) -> None:
    """Whatever their description; one odd slice among seven is a fault instead."""
    write_series(scan, two / "c", number=9)
    edit(two / "c", setting(ImageOrientationPatient=[0, 1, 0, 0, 0, -1]), slice(3, None))
    refuse(two, "got 2 of 3")

    write_series(scan, two / "d", number=10)
    edit(two / "d", setting(ImageOrientationPatient=[0, 1, 0, 0, 0, -1]), slice(6, None))
    refuse(two, r"(?s)got 3 of 4.*incomplete.*Series 10: .*one orientation: got 2 \(6 and 1")


def test_a_broken_series_is_not_ignored(two: Path) -> None:
    """The incomplete one may be the one that was meant."""
    edit(two / "a", moved(1.0), slice(3, 4))

    refuse(two, "(?s)got 2 of 2.*incomplete.*Series 4: All slices must be equally far apart")
    refuse(two, "^All slices must be equally far apart", contrast="T1w")
    refuse(two, "^All slices must be equally far apart", description="t1*", max_slice_mm=3.0)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("elements", "names"),
    [
        ({"EchoTime": 40}, ("15", "40")),
        ({"AcquisitionNumber": 2}, ("15", "15")),
        ({"TemporalPositionIdentifier": 2}, ("15", "15")),
    ],
)
def test_volumes_of_one_series_are_numbered(
    elements: dict[str, Any], names: tuple[str, str], scan: Scan, tmp_path: Path
) -> None:
    """Echoes and repetitions are separate volumes, each with its own voxels."""
    folder = tmp_path / "sub-01"
    write_series(scan, folder / "a")
    first = scan.intensity
    second = Scan(first[::-1], scan.grid, acquisition=scan.acquisition)
    write_series(second, folder / "b", **elements)
    edit(folder, setting(SeriesInstanceUID=generate_uid(entropy_srcs=["x"])))

    refuse(folder, rf"(?s)got 2 of 2.*1-1 .* {names[0]} .*1-2 .* {names[1]} ")
    for name, voxels in (("1-1", first), ("1-2", first[::-1])):
        with opened(folder, series=name) as found:
            np.testing.assert_array_equal(read_scan(found.image).intensity, voxels)


def test_identical_rows_are_numbered(scan: Scan, tmp_path: Path) -> None:
    """Two runs of one number differ only in their time, which is not printed."""
    for name, time in (("a", "101500"), ("b", "102000")):
        write_series(scan, tmp_path / name, number=4, SeriesTime=time)

    refuse(tmp_path, "(?s)got 2 of 2.* 4-1 .* 1 of 2 in time\n.* 4-2 .* 2 of 2 in time$")


def test_a_localiser_of_three_stacks_stays_one(scan: Scan, two: Path) -> None:
    """Frames of three planes in separate stacks are not volumes to measure."""
    file = two / "c" / "1.dcm"
    write_enhanced_dicom(scan, file, label="01", side=Side.RIGHT, number=9, study="one")
    dataset = pydicom.dcmread(file)
    frames = list(dataset.PerFrameFunctionalGroupsSequence)
    planes = ([1, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, -1], [1, 0, 0, 0, 0, -1])
    del dataset.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence
    more = [copy.deepcopy(frame) for frame in (*frames, frames[0], frames[1])]
    for k, frame in enumerate(more):
        orientation = Dataset()
        orientation.ImageOrientationPatient = planes[k // 3]
        normal = np.cross(planes[k // 3][:3], planes[k // 3][3:])
        frame.PlaneOrientationSequence = [orientation]
        frame.PlanePositionSequence[0].ImagePositionPatient = [float(4 * k * n) for n in normal]
        frame.FrameContentSequence[0].StackID = str(k // 3)
    dataset.PerFrameFunctionalGroupsSequence, dataset.NumberOfFrames = more, 9
    dataset.PixelData = dataset.PixelData[: 9 * 60].ljust(9 * 60, b"\0")
    dataset.save_as(file)

    assert taken(two, contrast="T1w") == (11, "T1w")
    refuse(two, "(?s)got 3 of 5.* 9-1 .*localiser.* 9-3 .*localiser", series="9")


@pytest.mark.parametrize("change", [{"EchoTime": 40}, {"SeriesInstanceUID": "1.2.3"}])
def test_a_slice_with_its_own_uid_is_missed(
    change: dict[str, Any], scan: Scan, tmp_path: Path
) -> None:
    """A missing last slice leaves no gap, but its number belongs to the series."""
    write_series(scan, tmp_path / "a")
    edit(tmp_path / "a", setting(**change), slice(-1, None))

    refuse(tmp_path / "a", "must have the same slices: got stacks of 1 and 6|got [12] of 2")


@pytest.mark.integration
@pytest.mark.parametrize("same_series", [True, False])
def test_dixon_parts_are_paired(same_series: bool, scan: Scan, tmp_path: Path) -> None:
    """Water is measured, together with fat; in and opposed phase are not used."""
    folder = tmp_path / "sub-01"
    for number, part in enumerate(("IN_PHASE", "OUT_PHASE", "WATER", "FAT"), start=2):
        levels = scan.intensity + number
        image = Scan(levels, scan.grid, acquisition=scan.acquisition)
        title = "t1_dixon" if same_series else f"t1_dixon_{part.lower()}"
        kind = ["DERIVED", "PRIMARY", "M", part]
        write_series(
            image, folder / part, number=number, ImageType=kind, SeriesDescription=title
        )
    if same_series:
        unique = generate_uid(entropy_srcs=["x"])
        edit(folder, setting(SeriesInstanceUID=unique, SeriesNumber=3))

    with opened(folder) as found:
        (beside,) = found.beside
        assert (found.contrast, beside.contrast) == ("water", "fat")
        np.testing.assert_array_equal(read_scan(found.image).intensity, scan.intensity + 4)
        np.testing.assert_array_equal(read_scan(beside.image).intensity, scan.intensity + 5)
    with opened(folder, contrast="opposed") as found:
        np.testing.assert_array_equal(read_scan(found.image).intensity, scan.intensity + 3)
        assert not found.beside


def test_a_fat_image_on_another_grid_is_not_paired(scan: Scan, tmp_path: Path) -> None:
    """The fat image of another run has another grid."""
    folder = tmp_path / "sub-01"
    kind = ["DERIVED", "PRIMARY", "M"]
    write_series(scan, folder / "w", number=2, ImageType=[*kind, "WATER"])
    write_series(scan, folder / "f", number=3, ImageType=[*kind, "FAT"])
    edit(folder / "f", moved(0.0, 2.0))

    refuse(folder, "got 2 of 2")
    with opened(folder, contrast="water") as found:
        assert not found.beside


def test_fat_saturation_is_no_dixon_part(scan: Scan, tmp_path: Path) -> None:
    """The word alone does not make it a fat image."""
    write_series(scan, tmp_path / "a", SeriesDescription="T2 fat sat")

    assert taken(tmp_path / "a") == (15, "T2w")


def test_two_weightings_in_one_title_are_ambiguous(scan: Scan, tmp_path: Path) -> None:
    """The title of a dual echo fits both of its images; T2* is not T2."""
    write_series(scan, tmp_path / "a", SeriesDescription="pd_t2_tse")
    write_series(scan, tmp_path / "b", SeriesDescription="t2* gre")

    assert taken(tmp_path / "a")[1] == taken(tmp_path / "b")[1] == ""


@pytest.mark.parametrize(
    "kind",
    [
        ["DERIVED", "PRIMARY", "M", "IN_PHASE"],
        ["DERIVED", "PRIMARY", "DIXON", "FAT_FRACTION"],
    ],
)
def test_the_image_type_is_kept_as_in_the_header(
    kind: list[str], scan: Scan, tmp_path: Path
) -> None:
    """A converter that splits its words would make a fat image of a fat-fraction map."""
    write_series(scan, tmp_path / "a", ImageType=kind)

    with opened(tmp_path / "a") as found:
        assert found.fields["ImageType"] == kind
