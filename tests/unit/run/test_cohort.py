"""The participants that a command processes."""

import time
from pathlib import Path

import pytest

from pipeline.config import PipelineConfig
from pipeline.domain.scan_key import ScanKey
from pipeline.errors import ConfigError, ScanError
from pipeline.run.cohort import open_cohort, open_scan
from pipeline.run.outcome import OK
from pipeline.run.process_participant import process_participant

pytestmark = pytest.mark.usefixtures("calls")
CONFIG = PipelineConfig()


@pytest.mark.parametrize("place", ["", "sub-01/derived"])
def test_out_inside_the_raw_data_is_refused(bids_dir: Path, place: str) -> None:
    """Results and raw scans must not mix."""
    with pytest.raises(ConfigError, match="OUT must not be the raw dataset"):
        open_cohort(bids_dir, bids_dir / place, CONFIG)


def test_derivatives_inside_the_dataset_are_accepted(bids_dir: Path) -> None:
    """BIDS allows results in this folder of the raw dataset."""
    out = bids_dir / "derivatives" / "footvol"

    assert open_cohort(bids_dir, out, CONFIG).out == out


def test_labels_are_accepted_with_and_without_prefix(bids_dir: Path, tmp_path: Path) -> None:
    """Both forms mean the same."""
    cohort = open_cohort(bids_dir, tmp_path / "out", CONFIG, ["sub-04", "02"])

    assert cohort.chosen == (ScanKey("02"), ScanKey("04"))


def test_unknown_labels_are_reported_with_the_nearest(bids_dir: Path, tmp_path: Path) -> None:
    """The message has the three most similar labels of any number."""
    words = (
        r"got \['sub-3'\], not among its 6\. Nearest to 'sub-3': sub-03, sub-\d\d, sub-\d\d\.$"
    )
    with pytest.raises(ConfigError, match=words):
        open_cohort(bids_dir, tmp_path / "out", CONFIG, ["3"])


@pytest.mark.integration
def test_a_study_of_twenty_thousand_opens_quickly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time grows linearly with the number of participants."""
    labels = tuple(f"{number:05d}" for number in range(20_000))
    monkeypatch.setattr("pipeline.run.cohort.find_participants", lambda _: labels)
    rows = "".join(f"{label}\ta\t70\n" for label in labels)
    header = "participant_id\tgroup\tbody_mass_kg\n"
    (tmp_path / "participants.tsv").write_text(header + rows)
    started = time.process_time()
    jobs = open_cohort(tmp_path, tmp_path / "out", CONFIG).jobs()

    assert len(jobs) == len(labels)
    assert time.process_time() - started < 8


def test_rows_and_folders_must_agree(bids_dir: Path, tmp_path: Path) -> None:
    """A row without a folder is refused before any stage."""
    table = bids_dir / "participants.tsv"
    table.write_text(table.read_text() + "sub-99\thealthy\t70\tF\n")

    with pytest.raises(ConfigError, match=r"rows without a folder \['sub-99'\]"):
        open_cohort(bids_dir, tmp_path / "out", CONFIG)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "must be a file 'review.tsv': got none"),
        ("participant_id\nsub-01\n", "columns participant_id, reason: got no reason among"),
        ("participant_id\treason\nsub-01\t\n", r"review\.tsv row 2 must have a reason"),
        ("participant_id\treason\n01\tx\nsub-01 \ty\n", "once: got 'sub-01' .* row 3"),
        (
            "participant_id\treason\nA b\tx\n",
            "row 2: participant_id must be letters and digits",
        ),
        ("participant_id\treason\nsub-77\tmotion\n", "Participants must be in the dataset"),
    ],
)
def test_a_faulty_exclusion_table_is_refused(
    bids_dir: Path, tmp_path: Path, text: str | None, words: str
) -> None:
    """No participant is included or excluded by mistake."""
    table = tmp_path / "review.tsv"
    if text is not None:
        table.write_text(text)

    with pytest.raises(ConfigError, match=words):
        open_cohort(bids_dir, tmp_path / "out", CONFIG, (), table)


def test_a_single_scan_is_named_after_its_file(tmp_path: Path) -> None:
    """A single scan is processed like a dataset of one."""
    image = tmp_path / "sub-left_over 7.nii.gz"
    image.write_bytes(b"scan")
    cohort = open_scan(image, tmp_path / "out", CONFIG, None, 71.5)
    outcome = process_participant(cohort.jobs()[0])

    assert outcome.status == OK
    assert outcome.participant.participant_id == "sub-leftover7"
    assert (tmp_path / "out/sub-leftover7/anat/sub-leftover7_seg-bones_dseg.nii.gz").exists()


def test_a_missing_scan_is_refused(tmp_path: Path) -> None:
    """A wrong path is an error at once."""
    with pytest.raises(ScanError, match="must be an image file"):
        open_scan(tmp_path / "no.nii.gz", tmp_path / "out", CONFIG, None, None)


def test_a_scan_without_a_name_is_refused(tmp_path: Path) -> None:
    """BIDS labels need a letter or digit."""
    image = tmp_path / "___.nii.gz"
    image.write_bytes(b"scan")

    with pytest.raises(ConfigError, match="must have a letter or digit"):
        open_scan(image, tmp_path / "out", CONFIG, None, None)
