"""The option ``--contrast`` of the command scan."""

from pathlib import Path

from makers import make_taken_scan

from pipeline.cli import main
from pipeline.store.images import write_scan


def test_a_contradiction_gives_3_and_both_facts(calls: list[str], tmp_path: Path) -> None:
    """No stage is started."""
    image = tmp_path / "foot_water.nii"
    write_scan(make_taken_scan(), image, like=None)

    assert main(["scan", str(image), str(tmp_path / "out"), "--contrast", "fat"]) == 3
    assert calls == []
    table = (tmp_path / "out" / "volumes.tsv").read_text()
    assert "got fat from the option --contrast but water from the file name" in table


def test_an_unknown_contrast_is_wrong_usage(tmp_path: Path) -> None:
    """It is refused before anything is read."""
    assert main(["scan", str(tmp_path / "a.nii"), str(tmp_path / "o"), "--contrast", "t1"]) == 2
