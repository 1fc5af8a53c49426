"""Two sessions of one participant are measured as two participants are."""

import shutil
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.store.tables import read_table
from validation.golden import GOLDEN, SAMPLES


@pytest.mark.integration
def test_a_session_has_the_volumes_of_its_scan(tmp_path: Path) -> None:
    """With the real networks; two scans of one participant are not compared."""
    for number in (1, 2):
        target = tmp_path / f"raw/sub-01/ses-0{number}/anat/sub-01_ses-0{number}_T1w"
        target.parent.mkdir(parents=True)
        for ending in (".nii.gz", ".json"):
            source = SAMPLES / f"sub-0{number}/anat/sub-0{number}_T1w{ending}"
            shutil.copyfile(source, f"{target}{ending}")
    table = "participant_id\tgroup\tbody_mass_kg\nsub-01\thealthy\t63.9\n"
    (tmp_path / "raw" / "participants.tsv").write_text(table)

    assert main(["run", str(tmp_path / "raw"), str(tmp_path / "out"), "--quiet"]) == 0

    rows = read_table(tmp_path / "out" / "volumes.tsv")
    assert rows["session"].tolist() == ["ses-01", "ses-02"]
    golden = read_table(GOLDEN)["total_cm3"].tolist()[:2]
    assert rows["total_cm3"].tolist() == pytest.approx(golden, rel=5e-3)
    report = (tmp_path / "out" / "report.html").read_text()
    for name in ("sub-01_ses-01", "sub-01_ses-02"):
        assert f'<a href="{name}.html"><img' in report
        assert f"<h1>{name}: volumes" in (tmp_path / "out" / f"{name}.html").read_text()
    assert "in 2 of 2 scans of 1 participant." in report
