"""The agreement of label maps on disk."""

from pathlib import Path

import numpy as np
import pytest
from makers import Box, make_grid, make_labels

from pipeline.cli import main
from pipeline.domain.grid import Grid
from pipeline.errors import ArtefactError, ConfigError, GridMismatchError, ScanError
from pipeline.run.agreement import compute_agreement, write_agreement
from pipeline.store.images import write_labels
from pipeline.store.tables import read_table

TABLES = ("agreement.tsv", "agreement.json", "reliability.tsv", "reliability.json")
PLOTS = ("bland_altman.svg", "bland_altman.png")


def write_map(path: Path, slices: int = 6, grid: Grid | None = None) -> Path:
    """Write a label map of one box with the given number of slices."""
    path.parent.mkdir(parents=True, exist_ok=True)
    box: Box = (slice(4, 8), slice(6, 12), slice(3, 3 + slices))
    write_labels(make_labels(grid or make_grid(), {1: box}), path, like=None)
    return path


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Write three feet by hand and by program, and a fourth by hand only."""
    hand, program = tmp_path / "hand", tmp_path / "program"
    for k, (drawn, found) in enumerate([(6, 6), (7, 8), (9, 8)], start=1):
        write_map(hand / f"sub-{k:02d}_rater1.nii.gz", drawn)
        anat = program / f"sub-{k:02d}" / "anat"
        write_map(anat / f"sub-{k:02d}_seg-muscles_dseg.nii.gz", found)
        write_map(anat / f"sub-{k:02d}_seg-bones_dseg.nii.gz")
    write_map(hand / "sub-04_rater1.nii.gz")
    return hand, program


def test_two_maps_are_one_foot(tmp_path: Path) -> None:
    """One row per structure; no reliability."""
    first = write_map(tmp_path / "a.nii.gz", 6)
    found = compute_agreement(first, write_map(tmp_path / "b.nii.gz", 3), None)

    row = found.overlaps.set_index("label").loc["plantar"]
    assert row["dice"] == pytest.approx(2 * 3 / 9)
    assert row["difference_percent"] == pytest.approx(-50)
    assert found.reliability is None


def test_runs_of_a_foot_are_paired_by_run_where_there_are_several(tmp_path: Path) -> None:
    """A foot with one run needs none in its names."""
    for run, slices in (("run-1", 6), ("run-2", 3)):
        write_map(tmp_path / "hand" / f"sub-01_ses-a_{run}.nii.gz", slices)
        write_map(tmp_path / "program" / f"sub-01_ses-a_{run}_seg-muscles_dseg.nii.gz", slices)
    write_map(tmp_path / "hand" / "sub-02.nii.gz")
    write_map(tmp_path / "program" / "sub-02_run-1_seg-muscles_dseg.nii.gz")

    found = compute_agreement(tmp_path / "hand", tmp_path / "program", None)

    names = ["sub-01_ses-a_run-1", "sub-01_ses-a_run-2", "sub-02"]
    assert found.overlaps["participant_id"].unique().tolist() == names
    plantar = found.overlaps[found.overlaps["label"] == "plantar"]
    assert plantar["dice"].tolist() == [1, 1, 1]


def test_folders_are_paired_by_participant(folders: tuple[Path, Path]) -> None:
    """Bones are skipped, and a foot without a counterpart is listed."""
    found = compute_agreement(*folders, None)

    assert found.overlaps["participant_id"].unique().tolist() == ["sub-01", "sub-02", "sub-03"]
    assert [path.name for path in found.unpaired] == ["sub-04_rater1.nii.gz"]
    assert found.reliability is not None
    across = found.reliability.set_index("label").loc["ABH"]
    assert across["n"] == 3
    assert across["bias_cm3"] == pytest.approx(0, abs=1e-12)


@pytest.mark.integration
def test_results_are_reproducible_and_not_overwritten(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    """Tables with their descriptions, and the plot; existing files need --force."""
    found = compute_agreement(*folders, None)
    write_agreement(found, tmp_path / "out")
    first = {name: (tmp_path / "out" / name).read_bytes() for name in (*TABLES, *PLOTS)}
    with pytest.raises(ConfigError, match=r"must not be overwritten: got \['agreement.tsv'"):
        write_agreement(found, tmp_path / "out")
    write_agreement(found, tmp_path / "out", force=True)

    assert all((tmp_path / "out" / name).read_bytes() == first[name] for name in first)
    table = read_table(tmp_path / "out" / "agreement.tsv")
    assert len(table) == 3 * 13
    assert set(table["note"].dropna()) == {"in neither map"}


def test_a_description_of_other_origin_is_kept(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    """The JSON file of a table counts as a result."""
    found = compute_agreement(*folders, None)
    (tmp_path / "agreement.json").write_text("mine")

    with pytest.raises(ConfigError, match=r"must not be overwritten: got \['agreement.json'"):
        write_agreement(found, tmp_path)
    assert (tmp_path / "agreement.json").read_text() == "mine"


def test_results_are_written_together_or_not_at_all(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some of them would stop the next run."""
    found = compute_agreement(*folders, None)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipeline.run.agreement.plot_agreement", fail)
    with pytest.raises(OSError, match="No space left"):
        write_agreement(found, tmp_path / "out")
    assert [*(tmp_path / "out").iterdir()] == []


