"""BIDS names in, derivative names out."""

from pathlib import Path

import pytest

from pipeline.errors import ConfigError, ScanError
from pipeline.store.names import (
    ScanName,
    bare_label,
    find_fat_image,
    find_participants,
    find_scan,
    sidecar_of,
)


def touch(root: Path, *names: str) -> None:
    """Make empty files."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_outputs_follow_the_name_of_the_scan() -> None:
    """Source entities stay, the source suffix goes, but for the preprocessed scan."""
    name = ScanName.parse(Path("sub-01_acq-x_T1w.nii.gz"))
    made = (
        name.raw(),
        name.preproc(),
        name.muscles(),
        name.bones(),
        name.regions(),
        name.volumes_tsv(),
        name.landmarks_json(),
        name.overlay_png(),
        name.participant_html(),
    )

    assert [path.as_posix() for path in made] == [
        "sub-01/anat/sub-01_acq-x_T1w.nii.gz",
        "sub-01/anat/sub-01_acq-x_desc-preproc_T1w.nii.gz",
        "sub-01/anat/sub-01_acq-x_seg-muscles_dseg.nii.gz",
        "sub-01/anat/sub-01_acq-x_seg-bones_dseg.nii.gz",
        "sub-01/anat/sub-01_acq-x_seg-regions_dseg.nii.gz",
        "sub-01/anat/sub-01_acq-x_seg-muscles_desc-volumes_dseg.tsv",
        "sub-01/anat/sub-01_acq-x_landmarks.json",
        "sub-01/figures/sub-01_acq-x_overlay.png",
        "sub-01.html",
    ]


def test_a_session_has_its_own_folder() -> None:
    """The session entity is a folder as well."""
    name = ScanName.parse(Path("sub-01_ses-2_PDw.nii"))

    assert name.muscles() == Path("sub-01/ses-2/anat/sub-01_ses-2_seg-muscles_dseg.nii.gz")


@pytest.mark.parametrize(
    "name", ["foot.nii.gz", "sub-01_bold.nii.gz", "acq-x_T1w.nii", "sub-_T1w.nii", "T1w.nii"]
)
def test_other_names_are_refused(name: str) -> None:
    """A name that is not BIDS says how it must be."""
    with pytest.raises(ScanError, match=f"named like .*got '{name}'"):
        ScanName.parse(Path(name))


@pytest.mark.parametrize("image", ["a.nii.gz", "a.nii", "a.tsv", "a.nrrd"])
def test_sidecars_lie_beside(image: str) -> None:
    """Every ending gives way to .json."""
    assert sidecar_of(Path("d", image)) == Path("d", "a.json")


def test_labels_come_with_or_without_sub() -> None:
    """Both ways of writing a label mean one participant."""
    assert bare_label("sub-01") == bare_label("01") == "01"


@pytest.mark.parametrize("label", ["", "sub-", "a b", "../x", "a_b"])
def test_labels_are_letters_and_digits(label: str) -> None:
    """What BIDS cannot name is refused."""
    with pytest.raises(ConfigError, match="letters and digits: got"):
        bare_label(label)


def test_participants_are_the_sub_folders(tmp_path: Path) -> None:
    """Files and other folders are no participants."""
    touch(tmp_path, "sub-02/a", "sub-01/a", "code/a", "sub-03.txt")

    assert find_participants(tmp_path) == ("01", "02")


def test_a_folder_without_participants_is_told(tmp_path: Path) -> None:
    """An empty dataset names the way to fill it."""
    with pytest.raises(ConfigError, match=r"got none in .*footvol intake"):
        find_participants(tmp_path)


def test_a_missing_dataset_is_told(tmp_path: Path) -> None:
    """A path that does not exist is named."""
    with pytest.raises(ConfigError, match=r"must be a folder: got .*nowhere"):
        find_participants(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("present", "chosen"),
    [
        (["sub-01_T2w.nii.gz", "sub-01_T1w.nii.gz"], "sub-01_T1w.nii.gz"),
        (["sub-01_PDw.nii", "sub-01_T2w.nii.gz"], "sub-01_PDw.nii"),
        (
            ["sub-01_acq-fat_T1w.nii.gz", "sub-01_acq-water_T1w.nii.gz"],
            "sub-01_acq-water_T1w.nii.gz",
        ),
    ],
)
def test_the_scan_is_chosen_by_its_contrast(
    present: list[str], chosen: str, tmp_path: Path
) -> None:
    """T1 before PD before T2, water before fat."""
    touch(tmp_path, *(f"sub-01/anat/{name}" for name in present))

    assert find_scan(tmp_path, "sub-01").name == chosen


def test_two_scans_that_fit_are_refused(tmp_path: Path) -> None:
    """The sentence lists both."""
    touch(tmp_path, "sub-01/anat/sub-01_T1w.nii", "sub-01/ses-1/anat/sub-01_ses-1_T1w.nii")

    with pytest.raises(ScanError, match=r"one T1w scan: got 2 .*sub-01_T1w.*sub-01_ses-1_T1w"):
        find_scan(tmp_path, "01")


def test_a_participant_without_scan_is_refused(tmp_path: Path) -> None:
    """Other images do not count."""
    touch(tmp_path, "sub-01/anat/sub-01_bold.nii")

    with pytest.raises(ScanError, match=r"named 'sub-01_T1w.nii.gz'.*got 1 other"):
        find_scan(tmp_path, "01")


@pytest.mark.parametrize(
    ("water", "fat"),
    [
        ("sub-01_acq-water_T1w.nii.gz", "sub-01_acq-fat_T1w.nii.gz"),
        ("sub-01_acq-dixonWater_T1w.nii.gz", "sub-01_acq-dixonFat_T1w.nii.gz"),
        ("foot_water.nii", "foot_fat.nii"),
    ],
)
def test_the_fat_image_bears_the_water_images_name(
    water: str, fat: str, tmp_path: Path
) -> None:
    """Capitals aside; another participant's is not taken."""
    (tmp_path / fat.replace("01", "02").replace("foot", "feet")).touch()
    assert find_fat_image(tmp_path / water) is None

    (tmp_path / fat).touch()
    assert find_fat_image(tmp_path / water) == tmp_path / fat


def test_an_image_that_is_not_water_has_no_fat_image(tmp_path: Path) -> None:
    """It would be its own."""
    (tmp_path / "sub-01_T1w.nii.gz").touch()

    assert find_fat_image(tmp_path / "sub-01_T1w.nii.gz") is None
