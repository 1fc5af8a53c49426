"""Sources: who is in them, and which files are whose."""

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from dicom_makers import opened, refuse, write_series

from pipeline.domain.scan import Scan, Side
from pipeline.errors import ConfigError, ScanError
from pipeline.simulate.dicom_enhanced import write_enhanced_dicom
from pipeline.simulate.dicom_export import write_dicom_series
from pipeline.store.images import read_scan, write_scan
from pipeline.store.sources import label_of, opened_participants, opened_source


@pytest.fixture
def study(scan: Scan, tmp_path: Path) -> Path:
    """Write the series of two participants, in a folder each."""
    for label in ("01", "02"):
        write_dicom_series(scan, tmp_path / "in" / f"sub-{label}", label=label, side=Side.RIGHT)
    return tmp_path / "in"


def labels(source: Path, *known: str, patients: dict[str, str] | None = None) -> list[str]:
    """Return the participants of a source."""
    with opened_participants(source, known, patients) as found:
        return list(found)


def test_folders_name_participants(study: Path) -> None:
    """With sub-, or after a label in the study's table."""
    assert labels(study) == ["01", "02"]
    (study / "sub-01").rename(study / "Pat_01")
    (study / "sub-02").rename(study / "Pat_02")
    assert labels(study) == ["in"]
    assert labels(study, "Pat01", "Pat02") == ["Pat01", "Pat02"]


def test_a_known_folder_is_one_participant(study: Path) -> None:
    """Folders of series within it may be named like other participants."""
    (study / "sub-01").rename(study / "01")
    (study / "sub-02").rename(study / "02")
    study = study.rename(study.with_name("sub-07"))

    assert labels(study, "01", "02", "07") == ["07"]


def test_other_folders_beside_participants_are_reported(study: Path) -> None:
    """No folder is ignored silently, and no name is printed."""
    shutil.copytree(study / "sub-01", study / "Mustermann")

    with pytest.raises(ConfigError, match=r"nothing else: got 2 .* and 1 others") as refused:
        labels(study)
    assert "Mustermann" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("my_foot", "myfoot"),
        ("sub-01_T1w.nii.gz", "01"),
        ("a b.c.tar.gz", "abc"),
        ("sub-a-b", "ab"),
        ("IM01.dcm", "IM01"),
    ],
)
def test_a_name_gives_its_letters_and_digits(name: str, label: str, tmp_path: Path) -> None:
    """BIDS allows no others; extensions are not part of the label."""
    path = tmp_path / name
    path.touch() if "." in name else path.mkdir()

    assert label_of(path) == label


def test_names_that_become_one_label_are_reported(study: Path) -> None:
    """Dropping a character must not join two people."""
    shutil.copytree(study / "sub-01", study / "sub-0-1")

    with pytest.raises(
        ConfigError, match=r"one source per participant: got several for \['sub-01'\]"
    ):
        labels(study)


def test_only_the_map_assigns_patients_to_participants(
    scan: Scan, study: Path, tmp_path: Path
) -> None:
    """Wherever images are, and under any name, each goes to its patient's label."""
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    for number, path in enumerate(sorted(study.rglob("*.dcm"))):
        shutil.copy(path, mixed / f"I{number * 7 % 16}")
    patients = {"sub-01": "X", "sub-02": "Y", "sub-03": "Z"}

    with opened_participants(mixed, (), patients) as found:
        assert {label: len(files) for label, files in found.items()} == {"X": 7, "Y": 7}
        for files in found.values():
            with opened_source(files) as image:
                back = read_scan(image.image)
                np.testing.assert_array_equal(back.intensity, scan.intensity)
    refuse(mixed, "must be one patient: got images of 2")
    with pytest.raises(ScanError, match=r"got 1 who are not, with 7 images") as refused:
        labels(mixed, patients={"sub-01": "X"})
    assert "sub-02" not in str(refused.value)
    (tmp_path / "none").mkdir()
    with pytest.raises(ScanError, match="sorted by patient must contain DICOM images"):
        labels(tmp_path / "none", patients=patients)


@pytest.mark.parametrize("kind", ["zip", "gztar"])
def test_an_archive_may_hold_all_participants(
    kind: str, scan: Scan, study: Path, tmp_path: Path
) -> None:
    """Also below a common folder; no file remains."""
    packed = shutil.make_archive(str(tmp_path / "out"), kind, study.parent, "in")

    with opened_participants(Path(packed)) as found:
        assert list(found) == ["01", "02"]
        with opened_source(found["02"]) as image:
            np.testing.assert_array_equal(read_scan(image.image).intensity, scan.intensity)
        ((place,), _) = found.values()
    assert not place.exists()


def test_archives_in_folders_are_opened(scan: Scan, study: Path) -> None:
    """A participant's folder may contain the exported archive."""
    for name in ("sub-01", "sub-02"):
        shutil.make_archive(str(study / name / "export"), "zip", study / name)
        for path in (study / name).glob("*.dcm"):
            path.unlink()

    with opened_participants(study) as found:
        assert list(found) == ["01", "02"]
        with opened_source(found["01"]) as image:
            np.testing.assert_array_equal(read_scan(image.image).intensity, scan.intensity)


def test_an_archive_of_one_participant_is_named_by_itself(scan: Scan, tmp_path: Path) -> None:
    """An archive may contain a NIfTI image, too."""
    write_scan(scan, tmp_path / "foot.nii.gz", like=None)
    with zipfile.ZipFile(tmp_path / "left_07.zip", "w") as archive:
        archive.write(tmp_path / "foot.nii.gz", "foot.nii.gz")

    with opened_participants(tmp_path / "left_07.zip") as found:
        assert list(found) == ["left07"]
        with opened_source(found["left07"]) as image:
            np.testing.assert_array_equal(read_scan(image.image).intensity, scan.intensity)


