"""Scans of any format become a raw BIDS dataset, or are refused."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from dicom_makers import edit, setting

from pipeline.domain.scan import Scan, Side
from pipeline.errors import ConfigError, LostWorkerError, ScanError
from pipeline.intake.import_scans import intake_source
from pipeline.run.executors import InProcess
from pipeline.settings.intake import IntakeParams
from pipeline.simulate.dicom_export import write_dicom_series
from pipeline.store.files import read_json, write_json
from pipeline.store.images import read_scan, write_scan
from pipeline.store.participants import read_participants_table

Bring = Callable[..., list[Path]]


HEADER = "participant_id\tgroup\tbody_mass_kg\tside\tname\n"


class Losing(InProcess):
    """Loses the process of sub-02."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Do the call, unless it is that one."""
        if args[1].participant.label != "02":
            return super().submit(fn, *args, **kwargs)
        future: Future[Any] = Future()
        future.set_exception(LostWorkerError("Run again with fewer --jobs."))
        return future


def test_a_dicom_folder_becomes_a_participant(scan: Scan, bring: Bring, tmp_path: Path) -> None:
    """With image, sidecar, table and description."""
    write_dicom_series(scan, tmp_path / "sub-07", label="07", side=Side.RIGHT)

    (image,) = bring(tmp_path / "sub-07", tmp_path / "raw")

    assert image == tmp_path / "raw/sub-07/anat/sub-07_T1w.nii.gz"
    back = read_scan(image)
    np.testing.assert_array_equal(back.intensity, scan.intensity)
    assert back.side is Side.RIGHT
    assert back.acquisition["MagneticFieldStrength"] == 3
    assert (tmp_path / "raw/participants.tsv").read_text() == (
        "participant_id\tgroup\tbody_mass_kg\nsub-07\tn/a\tn/a\n"
    )
    assert read_json(tmp_path / "raw/dataset_description.json")["DatasetType"] == "raw"


def test_a_folder_of_participants_is_taken_one_by_one(
    scan: Scan, bring: Bring, tmp_path: Path
) -> None:
    """DICOM folders and images together; groups are taken from the table, names are not."""
    source, raw = tmp_path / "in", tmp_path / "raw"
    write_dicom_series(scan, source / "sub-02", label="02", side=Side.RIGHT)
    write_scan(scan, source / "sub-01_acq-x_PDw.nii", like=None)
    write_json({"Laterality": "R", "EchoTime": 0.03}, source / "sub-01_acq-x_PDw.json")
    table = tmp_path / "table.tsv"
    rows = ("03\tpf\t80\tR\tC\n", "02\tpf\t71.5\tR\tB\n", "01\thealthy\tn/a\tn/a\tA\n")
    table.write_text(HEADER + "".join(rows))

    written = bring(source, raw, table=table)

    assert [path.name for path in written] == ["sub-01_acq-x_PDw.nii.gz", "sub-02_T1w.nii.gz"]
    assert read_json(raw / "sub-01/anat/sub-01_acq-x_PDw.json") == {
        "EchoTime": 0.03,
        "Laterality": "R",
    }
    assert (raw / "participants.tsv").read_text() == (
        "participant_id\tgroup\tbody_mass_kg\tside\n"
        "sub-01\thealthy\tn/a\tn/a\nsub-02\tpf\t71.5\tR\n"
    )


def test_an_image_of_another_participant_is_refused(
    scan: Scan, bring: Bring, tmp_path: Path
) -> None:
    """One foot's volume must not get into another's row."""
    for label in ("01", "02"):
        write_scan(scan, tmp_path / "in" / f"sub-{label}" / "sub-02_T1w.nii", like=None)

    words = r"after another participant: got 'sub-02_T1w\.nii' in the source of sub-01"
    with pytest.raises(ScanError, match=words):
        bring(tmp_path / "in", tmp_path / "raw", side=Side.RIGHT)
    assert [p.name for p in (tmp_path / "raw").glob("sub-*")] == ["sub-02"]


