"""An imported dataset passes the official BIDS validator."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from makers import make_taken_scan

from pipeline.domain.scan import Side
from pipeline.errors import PipelineError
from pipeline.intake.import_scans import Stated, intake_source
from pipeline.run.executors import InProcess
from pipeline.settings.intake import IntakeParams
from pipeline.simulate.dicom_export import write_dicom_series
from pipeline.store.images import write_scan

VALIDATOR = Path(sys.executable).with_name("bids-validator-deno")
REAL = Path(os.environ.get("FOOTVOL_DICOM_SAMPLES", "absent"))
pytestmark = pytest.mark.skipif(
    not VALIDATOR.exists(), reason="pip install bids-validator-deno to validate"
)


def errors_in(dataset: Path) -> list[str]:
    """Return the errors of the validator."""
    done = subprocess.run(
        [VALIDATOR, dataset, "--format", "json"], capture_output=True, text=True, check=False
    )
    issues = json.loads(done.stdout)["issues"]["issues"]
    return [f"{i['code']} {i.get('location')}" for i in issues if i["severity"] == "error"]


@pytest.mark.integration
def test_an_intake_is_valid_bids(tmp_path: Path) -> None:
    """DICOM, a T2-weighted image and a Dixon water image, with a table."""
    scan = make_taken_scan()
    write_dicom_series(scan, tmp_path / "in/sub-01", label="01", side=Side.RIGHT)
    write_scan(scan, tmp_path / "in/sub-02_T2w.nii", like=None)
    write_scan(scan, tmp_path / "in/sub-03_dixon_water.nii", like=None)
    table = tmp_path / "table.tsv"
    rows = "".join(f"sub-0{n}\thealthy\t70\tright\t31\tF\n" for n in (1, 2, 3))
    table.write_text("participant_id\tgroup\tbody_mass_kg\tside\tage\tsex\n" + rows)

    intake_source(
        tmp_path / "in",
        tmp_path / "raw",
        table,
        Stated(Side.RIGHT),
        IntakeParams(),
        None,
        InProcess(),
    )

    assert errors_in(tmp_path / "raw") == []
    (tmp_path / "raw/sub-01/anat/sub-01_oddly.nii.gz").write_bytes(b"")
    assert errors_in(tmp_path / "raw") != []


@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_dir(), reason="FOOTVOL_DICOM_SAMPLES names no folder of series")
def test_real_series_become_valid_bids(tmp_path: Path) -> None:
    """All real series that are accepted, with their sidecars."""
    taken = 0
    for number, series in enumerate(p for p in sorted(REAL.iterdir()) if p.is_dir()):
        (tmp_path / f"{number}").mkdir()
        source = tmp_path / f"{number}" / f"sub-{number:02d}"
        source.symlink_to(series.resolve())
        try:
            intake_source(
                source,
                tmp_path / "raw",
                None,
                Stated(Side.RIGHT),
                IntakeParams(),
                None,
                InProcess(),
            )
            taken += 1
        except PipelineError:
            continue

    assert taken > 0
    assert errors_in(tmp_path / "raw") == []
