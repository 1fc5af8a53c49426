"""An existing dataset is extended, and never overwritten."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.domain.scan import Scan, Side
from pipeline.errors import ArtefactError, ConfigError
from pipeline.simulate.dicom_export import write_dicom_series
from pipeline.store import bids
from pipeline.store.files import read_json, write_json
from pipeline.store.images import write_scan
from pipeline.store.names import sidecar_of

Bring = Callable[..., list[Path]]


def test_rows_that_were_there_stay(scan: Scan, bring: Bring, tmp_path: Path) -> None:
    """A later import adds a row and keeps the others and their columns."""
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "participants.tsv").write_text(
        "participant_id\tgroup\tbody_mass_kg\tshoe_size\nsub-01\thealthy\t70\t43\n"
    )
    write_json({"Name": "Ours"}, raw / "dataset_description.json")
    write_scan(scan, tmp_path / "sub-02.nii", like=None)

    bring(tmp_path / "sub-02.nii", raw, side=Side.RIGHT)

    assert read_json(raw / "dataset_description.json") == {"Name": "Ours"}
    assert (raw / "participants.tsv").read_text() == (
        "participant_id\tgroup\tbody_mass_kg\tshoe_size\n"
        "sub-01\thealthy\t70\t43\nsub-02\tn/a\tn/a\tn/a\n"
    )


def test_a_scan_is_never_overwritten(scan: Scan, bring: Bring, tmp_path: Path) -> None:
    """A second import of one participant is refused and changes nothing."""
    write_scan(scan, tmp_path / "sub-01.nii", like=None)
    (image,) = bring(tmp_path / "sub-01.nii", tmp_path / "raw")
    before = image.read_bytes()

    with pytest.raises(ConfigError, match=r"never overwritten: got 'sub-01_T1w.nii.gz'"):
        bring(tmp_path / "sub-01.nii", tmp_path / "raw")
    assert image.read_bytes() == before


def test_an_existing_sidecar_is_never_overwritten(
    scan: Scan, bring: Bring, tmp_path: Path
) -> None:
    """It may belong to an image stored elsewhere."""
    write_scan(scan, tmp_path / "foot.nii", like=None)
    beside = tmp_path / "raw/sub-foot/anat/sub-foot_T1w.json"
    beside.parent.mkdir(parents=True)
    beside.write_text('{"mine": true}')

    with pytest.raises(ConfigError, match=r"never overwritten: got 'sub-foot_T1w\.json'"):
        bring(tmp_path / "foot.nii", tmp_path / "raw")
    assert [path.name for path in beside.parent.iterdir()] == [beside.name]
    assert read_json(beside) == {"mine": True}


def test_descriptions_of_columns_stay(scan: Scan, bring: Bring, tmp_path: Path) -> None:
    """Existing descriptions are kept; missing ones are added."""
    write_scan(scan, tmp_path / "foot.nii", like=None)
    own = {"group": {"Levels": {"a": "runners"}}, "shoe": {"Description": "EU size"}}
    write_json(own, tmp_path / "raw/participants.json")
    bring(tmp_path / "foot.nii", tmp_path / "raw")

    described = read_json(tmp_path / "raw/participants.json")
    assert described == own | {"body_mass_kg": {"Description": "Body mass in kg"}}


@pytest.mark.parametrize(
    ("name", "text", "kind", "words"),
    [
        ("participants.json", "[", ArtefactError, "participants.json' must be JSON"),
        ("participants.tsv", "participant_id\nsub-01\n", ConfigError, "must have the columns"),
    ],
)
def test_a_dataset_that_cannot_be_completed_is_reported_first(
    scan: Scan,
    bring: Bring,
    tmp_path: Path,
    name: str,
    text: str,
    kind: type[Exception],
    words: str,
) -> None:
    """Before a scan is written that no table would list."""
    write_scan(scan, tmp_path / "foot.nii", like=None)
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / name).write_text(text)

    with pytest.raises(kind, match=words):
        bring(tmp_path / "foot.nii", tmp_path / "raw")
    assert [path.name for path in (tmp_path / "raw").iterdir()] == [name]


def test_a_full_disk_leaves_no_scan_without_its_sidecar(
    scan: Scan, bring: Bring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are written, and the command can be repeated."""
    for label in ("01", "02"):
        write_scan(scan, tmp_path / f"in/sub-{label}_T1w.nii", like=None)

    def fill(content: dict[str, Any], path: Path) -> None:
        if path.name == "sub-01_T1w.json":
            raise OSError(28, "No space left on device")
        write_json(content, path)

    with monkeypatch.context() as patch:
        patch.setattr("pipeline.store.bids.write_json", fill)
        with pytest.raises(
            ConfigError, match=r"sub-01: .*got 'No space left on device'\. Check"
        ):
            bring(tmp_path / "in", tmp_path / "raw")
    assert "sub-02" in (tmp_path / "raw/participants.tsv").read_text()
    assert not [*(tmp_path / "raw").rglob("sub-01*.*")]
    assert len(bring(tmp_path / "in/sub-01_T1w.nii", tmp_path / "raw")) == 1


def test_no_scan_is_there_without_its_sidecar(
    scan: Scan, bring: Bring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill between the two must not leave a scan of unknown side."""
    write_dicom_series(scan, tmp_path / "in", label="01", side=Side.RIGHT)
    there = []

    def copy(_: Path, target: Path) -> None:
        there.append(read_json(sidecar_of(target))["Laterality"])

    monkeypatch.setattr(bids, "copy_image", copy)
    bring(tmp_path / "in", tmp_path / "raw")

    assert there == ["R"]
