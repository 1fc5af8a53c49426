"""BIDS names in, derivative names out."""

from pathlib import Path

import pytest

from pipeline.errors import ConfigError, ScanError
from pipeline.store.names import (
    ScanName,
    bare_label,
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
        name.profile_tsv(),
        name.overlay_png(),
        name.thumbnail_jpg(),
        name.surface_png(),
        name.profile_svg(),
        name.histogram_svg(),
        name.probability_png(),
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
        "sub-01/anat/sub-01_acq-x_seg-muscles_desc-profile_dseg.tsv",
        "sub-01/figures/sub-01_acq-x_overlay.png",
        "sub-01/figures/sub-01_acq-x_thumbnail.jpg",
        "sub-01/figures/sub-01_acq-x_surface.png",
        "sub-01/figures/sub-01_acq-x_profile.svg",
        "sub-01/figures/sub-01_acq-x_histogram.svg",
        "sub-01/figures/sub-01_acq-x_probability.png",
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
    """The message shows what a BIDS name looks like."""
    with pytest.raises(ScanError, match=f"named like .*got '{name}'"):
        ScanName.parse(Path(name))


@pytest.mark.parametrize("image", ["a.nii.gz", "a.nii", "a.tsv", "a.nrrd"])
def test_sidecars_lie_beside(image: str) -> None:
    """Every extension is replaced by .json."""
    assert sidecar_of(Path("d", image)) == Path("d", "a.json")


def test_labels_come_with_or_without_sub() -> None:
    """Both ways of writing a label mean one participant."""
    assert bare_label("sub-01") == bare_label("01") == "01"


@pytest.mark.parametrize("label", ["", "sub-", "a b", "../x", "a_b"])
def test_labels_are_letters_and_digits(label: str) -> None:
    """Labels that BIDS does not allow are refused."""
    with pytest.raises(ConfigError, match="letters and digits: got"):
        bare_label(label)
