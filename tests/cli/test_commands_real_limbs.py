"""Real images that show no foot or two feet, if a folder of them is given."""

import os
from pathlib import Path

import pandas as pd
import pytest

from pipeline.cli import main

LIMBS = os.environ.get("FOOTVOL_REAL_LIMBS")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(LIMBS is None, reason="FOOTVOL_REAL_LIMBS names no folder of images"),
]


@pytest.mark.parametrize(
    ("name", "side"),
    [
        ("calf_dixon_water.nii.gz", ("--side", "right")),
        ("calf_dixon_fat.nii.gz", ("--side", "right")),
        ("both_feet_dixon_water.nii.gz", ()),
    ],
)
def test_what_is_not_one_foot_is_refused_in_one_sentence(
    name: str, side: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A calf is not a foot, and two feet are not one."""
    code = main(["scan", str(Path(str(LIMBS)) / name), str(tmp_path / "out"), *side, "-q"])

    printed = capsys.readouterr().err
    assert code == 3
    assert "The image must show" in printed
    assert "Traceback" not in printed


def test_a_real_foot_is_measured_with_strong_cautions(tmp_path: Path) -> None:
    """Thick slices, noise and a fat/water swap of the other foot: no interval is given."""
    image = Path(str(LIMBS)) / "both_feet_dixon_water.nii.gz"

    assert main(["scan", str(image), str(tmp_path / "out"), "--side", "right", "-q"]) == 0

    (row,) = pd.read_csv(tmp_path / "out" / "volumes.tsv", sep="\t").to_dict("records")
    cautions = set(row["cautions"].split(";"))
    assert {"quality-agreement", "quality-slice-mm", "brightness-differs"} <= cautions
    assert {"turn-sensitive", "interval-unknown"} <= cautions
    assert pd.isna(row["total_ci95_low_cm3"])