def test_a_disc_may_be_given_by_its_dicomdir(scan: Scan, tmp_path: Path) -> None:
    """DICOMDIR means its folder."""
    write_series(scan, tmp_path / "CD_7" / "IMAGES")
    (tmp_path / "CD_7" / "DICOMDIR").write_bytes(bytes(128) + b"DICM")

    with opened_participants(tmp_path / "CD_7" / "DICOMDIR") as found:
        assert found == {"CD7": (tmp_path / "CD_7",)}


def test_one_multi_frame_file_is_a_source(scan: Scan, tmp_path: Path) -> None:
    """Enhanced DICOM comes as a file."""
    write_enhanced_dicom(scan, tmp_path / "IM_1", label="01", side=Side.RIGHT)

    assert labels(tmp_path / "IM_1") == ["IM1"]
    with opened(tmp_path / "IM_1") as found:
        assert sorted(read_scan(found.image).grid.shape) == sorted(scan.grid.shape)


@pytest.mark.parametrize("is_folder", [True, False])
def test_links_out_of_a_source_are_refused(is_folder: bool, scan: Scan, study: Path) -> None:
    """They may lead to another patient; links within the source are harmless."""
    one = study / "sub-01"
    (one / "again.dcm").symlink_to(one / "0001.dcm")
    with opened(one) as found:
        np.testing.assert_array_equal(read_scan(found.image).intensity, scan.intensity)

    target = study / "sub-02"
    (one / "away").symlink_to(target if is_folder else target / "0001.dcm")
    refuse(one, "contain its own files: got 1 links that lead out")


def test_a_copied_image_counts_once(scan: Scan, study: Path) -> None:
    """The same bytes again are the same slice; other bytes of its name are refused."""
    one = study / "sub-01"
    shutil.copy(one / "0003.dcm", one / "copy.dcm")
    with opened(one) as found:
        np.testing.assert_array_equal(read_scan(found.image).intensity, scan.intensity)

    content = bytearray((one / "copy.dcm").read_bytes())
    content[-1] ^= 1
    (one / "copy.dcm").write_bytes(content)
    refuse(one, "exist once: got two different files of image 3 in series 1")


@pytest.mark.parametrize("content", [b"", b"\0" * 300])
def test_a_damaged_file_among_images_is_reported(content: bytes, study: Path) -> None:
    """It may be the last slice, which leaves no gap; text files are ignored."""
    (study / "sub-01" / "notes.dcm").write_text("Dear colleague")
    with opened(study / "sub-01"):
        (study / "sub-01" / "0007.dcm").write_bytes(content)

    refuse(study / "sub-01", "with the extension of the images must be DICOM: got 1 damaged")


JUNK = (
    "__MACOSX/._0001.dcm",
    "._0001.dcm",
    ".DS_Store",
    "Thumbs.db",
    "desktop.ini",
    "@eaDir/0001.dcm@SynoEAStream.dcm",
    "AUTORUN.INF",
    "start.exe",
    "Viewer/README.dcm",
    "Weasis/conf/index.zip",
    "DICOMDIR",
)


def leave_junk(folder: Path) -> None:
    """Add files of systems and discs beside images; none of them can be read."""
    for name in JUNK:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"\0\5\x16\7" + bytes(200))


def test_files_of_systems_beside_images_are_ignored_and_counted(
    scan: Scan, study: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Systems and viewers leave them in every folder, with the extension of the images."""
    caplog.set_level("DEBUG")
    leave_junk(study / "sub-01")

    with opened(study / "sub-01") as found:
        np.testing.assert_array_equal(read_scan(found.image).intensity, scan.intensity)
    assert "of systems and viewers ignored" in caplog.text


def test_a_damaged_slice_beside_them_is_refused(study: Path) -> None:
    """Files are ignored by their known names only."""
    leave_junk(study / "sub-01")
    (study / "sub-01" / "0007.dcm").write_bytes(b"")

    refuse(study / "sub-01", "with the extension of the images must be DICOM: got 1 damaged")


def test_images_in_a_folder_named_viewer_are_read(scan: Scan, tmp_path: Path) -> None:
    """The name of a folder does not exclude that they are the patient's."""
    write_series(scan, tmp_path / "in" / "Viewer")

    with opened(tmp_path / "in") as found:
        np.testing.assert_array_equal(read_scan(found.image).intensity, scan.intensity)


@pytest.mark.parametrize("is_packed", [False, True])
def test_files_of_systems_are_not_participants(
    is_packed: bool, study: Path, tmp_path: Path
) -> None:
    """Participants are identified by the other entries, also in archives."""
    leave_junk(study)
    leave_junk(study.parent) if is_packed else None
    packed = shutil.make_archive(str(tmp_path.parent / f"{tmp_path.name}-out"), "zip", tmp_path)

    assert labels(Path(packed) if is_packed else study) == ["01", "02"]


def test_a_folder_of_system_files_is_empty(tmp_path: Path) -> None:
    """The source counts as empty."""
    (tmp_path / ".DS_Store").touch()

    with pytest.raises(ConfigError, match="must contain images: got the empty folder"):
        labels(tmp_path)


def test_a_source_that_is_not_fetched_is_reported(study: Path) -> None:
    """Before links that lead out, as those of git-annex do."""
    link = study / "sub-01" / "0001.dcm"
    link.unlink()
    link.symlink_to(study.parent / ".git" / "annex" / "objects" / "x")

    refuse(study / "sub-01", r"got a file, which is a link of git-annex .*datalad get \.$")
