"""Real images that show no foot or two feet, if a folder of them is given."""

import os
from pathlib import Path

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
        ("both_feet_dixon_water.nii.gz", ("--side", "right")),
        ("both_feet_dixon_water.nii.gz", ()),
    ],
)
def test_what_is_not_one_foot_is_refused_in_one_sentence(
    name: str, side: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A calf is not a foot; two touching feet, one with a fat/water swap, are not one foot."""
    code = main(["scan", str(Path(str(LIMBS)) / name), str(tmp_path / "out"), *side, "-q"])

    printed = capsys.readouterr().err
    assert code == 3
    assert "The image must show" in printed
    assert "Traceback" not in printed
