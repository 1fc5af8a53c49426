"""Several scans of one participant in a review."""

from pathlib import Path

import numpy as np
import pytest
from reviewed import make_client, make_reviewable, measure_truth, open_tiny

from pipeline.domain.decision import VERDICTS
from pipeline.domain.scan_key import ScanKey
from pipeline.phantom.anatomy.digital_foot import make_foot
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.review.feet import find_feet, read_rows_of_volumes
from pipeline.review.followup import write_all
from pipeline.review.session import open_session
from pipeline.run.reopen import reopen
from pipeline.store.browser_images import label_bytes
from pipeline.store.names import ScanName
from pipeline.store.review_table import read_decisions

NAMES = (ScanName("01", (("ses", "01"),)), ScanName("01", (("ses", "02"), ("run", "3"))))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Write two tiny scans of one participant."""
    return make_reviewable(tmp_path / "out", NAMES)


def test_each_scan_is_a_foot_with_its_row(out: Path) -> None:
    """With its own cautions, although only session and run tell them apart."""
    second, first = find_feet(out)

    assert [first.key, second.key] == [name.key for name in NAMES]
    assert first.row["cautions"] == "low-certainty"
    assert second.row["cautions"] == "low-certainty;strong-bias-field"
    assert [*read_rows_of_volumes(out)] == [first.key, second.key, ScanKey("03")]


def test_each_scan_has_a_decision_of_its_own(out: Path) -> None:
    """Columns follow those of a table without sessions."""
    session = open_tiny(out)
    for foot, verdict in zip(session.feet.values(), VERDICTS, strict=False):
        session.decide(foot, verdict, "", foot.labels_sha256())
        session.log(verdict, foot, 2.0)

    header, *rows = (out / "review.tsv").read_text().splitlines()
    assert header.split("\t")[-3:] == ["labels_sha256", "session", "run"]
    assert [row.split("\t")[:2] + row.split("\t")[-2:] for row in rows] == [
        ["sub-01", "reject", "ses-01", "n/a"],
        ["sub-01", "accept", "ses-02", "run-3"],
    ]
    assert {d.key: d.verdict for d in read_decisions(out / "review.tsv")} == {
        NAMES[0].key: "reject",
        NAMES[1].key: "accept",
    }
    assert session.seconds_spent() == {"sub-01_ses-01": 2.0, "sub-01_ses-02_run-3": 2.0}


def test_a_blinded_review_hides_sessions(out: Path) -> None:
    """In messages, too; the longest name is replaced first."""
    blinded = open_tiny(out, is_blinded=True, seed=3)
    key = next(key for key, foot in blinded.feet.items() if foot.key == NAMES[1].key)

    assert blinded.hidden("Look at sub-01_ses-02_run-3.") == f"Look at {blinded.names[key]}."
    assert "sub-01" not in blinded.hidden("Look at sub-01.")
    names = {foot["name"] for foot in make_client(blinded).get("/api/feet").json()["feet"]}
    assert names == {"Foot 1", "Foot 2"}


@pytest.mark.integration
def test_a_correction_concerns_one_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its volumes change, those of the other session do not; a rejected one is left out."""
    feet = {
        ScanName("01", (("ses", "01"),)): make_foot(FootShape(), 2.0),
        ScanName("01", (("ses", "02"),)): make_foot(FootShape(), 2.5),
    }
    out = measure_truth(tmp_path, feet, monkeypatch)
    before = read_rows_of_volumes(out)
    session = open_session(out, "AB", is_blinded=False, seed=None)
    client = make_client(session)
    key, foot = next(pair for pair in session.feet.items() if pair[1].key.session == "02")
    voxels = foot.labels().voxels.copy()
    voxels[voxels == np.max(voxels)] = 1
    url, headers = f"/api/feet/{key}/labels", {"If-Match": f'"{foot.labels_sha256()}"'}

    assert client.put(url, content=label_bytes(voxels), headers=headers).status_code == 200
    session.decide(foot, "reject", "moved", foot.labels_sha256())
    write_all(reopen(out), (foot.key,))

    kept = sorted(path.name for path in (out / "corrections").glob("*.nii.gz"))
    assert kept == ["sub-01_ses-02_seg-muscles_dseg.nii.gz"]
    first, second = (ScanKey("01", session) for session in ("01", "02"))
    after = read_rows_of_volumes(out)
    assert after[first]["total_cm3"] == before[first]["total_cm3"]
    assert after[second]["total_cm3"] != before[second]["total_cm3"]
    assert [after[k]["status"] for k in (first, second)] == ["ok", "excluded"]
    assert len((out / "statistics.tsv").read_text().splitlines()) > 1