def test_one_refusal_does_not_stop_the_others(scan: Scan, bring: Bring, tmp_path: Path) -> None:
    """Valid scans are written; refused ones are reported by label."""
    source, raw = tmp_path / "in", tmp_path / "raw"
    write_dicom_series(scan, source / "sub-01", label="01", side=Side.LEFT)
    write_dicom_series(scan, source / "sub-02", label="02", side=Side.RIGHT)

    with pytest.raises(ScanError, match=r"^sub-01: The study measures right feet"):
        bring(source, raw)
    assert [p.name for p in raw.glob("sub-*")] == ["sub-02"]


def test_a_scan_that_exists_does_not_stop_the_others(
    scan: Scan, bring: Bring, tmp_path: Path
) -> None:
    """A source with a new participant can be imported again."""
    source, raw = tmp_path / "in", tmp_path / "raw"
    write_scan(scan, source / "sub-01.nii", like=None)
    bring(source, raw)
    write_scan(scan, source / "sub-02.nii", like=None)

    with pytest.raises(ConfigError, match=r"^sub-01: A raw scan is never overwritten"):
        bring(source, raw)
    assert (raw / "participants.tsv").read_text().count("sub-") == 2


def test_header_and_table_must_agree(scan: Scan, bring: Bring, tmp_path: Path) -> None:
    """The contradiction is reported before anything is written."""
    write_dicom_series(scan, tmp_path / "sub-01", label="01", side=Side.LEFT)
    (tmp_path / "t.tsv").write_text(HEADER + "01\ta\t70\tright\tA\n")

    with pytest.raises(
        ScanError, match=r"right from participants\.tsv but left from DICOM Lat"
    ):
        bring(tmp_path / "sub-01", tmp_path / "raw", table=tmp_path / "t.tsv")
    assert not (tmp_path / "raw").exists()


def test_elements_of_one_header_must_agree_on_the_side(
    scan: Scan, bring: Bring, tmp_path: Path
) -> None:
    """Both elements are named, and nothing is written."""
    write_dicom_series(scan, tmp_path / "sub-01", label="01", side=Side.RIGHT)
    edit(tmp_path / "sub-01", setting(ImageLaterality="L"))

    with pytest.raises(
        ScanError, match="left from DICOM ImageLaterality but right from DICOM Laterality"
    ):
        bring(tmp_path / "sub-01", tmp_path / "raw")
    assert not (tmp_path / "raw").exists()


def test_a_participant_without_row_is_reported(
    scan: Scan, bring: Bring, tmp_path: Path
) -> None:
    """The table must have every participant."""
    write_scan(scan, tmp_path / "sub-09.nii", like=None)
    (tmp_path / "t.tsv").write_text(HEADER + "01\ta\t70\tright\tA\n")

    with pytest.raises(ConfigError, match=r"row in t\.tsv: got none for \['sub-09'\]"):
        bring(tmp_path / "sub-09.nii", tmp_path / "raw", table=tmp_path / "t.tsv")


