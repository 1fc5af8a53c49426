"""The cohort of an output folder that exists."""

import json
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.domain.scan import Side
from pipeline.errors import ArtefactError, ConfigError, PipelineError
from pipeline.run.reopen import reopen
from pipeline.run.status import get_status


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Name a folder for results that lies apart from the raw dataset."""
    return tmp_path / "far" / "out"


def test_a_run_is_opened_again(bids_dir: Path, out: Path, calls: list[str]) -> None:
    """With its settings: all is up to date."""
    assert main(["run", str(bids_dir), str(out), "--set", "regions.border=chopart"]) == 0

    cohort = reopen(out)

    assert calls
    assert cohort.config.regions.border == "chopart"
    assert [get_status(job).status for job in cohort.jobs()] == ["ok"] * 6


def test_a_single_scan_is_opened_again(tmp_path: Path, out: Path, calls: list[str]) -> None:
    """With what the command line said of it."""
    image = tmp_path / "foot.nii.gz"
    image.write_bytes(b"scan")
    options = ["--side", "right", "--body-mass-kg", "71.5", "--contrast", "PDw"]
    assert main(["scan", str(image), str(out), *options]) == 0

    cohort = reopen(out)

    assert calls
    assert (cohort.side, cohort.participants[0].body_mass_kg) == (Side.RIGHT, 71.5)
    assert get_status(cohort.jobs()[0]).status == "ok"


@pytest.mark.usefixtures("calls")
def test_a_dataset_that_moved_is_refused(bids_dir: Path, out: Path) -> None:
    """The message names where it was."""
    main(["run", str(bids_dir), str(out)])
    bids_dir.rename(bids_dir.with_name("moved"))

    with pytest.raises(ConfigError, match=r"The raw dataset must be a folder: got .*raw"):
        reopen(out)


@pytest.mark.usefixtures("calls")
def test_a_description_without_dataset_is_refused(bids_dir: Path, out: Path) -> None:
    """It was written by another program."""
    main(["run", str(bids_dir), str(out)])
    (out / "dataset_description.json").write_text("{}")

    with pytest.raises(ConfigError, match="must name the raw dataset: got none"):
        reopen(out)


@pytest.mark.usefixtures("calls")
@pytest.mark.parametrize("changes", [{"side": "up"}, {"image": 5}, {"contrast": "CT"}])
def test_a_damaged_record_is_refused(
    tmp_path: Path, out: Path, changes: dict[str, object]
) -> None:
    """It no longer says what was measured."""
    image = tmp_path / "foot.nii.gz"
    image.write_bytes(b"scan")
    main(["scan", str(image), str(out)])
    record = out / "logs" / "scan.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | changes))

    with pytest.raises(ArtefactError, match=r"scan\.json' must say what was measured"):
        reopen(out)


def test_a_folder_without_settings_is_refused(tmp_path: Path) -> None:
    """It is no output of footvol."""
    with pytest.raises(PipelineError, match=r"config\.toml"):
        reopen(tmp_path)
