"""Manually corrected label maps: found by name, or refused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.domain.scan_key import ScanKey
from pipeline.errors import ArtefactError, ConfigError
from pipeline.store.correction_files import check_owners, find_corrections
from pipeline.store.names import ScanName

WATER = ScanName("01", (("acq", "water"),))


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str], Path]:
    """Make a function that puts an empty file into the corrections of an output folder."""

    def lay(name: str) -> Path:
        path = tmp_path / "corrections" / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
        return path

    return lay


@pytest.mark.parametrize("ending", [".nii.gz", ".nii", ".seg.nrrd", ".dcm"])
@pytest.mark.parametrize("stem", ["sub-01", "sub-01_acq-water"])
def test_a_correction_is_found_by_the_name_of_its_map(
    stem: str, ending: str, put: Callable[[str], Path], tmp_path: Path
) -> None:
    """With the scan's entities or without; other participants' and other files are ignored."""
    muscles = put(f"{stem}_seg-muscles_dseg{ending}")
    bones = put(f"{stem}_seg-bones_dseg{ending}")
    for other in ("sub-012_seg-muscles_dseg.nii.gz", "notes.txt", ".sub-01_hidden.nii.gz"):
        put(other)

    assert find_corrections(tmp_path, WATER) == {"muscles": muscles, "bones": bones}


def test_a_missing_folder_means_no_correction(tmp_path: Path) -> None:
    """The folder is optional."""
    assert find_corrections(tmp_path, WATER) == {}
    check_owners(tmp_path, [ScanKey("01")])


@pytest.mark.parametrize(
    "name",
    [
        "sub-01_seg-muscle_dseg.nii.gz",
        "sub-01_acq-fat_seg-muscles_dseg.nii.gz",
        "sub-01_seg-muscles_dseg.mha",
        "sub-01_1.2.3.dcm",
        "sub-01.nii.gz",
    ],
)
def test_a_misnamed_correction_is_refused(
    name: str, put: Callable[[str], Path], tmp_path: Path
) -> None:
    """It would be ignored, and the numbers be taken for corrected ones."""
    put(name)

    with pytest.raises(ArtefactError, match=rf"named as its label map.* got '{name}'\. Rename"):
        find_corrections(tmp_path, WATER)


def test_a_correction_of_another_session_is_not_used(
    put: Callable[[str], Path], tmp_path: Path
) -> None:
    """The run and the session are needed, other entities are not."""
    name = ScanName("01", (("ses", "a"), ("acq", "water"), ("run", "2")))
    own = put("sub-01_ses-a_run-2_seg-muscles_dseg.nii.gz")
    for other in ("sub-01_ses-b", "sub-01_ses-a_run-1"):
        put(f"{other}_seg-muscles_dseg.nii.gz")

    assert find_corrections(tmp_path, name) == {"muscles": own}
    known = [ScanKey("01", "a", run) for run in "12"]
    check_owners(tmp_path, [*known, ScanKey("01", "b")])
    check_owners(tmp_path, [ScanKey("01")])
    with pytest.raises(ConfigError, match=r"got \['sub-01_ses-b_seg-muscles_dseg\.nii\.gz'\]"):
        check_owners(tmp_path, known)


def test_a_correction_of_no_session_is_refused_for_a_scan_of_one(
    put: Callable[[str], Path], tmp_path: Path
) -> None:
    """It would be used for all sessions."""
    put("sub-01_seg-muscles_dseg.nii.gz")

    with pytest.raises(ArtefactError, match=r"such as 'sub-01_ses-a_seg-muscles_dseg.nii.gz'"):
        find_corrections(tmp_path, ScanName("01", (("ses", "a"),)))


def test_two_corrections_of_one_map_are_refused(
    put: Callable[[str], Path], tmp_path: Path
) -> None:
    """Which one is valid is not guessed."""
    put("sub-01_seg-bones_dseg.nii")
    put("sub-01_acq-water_seg-bones_dseg.nii.gz")

    with pytest.raises(ArtefactError, match=r"must have one correction: got .* and .* Keep"):
        find_corrections(tmp_path, WATER)


def test_a_correction_of_an_unknown_participant_is_refused(
    put: Callable[[str], Path], tmp_path: Path
) -> None:
    """All such files are named, but for those whose names may name a person."""
    put("sub-1_seg-muscles_dseg.nii.gz")
    put("sub-02_seg-muscles_dseg.nii.gz")
    put("MUSTERMANN_ANNA.dcm")

    with pytest.raises(
        ConfigError, match=r"after a participant: got \['\*\.dcm', 'sub-1_seg.*gz'\]\."
    ):
        check_owners(tmp_path, [ScanKey("01"), ScanKey("02")])
