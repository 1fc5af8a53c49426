"""Which image of a participant is measured, and which fat image goes with it."""

import json
import os
from pathlib import Path

import pytest

from pipeline.domain.scan_key import ScanKey
from pipeline.errors import ConfigError, ScanError
from pipeline.store.raw_scans import find_fat_image, find_keys, find_participants, find_scan


def touch(root: Path, *names: str) -> None:
    """Make empty files."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


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

    assert find_scan(tmp_path, ScanKey("sub-01")).name == chosen


def test_two_scans_that_fit_are_refused(tmp_path: Path) -> None:
    """The message lists both, and says what to do."""
    names = [f"sub-01/ses-1/anat/sub-01_ses-1{more}_T1w.nii" for more in ("", "_acq-2")]
    touch(tmp_path, *names)

    words = (
        r"one T1w scan in each session and run: got 2 .*ses-1_T1w.*ses-1_acq-2_T1w.*move the "
        "others out of the dataset, or name them as runs"
    )
    with pytest.raises(ScanError, match=words):
        find_scan(tmp_path, ScanKey("01", "1"))


def test_each_session_and_run_has_its_scan(tmp_path: Path) -> None:
    """In the order of numbers; a contrast that another session lacks is chosen there."""
    first, second = ("sub-01/ses-a/anat/sub-01_ses-a", "sub-01/ses-b/anat/sub-01_ses-b")
    runs = [f"{first}_run-{run}_T1w.nii.gz" for run in (1, 2, 10)]
    others = [f"{first}_T2w.nii.gz", f"{second}_acq-water_PDw.nii", f"{second}_acq-fat_PDw.nii"]
    touch(tmp_path, *runs, *others, "sub-02/anat/sub-02_T1w.nii.gz")

    keys = find_keys(tmp_path, "01")

    found = [ScanKey("01", "a", run) for run in ("1", "2", "10")]
    assert keys == (*found, ScanKey("01", "b"))
    assert [find_scan(tmp_path, key).name for key in keys] == [
        *(Path(name).name for name in runs),
        "sub-01_ses-b_acq-water_PDw.nii",
    ]
    with pytest.raises(ScanError, match="in each session and run: got 4"):
        find_scan(tmp_path, ScanKey("01"))
    with pytest.raises(ScanError, match=r"scan named 'sub-01_ses-c_T1w\.nii\.gz'.*got 6 oth"):
        find_scan(tmp_path, ScanKey("01", "c"))


@pytest.mark.parametrize("name", ["sub-01_bold.nii", "sub-02_T1w.nii"])
def test_a_participant_without_a_scan_of_its_own_has_one_key(name: str, tmp_path: Path) -> None:
    """The row of the table says what is wrong."""
    touch(tmp_path, f"sub-01/anat/{name}")

    assert find_keys(tmp_path, "sub-01") == (ScanKey("01"),)


def test_a_participant_without_scan_is_refused(tmp_path: Path) -> None:
    """Other images do not count."""
    touch(tmp_path, "sub-01/anat/sub-01_bold.nii")

    with pytest.raises(ScanError, match=r"named 'sub-01_T1w.nii.gz'.*got 1 other"):
        find_scan(tmp_path, ScanKey("01"))


@pytest.mark.parametrize(
    ("water", "fat"),
    [
        ("sub-01_acq-water_T1w.nii.gz", "sub-01_acq-fat_T1w.nii.gz"),
        ("sub-01_acq-dixonWater_T1w.nii.gz", "sub-01_acq-dixonFat_T1w.nii.gz"),
        ("foot_water.nii", "foot_fat.nii"),
    ],
)
def test_the_fat_image_has_the_name_of_the_water_image(
    water: str, fat: str, tmp_path: Path
) -> None:
    """Case-insensitively; another participant's is not used."""
    (tmp_path / fat.replace("01", "02").replace("foot", "feet")).touch()
    assert find_fat_image(tmp_path / water) is None

    (tmp_path / fat).touch()
    assert find_fat_image(tmp_path / water) == tmp_path / fat


def test_an_image_that_is_not_water_has_no_fat_image(tmp_path: Path) -> None:
    """It would be its own fat image."""
    (tmp_path / "sub-01_T1w.nii.gz").touch()

    assert find_fat_image(tmp_path / "sub-01_T1w.nii.gz") is None


def test_capitals_and_extensions_do_not_matter_for_a_pair(tmp_path: Path) -> None:
    """acq-Water goes with acq-Fat, and one of them may be compressed."""
    touch(
        tmp_path,
        "sub-01/anat/sub-01_acq-Water_T1w.nii",
        "sub-01/anat/sub-01_acq-Fat_T1w.nii.gz",
    )

    water = find_scan(tmp_path, ScanKey("01"))

    assert water.name == "sub-01_acq-Water_T1w.nii"
    assert find_fat_image(water) == water.with_name("sub-01_acq-Fat_T1w.nii.gz")


def test_an_image_without_fat_is_no_fat_image(tmp_path: Path) -> None:
    """Both may be the one to measure, so neither is chosen silently."""
    touch(tmp_path, "sub-01/anat/sub-01_acq-nofat_T1w.nii", "sub-01/anat/sub-01_T1w.nii")

    with pytest.raises(ScanError, match=r"T1w scan in each session and run: got 2 .*acq-nofat"):
        find_scan(tmp_path, ScanKey("01"))


