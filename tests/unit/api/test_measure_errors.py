"""Measuring from Python: what is refused, and with which error."""

from pathlib import Path
from typing import Any

import pytest
from fake_stages import UNUSABLE, spoil_scan

from pipeline import (
    ArtefactError,
    ConfigError,
    PipelineError,
    ScanError,
    SegmentationError,
    measure_scan,
    run_dataset,
)

pytestmark = pytest.mark.usefixtures("calls")


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """Make a scan that the segment stage refuses."""
    path = tmp_path / "foot.nii.gz"
    path.write_bytes(UNUSABLE)
    return path


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"side": "rihgt"}, r"side must be one of \['left', 'right'\]: got 'rihgt'"),
        ({"contrast": "T3w"}, r"contrast must be one of \['T1w', .*: got 'T3w'. Correct it"),
        ({"body_mass_kg": 7100}, "body_mass_kg must be a number from 20 to 300 kg: got '7100'"),
        ({"config": {"regions.bordr": 1}}, r"no setting 'regions.bordr' .*'regions.border'"),
        ({"config": {"regions.border": "toe"}}, "Setting 'regions.border' .*got 'toe'"),
        ({"config": "nowhere.toml"}, "nowhere.toml"),
    ],
)
def test_a_wrong_argument_is_a_config_error(
    image: Path, given: dict[str, Any], sentence: str
) -> None:
    """Each is refused before anything is measured, with the words of the command."""
    with pytest.raises(ConfigError, match=sentence):
        measure_scan(image, **given)


def test_a_scan_that_is_not_there_is_a_scan_error() -> None:
    """A path that was misspelt."""
    with pytest.raises(ScanError, match=r"must be an image file: got 'nowhere\.nii\.gz'"):
        measure_scan("nowhere.nii.gz")


def test_an_edited_file_is_an_artefact_error(image: Path, tmp_path: Path) -> None:
    """Results that were changed by hand are not overwritten."""
    for _ in range(2):
        with pytest.raises(SegmentationError, match="No foot was found"):
            measure_scan(image, out=tmp_path / "out")
    (tmp_path / "out" / "volumes.tsv").write_text("mine")

    with pytest.raises(ArtefactError, match=r"volumes\.tsv"):
        measure_scan(image, out=tmp_path / "out")


def test_no_temporary_folder_is_left(
    image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even after a refusal."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    with pytest.raises(SegmentationError, match=r"No foot was found: got nothing\. Look"):
        measure_scan(image)

    assert [path.name for path in tmp_path.iterdir()] == ["foot.nii.gz"]


def test_a_dataset_goes_on_after_a_failure(bids_dir: Path, tmp_path: Path) -> None:
    """The participant has a row, an outcome, and an error where its result is read."""
    spoil_scan(bids_dir, "02")

    study = run_dataset(bids_dir, tmp_path / "out")

    assert study.volumes["status"].tolist() == ["ok", "failed", *["ok"] * 4]
    assert [outcome.code for outcome in study.outcomes] == [0, 4, 0, 0, 0, 0]
    assert len(study.muscles) == 6
    assert set(study.statistics["group_a"]) == {"healthy"}
    with pytest.raises(SegmentationError, match="No foot was found"):
        study.scan("02")


def test_only_what_was_measured_can_be_read(bids_dir: Path, tmp_path: Path) -> None:
    """A participant that was not chosen has a reason, an unknown one a list of labels."""
    study = run_dataset(bids_dir, tmp_path / "out", participants=["sub-01"])

    with pytest.raises(PipelineError, match="Stage 'preprocess' was not run"):
        study.scan("sub-03")
    with pytest.raises(ConfigError, match=r"must be in the dataset: got \['sub-7'\]"):
        study.scan("sub-7")


def test_the_session_of_a_scan_must_be_named(bids_dir: Path, tmp_path: Path) -> None:
    """If a participant has several; the row is that of the session."""
    first = bids_dir / "sub-02" / "anat" / "sub-02_T1w.nii.gz"
    for label in ("a", "b"):
        scan = bids_dir / "sub-02" / f"ses-{label}" / "anat" / f"sub-02_ses-{label}_T1w.nii.gz"
        scan.parent.mkdir(parents=True)
        scan.write_bytes(UNUSABLE if label == "b" else first.read_bytes())
    first.unlink()
    study = run_dataset(bids_dir, tmp_path / "out", participants=["02"])

    with pytest.raises(ConfigError, match=r"one of \['sub-02_ses-a', 'sub-02_ses-b'\]: got 's"):
        study.scan("02")
    with pytest.raises(SegmentationError, match="No foot was found"):
        study.scan("02", session="ses-b")
