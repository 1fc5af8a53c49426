"""The report of intake --check, which writes nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dicom_makers import edit, setting

from pipeline.cli import main
from pipeline.domain.scan import Contrast, Scan, Side
from pipeline.intake import check_scans as intake_check
from pipeline.phantom.acquisition.acquire import acquire
from pipeline.phantom.acquisition.protocols import get_protocol
from pipeline.phantom.anatomy.foot import Foot
from pipeline.segmenters.base import Recognition
from pipeline.simulate.dicom_export import write_dicom_series
from pipeline.stages.quality import GATE_NAMES
from pipeline.store.files import write_json
from pipeline.store.images import write_scan

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def scan(coarse_foot: Foot) -> Scan:
    """Scan the mean foot in pixels of 1 mm."""
    protocol = replace(get_protocol("t1_se_4mm"), in_plane_mm=1.0)
    return acquire(coarse_foot, protocol, np.random.default_rng(9), max_tilt_deg=0)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recognise every image as a right foot, so that no test waits for the network."""
    seen = Recognition(Side.RIGHT, 0.95, ())
    monkeypatch.setattr(intake_check, "recognise", lambda *_: seen)
    monkeypatch.setattr(intake_check, "preprocess", lambda scan, _: scan)


def names_below(folder: Path) -> list[Path]:
    """List all paths below a folder."""
    return sorted(folder.rglob("*"))


def test_a_sound_folder_gives_0_and_a_row_each(
    scan: Scan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """DICOM and images: series, geometry, side, anatomy, each gate and the verdict."""
    source = tmp_path / "in"
    write_dicom_series(scan, source / "sub-01", label="01", side=Side.RIGHT)
    write_scan(scan, source / "sub-02.nii", like=None)
    write_json({"Laterality": "R"}, source / "sub-02.json")
    before = names_below(tmp_path)

    assert main(["intake", str(source), "--check"]) == 0

    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split()[:7] == [
        "participant_id", "series", "voxels", "spacing_mm", "side", "anatomy", "likeness",
    ]  # fmt: skip
    assert head.split()[7:] == [*GATE_NAMES, "verdict"]
    assert rows[0].split()[:2] == ["sub-01", "1"]
    assert rows[0].split()[3:7] == ["1x4x1", "right", "right", "0.95"]
    assert [row.split()[-1] for row in rows] == ["pass", "pass"]
    assert names_below(tmp_path) == before


def test_a_refused_participant_gives_3_and_the_reason(
    scan: Scan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The others still have their rows."""
    write_dicom_series(scan, tmp_path / "in/sub-01", label="01", side=Side.LEFT)
    write_dicom_series(scan, tmp_path / "in/sub-02", label="02", side=Side.RIGHT)

    assert main(["intake", str(tmp_path / "in"), "--check"]) == 3

    _, first, second, reason = capsys.readouterr().out.splitlines()
    assert first.endswith("refusal")
    assert second.endswith("pass")
    assert reason.startswith("sub-01: The study measures right feet: got a left one")


def test_a_raw_dataset_and_its_table_are_checked(
    scan: Scan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sides come from participants.tsv; the T1-weighted image is the one that counts."""
    write_json({"Name": "Ours"}, tmp_path / "dataset_description.json")
    write_scan(scan, tmp_path / "sub-01/anat/sub-01_T1w.nii", like=None)
    (tmp_path / "sub-01/anat/sub-01_T2w.nii").write_bytes(b"another")
    (tmp_path / "code").mkdir()
    (tmp_path / "participants.tsv").write_text(
        "participant_id\tgroup\tbody_mass_kg\tside\nsub-01\ta\t70\tleft\n"
    )

    assert main(["intake", str(tmp_path), "--check", "--side", "right"]) == 3
    said = capsys.readouterr().out
    assert "right from the option --side but left from participants.tsv" in said


def test_each_session_of_a_raw_dataset_is_checked(
    scan: Scan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A row each."""
    write_json({"Name": "Ours"}, tmp_path / "dataset_description.json")
    for session in "ab":
        name = f"sub-01/ses-{session}/anat/sub-01_ses-{session}_T1w.nii"
        write_scan(scan, tmp_path / name, like=None)

    assert main(["intake", str(tmp_path), "--check", "--side", "right"]) == 0

    _, *rows = capsys.readouterr().out.splitlines()
    assert [row.split()[0] for row in rows] == ["sub-01_ses-a", "sub-01_ses-b"]


def test_the_check_sees_the_contrast_that_intake_would_write(
    scan: Scan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the DICOM header or a sidecar, not by the name of the converted file."""
    shown = []

    def see(scan: Scan, _: object) -> Scan:
        shown.append(scan.contrast)
        return scan

    monkeypatch.setattr(intake_check, "preprocess", see)
    write_dicom_series(scan, tmp_path / "sub-01", label="01", side=Side.RIGHT)
    edit(tmp_path / "sub-01", setting(SeriesDescription="t2_tse", ProtocolName="t2_tse"))
    write_scan(scan, tmp_path / "sub-02.nii", like=None)
    write_json({"Laterality": "R", "ImageType": ["W"]}, tmp_path / "sub-02.json")

    assert main(["intake", str(tmp_path), "--check"]) == 0
    assert shown == [Contrast.T2W, Contrast.WATER]


def test_each_image_of_a_plain_folder_is_checked(
    scan: Scan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder of images under any names: one row each; an unknown side gives a caution."""
    write_scan(scan, tmp_path / "foot_a.nii", like=None)
    write_scan(scan, tmp_path / "foot_b.nii", like=None)

    assert main(["intake", str(tmp_path), "--check"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in said[1:3]] == ["sub-foota", "sub-footb"]
    assert said[1].endswith("caution")
    assert "only the anatomy can tell" in said[3]


def test_a_left_foot_of_unknown_side_is_refused(
    scan: Scan,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """If no source states the side, the anatomy decides."""
    seen = Recognition(Side.LEFT, 0.95, ())
    monkeypatch.setattr(intake_check, "recognise", lambda *_: seen)
    write_scan(scan, tmp_path / "sub-01.nii", like=None)

    assert main(["intake", str(tmp_path / "sub-01.nii"), "--check"]) == 3
    assert "got a left one, according to the anatomy" in capsys.readouterr().out


def test_a_dataset_to_write_must_be_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without --check, import needs a dataset to write to."""
    assert main(["intake", str(tmp_path)]) == 2
    assert "got no BIDS_DIR" in capsys.readouterr().err
