"""The feet of an output folder, most doubtful first."""

import shutil
from pathlib import Path

import pytest
from reviewed import make_reviewable

from pipeline.errors import ConfigError
from pipeline.review.feet import find_feet, volumes_of, without_labels


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Write two tiny feet."""
    return make_reviewable(tmp_path / "out")


def test_the_most_doubtful_foot_comes_first(out: Path) -> None:
    """It has one caution more."""
    assert [foot.key.label for foot in find_feet(out)] == ["02", "01"]


def test_cautions_about_no_label_are_no_doubt(out: Path) -> None:
    """A foot that was corrected by hand is not more doubtful for it."""
    table = out / "volumes.tsv"
    text = table.read_text().replace("low-certainty;strong-bias-field", "corrected-muscles")
    table.write_text(text)

    assert [foot.key.label for foot in find_feet(out)] == ["01", "02"]


def test_feet_without_labels_have_a_reason(out: Path) -> None:
    """They are listed, but cannot be reviewed."""
    assert without_labels(out, find_feet(out)) == [
        {"name": "sub-03", "status": "failed", "reason": "No foot was found."}
    ]


def test_volumes_are_in_cm3_by_structure(out: Path) -> None:
    """The chosen muscles are summed."""
    second, first = find_feet(out)

    assert volumes_of(first)["ABH"] == {"rearfoot": 0.3, "forefoot": 0.6, "total": 0.9}
    assert volumes_of(second)["total"]["total"] == pytest.approx(1.8)


def test_files_outside_the_folder_are_never_read(out: Path, tmp_path: Path) -> None:
    """A link to another place is no foot of this folder, nor is a name that BIDS forbids."""
    shutil.move(out / "sub-02", tmp_path / "elsewhere")
    (out / "sub-02").symlink_to(tmp_path / "elsewhere")
    shutil.copytree(out / "sub-01", out / "sub-<b>")
    for path in (out / "sub-<b>" / "anat").iterdir():
        path.rename(path.with_name(path.name.replace("sub-01", "sub-<b>")))

    assert [foot.key.label for foot in find_feet(out)] == ["01"]


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    """The message says what to run."""
    with pytest.raises(ConfigError, match=r"must have a volumes\.tsv.* footvol run or footvol"):
        find_feet(tmp_path)
