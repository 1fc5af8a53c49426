"""Objects name the patient, so they are written apart from the results, and over nothing."""

from pathlib import Path

import pytest
from measured_out import Measured
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import BasicTextSRStorage, ExplicitVRLittleEndian

from pipeline.errors import ConfigError
from pipeline.export.destination import check_destination, write_objects
from pipeline.run.reopen import reopen
from pipeline.store.names import ScanName


def check(measured: Measured, folder: Path) -> None:
    """Check a folder for all participants."""
    cohort = reopen(measured.out)
    check_destination(cohort, cohort.participants, folder)


@pytest.mark.parametrize(
    ("where", "name"),
    [
        ("out", "OUT"),
        ("out/dicom", "OUT"),
        ("raw", "the raw dataset"),
        ("raw/sub-01/dicom", "the raw dataset"),
        ("link/results", "OUT"),
    ],
)
def test_a_folder_among_the_results_is_refused(
    where: str, name: str, measured: Measured, tmp_path: Path
) -> None:
    """Results and raw data name nobody, and are shared."""
    (tmp_path / "link").symlink_to(measured.out)

    with pytest.raises(ConfigError, match=f"must lie outside OUT .* inside {name}. Choose"):
        check(measured, tmp_path / where)


def test_folders_with_files_are_refused(measured: Measured, tmp_path: Path) -> None:
    """Those of the participants that are exported."""
    taken = tmp_path / "dest" / "sub-02"
    taken.mkdir(parents=True)
    check(measured, tmp_path / "dest")
    (taken / "notes.txt").write_text("mine")

    with pytest.raises(ConfigError, match=r"never overwritten: got folders of \['sub-02'\] in"):
        check(measured, tmp_path / "dest")


def test_objects_are_named_after_the_scan(tmp_path: Path) -> None:
    """In a folder of the participant."""
    made = Dataset()
    made.SOPClassUID, made.SOPInstanceUID = BasicTextSRStorage, "1.2.3"
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian

    write_objects(tmp_path, ScanName("01", (("acq", "water"),)), {"sr": made})

    assert (tmp_path / "sub-01" / "sub-01_acq-water_sr.dcm").is_file()