@pytest.mark.parametrize(
    ("made", "source", "error", "words"),
    [
        ((), "nowhere", ConfigError, r"source must exist: got .*nowhere"),
        (("sub-01/",), "sub-01", ConfigError, "empty folder"),
        (("sub-_.nii",), "sub-_.nii", ConfigError, "letters and digits: got ''"),
        (("x/sub-01.nii", "x/sub-01.mha"), "x", ConfigError, r"several for \['sub-01'\]"),
        (("sub-01/a.nii", "sub-01/b.nii"), "sub-01", ScanError, "one image: got 2"),
        (("sub-01/a.txt",), "sub-01", ScanError, "one image: got 0"),
        (("sub-01.txt",), "sub-01.txt", ScanError, "one image: got 0"),
    ],
)
def test_an_invalid_source_is_reported(
    made: tuple[str, ...],
    source: str,
    error: type[Exception],
    words: str,
    bring: Bring,
    tmp_path: Path,
) -> None:
    """Missing, empty, ambiguous and unnamed sources."""
    for name in made:
        path = tmp_path / name
        (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
        if not name.endswith("/"):
            path.write_bytes(b"")

    with pytest.raises(error, match=words):
        bring(tmp_path / source, tmp_path / "raw")


def test_one_study_is_one_participant(scan: Scan, bring: Bring, tmp_path: Path) -> None:
    """A folder copied under a second label is refused, naming the first."""
    for label in ("01", "02"):
        write_dicom_series(scan, tmp_path / "in" / f"sub-{label}", label="x", side=Side.RIGHT)

    with pytest.raises(ScanError, match=r"^sub-02: A DICOM study .* study of sub-01 again"):
        bring(tmp_path / "in", tmp_path / "raw")
    assert [p.name for p in (tmp_path / "raw").glob("sub-*")] == ["sub-01"]


def test_a_patient_map_names_the_participants(scan: Scan, bring: Bring, tmp_path: Path) -> None:
    """Names of folders are ignored then."""
    for label in ("A17", "B4"):
        write_dicom_series(scan, tmp_path / "in" / label[0], label=label, side=Side.RIGHT)
    (tmp_path / "map.tsv").write_text("patient_id\tparticipant_id\nsub-A17\t02\nsub-B4\t01\n")

    written = bring(tmp_path / "in", tmp_path / "raw", patients=tmp_path / "map.tsv")

    assert [p.name for p in written] == ["sub-01_T1w.nii.gz", "sub-02_T1w.nii.gz"]


def test_a_caution_about_the_format_is_kept(scan: Scan, bring: Bring, tmp_path: Path) -> None:
    """The raw image does not show that it was an Analyze file."""
    image = nib.AnalyzeImage(scan.intensity.astype(np.int16), scan.grid.matrix)
    nib.save(image, tmp_path / "sub-01_T1w.img")
    (tmp_path / "in").mkdir()
    for path in tmp_path.glob("sub-01_T1w.*"):
        path.rename(tmp_path / "in" / path.name)

    (written,) = bring(tmp_path / "in" / "sub-01_T1w.hdr", tmp_path / "raw", side=Side.RIGHT)

    assert [c.code for c in read_scan(written).cautions] == ["orientation-unknown"]


@pytest.mark.integration
def test_several_at_a_time_give_the_same_bytes(scan: Scan, tmp_path: Path) -> None:
    """Refusals are the same, too, in the same order."""
    for label, side in (("01", Side.RIGHT), ("02", Side.LEFT), ("03", Side.RIGHT)):
        write_dicom_series(scan, tmp_path / "in" / f"sub-{label}", label=label, side=side)
    with ThreadPoolExecutor(2) as executor:
        told = []
        for number, workers in enumerate((InProcess(), executor)):
            raw = tmp_path / f"raw{number}"
            with pytest.raises(
                ScanError, match=r"^sub-02: The study measures right"
            ) as refused:
                intake_source(tmp_path / "in", raw, None, None, IntakeParams(), None, workers)
            files = sorted(p for p in raw.rglob("*") if p.is_file())
            told.append((str(refused.value), [(p.name, p.read_bytes()) for p in files]))

    assert told[0] == told[1]


def test_a_lost_process_is_reported_for_its_participant_alone(
    scan: Scan, tmp_path: Path
) -> None:
    """The others are imported, and have their rows."""
    for label in ("01", "02", "03"):
        write_dicom_series(scan, tmp_path / "in" / f"sub-{label}", label=label, side=Side.RIGHT)
    raw = tmp_path / "raw"
    with pytest.raises(ScanError, match=r"^sub-02: Run again with fewer --jobs\.$"):
        intake_source(tmp_path / "in", raw, None, None, IntakeParams(), None, Losing())

    assert [*read_participants_table(raw / "participants.tsv")] == ["01", "03"]