def test_the_command_prints_the_tables(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each foot, then all feet, then the output folder."""
    words = [str(folder) for folder in folders]

    assert main(["agree", *words, "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    for expected in (
        "in neither map",
        "sub-02\n",
        "across feet",
        "icc21",
        "mdc95_cm3",
        "sub-04_rater1.nii.gz",
    ):
        assert expected in printed
    assert "nan" not in printed.lower()


def test_other_grids_are_refused_with_code_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sentence names the foot."""
    first = write_map(tmp_path / "a" / "sub-01.nii.gz")
    other = make_grid(spacing_mm=(0.5, 0.7, 3.3))
    second = write_map(tmp_path / "b" / "sub-01.nii.gz", grid=other)

    with pytest.raises(GridMismatchError, match="segmentation of 'sub-01' must lie on one"):
        compute_agreement(first, second, None)
    assert main(["agree", str(first), str(second)]) == 3
    assert capsys.readouterr().err.count("\n") == 1


def test_a_map_and_a_folder_are_refused(folders: tuple[Path, Path], tmp_path: Path) -> None:
    """Both must be files, or both folders."""
    with pytest.raises(ConfigError, match="between two label maps or between two folders"):
        compute_agreement(folders[0], write_map(tmp_path / "a.nii.gz"), None)


def test_folders_without_a_common_foot_are_refused(tmp_path: Path) -> None:
    """The message lists the feet of both."""
    write_map(tmp_path / "a" / "one.nii.gz")
    write_map(tmp_path / "b" / "two.nii.gz")

    with pytest.raises(ConfigError, match=r"same feet: got \['one'\] and \['two'\]"):
        compute_agreement(tmp_path / "a", tmp_path / "b", None)


def test_two_maps_of_one_foot_in_a_folder_are_refused(folders: tuple[Path, Path]) -> None:
    """The choice would be ambiguous."""
    write_map(folders[0] / "sub-01_rater2.nii.gz")

    with pytest.raises(ConfigError, match=r"'sub-01_rater1\.nii\.gz' and 'sub-01_rater2"):
        compute_agreement(*folders, None)


def test_maps_of_two_kinds_are_refused(folders: tuple[Path, Path]) -> None:
    """Labels of muscles and bones have different meanings."""
    anat = folders[1] / "sub-01" / "anat"
    pair = [anat / f"sub-01_seg-{kind}_dseg.nii.gz" for kind in ("muscles", "bones")]

    with pytest.raises(ConfigError, match="of one kind: got bones and muscles"):
        compute_agreement(pair[0], pair[1], None)


def test_a_label_without_a_name_is_refused(tmp_path: Path) -> None:
    """A map of muscles has labels that are not regions."""
    box: Box = (slice(4, 8), slice(6, 12), slice(3, 6))
    path = tmp_path / "a.nii.gz"
    write_labels(make_labels(make_grid(), {7: box}), path, like=None)

    with pytest.raises(ArtefactError, match="labels 0 to 2 only"):
        compute_agreement(path, path, "regions")
    assert np.isfinite(compute_agreement(path, path, None).overlaps["dice"].dropna()).all()


def test_a_map_in_the_wrong_folder_is_refused(
    folders: tuple[Path, Path],
) -> None:
    """It would be compared with another foot."""
    anat = folders[1] / "sub-03" / "anat"
    name = "sub-02_seg-muscles_dseg.nii.gz"
    (folders[1] / "sub-02" / "anat" / name).rename(anat / name)

    with pytest.raises(ScanError, match=r"got 'sub-02_seg-muscles_dseg\.nii\.gz' in 'sub-03'"):
        compute_agreement(*folders, None)


def test_files_of_operating_systems_are_skipped(folders: tuple[Path, Path]) -> None:
    """MacOS writes a second file for each on foreign disks."""
    (folders[0] / "._sub-01_rater1.nii.gz").write_bytes(b"\0\5\x16\7")

    assert len(compute_agreement(*folders, None).overlaps) == 3 * 13