def test_sidecars_distinguish_water_and_fat(tmp_path: Path) -> None:
    """Names need not state it."""
    names = ("sub-01_run-1_T1w", "sub-01_run-2_T1w")
    touch(tmp_path, *(f"sub-01/anat/{name}.nii" for name in names))
    for name, part in zip(names, "FW", strict=True):
        text = json.dumps({"ImageType": ["DERIVED", "PRIMARY", part, part]})
        (tmp_path / "sub-01" / "anat" / f"{name}.json").write_text(text)

    assert find_scan(tmp_path, ScanKey("01")).name == "sub-01_run-2_T1w.nii"


def test_a_water_image_by_its_sidecar_has_its_fat_image(tmp_path: Path) -> None:
    """The fat image has the same name except for the word fat."""
    touch(tmp_path, "sub-01_T1w.nii.gz", "sub-01_acq-fat_T1w.nii.gz")
    water = tmp_path / "sub-01_T1w.nii.gz"
    assert find_fat_image(water) is None

    water.with_name("sub-01_T1w.json").write_text('{"ImageType": ["WATER"]}')

    assert find_fat_image(water) == tmp_path / "sub-01_acq-fat_T1w.nii.gz"
    assert find_fat_image(tmp_path / "sub-01_acq-fat_T1w.nii.gz") is None


def test_two_fat_images_of_one_water_image_are_refused(tmp_path: Path) -> None:
    """Which one is of the same acquisition is unknown."""
    touch(tmp_path, "foot_water.nii", "foot_fat.nii", "foot_Fat.nii.gz")

    with pytest.raises(
        ScanError, match=r"one fat image .*got 'foot_Fat.nii.gz', 'foot_fat.nii'"
    ):
        find_fat_image(tmp_path / "foot_water.nii")


def test_a_fat_image_whose_sidecar_says_water_is_refused(tmp_path: Path) -> None:
    """Exchanged, they would give a plausible but wrong fat fraction."""
    touch(tmp_path, "foot_water.nii", "foot_fat.nii")
    (tmp_path / "foot_fat.json").write_text('{"ImageType": ["W"]}')

    with pytest.raises(
        ScanError, match="got water from the sidecar but fat from the file name"
    ):
        find_fat_image(tmp_path / "foot_water.nii")


@pytest.mark.parametrize(
    ("image", "folder"),
    [
        ("sub-01/anat/sub-02_T1w.nii.gz", "sub-01"),
        ("sub-01/anat/sub-1_T1w.nii.gz", "sub-01"),
        ("sub-01/anat/sub-02_acq-fat_T1w.nii.gz", "sub-01"),
        ("sub-01/ses-1/anat/sub-02_ses-1_T1w.nii.gz", "sub-01"),
        ("sub-01/ses-1/anat/sub-01_ses-2_T1w.nii.gz", "ses-1"),
    ],
)
def test_an_image_of_another_participant_in_a_folder_is_refused(
    image: str, folder: str, tmp_path: Path
) -> None:
    """One foot's volume must not get into another's row, nor one session's into another's."""
    touch(tmp_path, "sub-01/anat/sub-01_acq-water_PDw.nii.gz", image)

    words = f"named as the folder .*got '{Path(image).name}' in '{folder}'.*Find out whose"
    with pytest.raises(ScanError, match=words):
        find_scan(tmp_path, ScanKey("01"))


def test_files_that_systems_leave_are_no_scans(tmp_path: Path) -> None:
    """On other file systems, macOS puts a file beside each."""
    touch(
        tmp_path,
        "sub-01/anat/sub-01_T1w.nii.gz",
        "sub-01/anat/._sub-01_T1w.nii.gz",
        "sub-01/anat/.DS_Store",
    )

    assert find_scan(tmp_path, ScanKey("01")).name == "sub-01_T1w.nii.gz"


def test_a_scan_that_is_not_fetched_is_named_with_the_command(tmp_path: Path) -> None:
    """A dataset of datalad has only links until then."""
    anat = tmp_path / "sub-01" / "anat"
    anat.mkdir(parents=True)
    (anat / "sub-01_T1w.nii.gz").symlink_to("../../.git/annex/objects/x/SHA256E-s1--1.nii.gz")

    with pytest.raises(
        ScanError, match=r"link of git-annex .*datalad get 'sub-01_T1w\.nii\.gz'$"
    ):
        find_scan(tmp_path, ScanKey("01"))


def test_a_pipe_is_no_scan(tmp_path: Path) -> None:
    """Reading it would block."""
    touch(tmp_path, "sub-01/anat/x")
    os.mkfifo(tmp_path / "sub-01" / "anat" / "sub-01_T1w.nii.gz")

    with pytest.raises(
        ScanError, match=r"regular file: got 'sub-01_T1w.nii.gz', which is a named"
    ):
        find_scan(tmp_path, ScanKey("01"))


def test_participants_are_the_sub_folders(tmp_path: Path) -> None:
    """Files and other folders do not count."""
    touch(tmp_path, "sub-02/a", "sub-01/a", "code/a", "sub-03.txt")

    assert find_participants(tmp_path) == ("01", "02")


def test_a_folder_without_participants_is_reported(tmp_path: Path) -> None:
    """The message says how to fill an empty dataset."""
    with pytest.raises(ConfigError, match=r"got none in .*footvol intake"):
        find_participants(tmp_path)


def test_a_missing_dataset_is_reported(tmp_path: Path) -> None:
    """The message quotes the path."""
    with pytest.raises(ConfigError, match=r"must be a folder: got .*nowhere"):
        find_participants(tmp_path / "nowhere")
