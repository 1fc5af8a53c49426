"""The feet of an output folder are exported, each from its own original series."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pydicom
import pytest
from dicom_makers import edit, setting
from measured_out import Measured, idle_stages
from pydicom import Dataset

from pipeline.cli import main
from pipeline.errors import ArtefactError, ConfigError, PipelineError, ScanError
from pipeline.export.export_feet import Originals, choose_participants, export_feet
from pipeline.run.reopen import reopen
from pipeline.store.names import ScanName

pytestmark = pytest.mark.integration
Delivered = dict[str, Mapping[str, Dataset]]


def export(
    measured: Measured,
    source: Path,
    labels: Sequence[str] = (),
    patients: Mapping[str, str] | None = None,
) -> Delivered:
    """Export some feet; gives the objects by participant."""
    delivered: Delivered = {}
    cohort = reopen(measured.out)

    def deliver(name: ScanName, objects: Mapping[str, Dataset]) -> None:
        delivered[name.participant_id] = objects

    chosen = choose_participants(cohort, labels)
    try:
        count = export_feet(cohort, chosen, Originals(source, patients), deliver)
    except PipelineError as error:
        error.add_note(f"delivered {sorted(delivered)}")
        raise
    assert count == len(delivered)
    return delivered


def patient_of(objects: Mapping[str, Dataset]) -> str:
    """Give the patient of all objects of a foot."""
    (patient,) = {made.PatientID for made in objects.values()}
    return str(patient)


def test_each_participant_gets_objects_of_its_own(measured: Measured) -> None:
    """From the folder that is named after it."""
    delivered = export(measured, measured.dicom)

    assert {who: patient_of(made) for who, made in delivered.items()} == {
        "sub-01": "sub-01",
        "sub-02": "sub-02",
    }
    assert list(delivered["sub-01"]) == ["seg-muscles", "sr"]


def test_one_participant_may_have_any_folder(measured: Measured, tmp_path: Path) -> None:
    """It is the only one that is exported."""
    source = tmp_path / "from the scanner"
    shutil.copytree(measured.dicom / "sub-02", source)

    assert patient_of(export(measured, source, ["sub-02"])["sub-02"]) == "sub-02"


def test_a_single_scan_is_exported(measured: Measured, tmp_path: Path) -> None:
    """Measured by `footvol scan`, as an image of its own."""
    image = measured.raw / "sub-02" / "anat" / "sub-02_T1w.nii.gz"
    alone = Measured(measured.dicom, measured.raw, tmp_path / "alone")
    with idle_stages():
        assert main(["scan", str(image), str(alone.out), "-q"]) == 0

    delivered = export(alone, measured.dicom / "sub-02")

    assert {who: patient_of(made) for who, made in delivered.items()} == {"sub-02T1w": "sub-02"}


def test_an_archive_is_unpacked(measured: Measured, tmp_path: Path) -> None:
    """A zip of one participant, or of all."""
    archive = shutil.make_archive(str(tmp_path / "all"), "zip", measured.dicom)

    assert list(export(measured, Path(archive))) == ["sub-01", "sub-02"]


def test_patients_are_mapped_to_participants(measured: Measured, tmp_path: Path) -> None:
    """Whatever the names of their folders."""
    source = tmp_path / "pacs"
    source.mkdir()
    for number, folder in enumerate(sorted(measured.dicom.iterdir())):
        edit(folder, setting(PatientID=f"hospital {number}"))
        shutil.copytree(folder, source / f"{9 - number}")

    delivered = export(measured, source, (), {"hospital 0": "01", "hospital 1": "02"})

    assert patient_of(delivered["sub-02"]) == "hospital 1"


def test_a_source_of_unknown_names_is_refused_for_several(
    measured: Measured, tmp_path: Path
) -> None:
    """Whose it is must be said."""
    source = tmp_path / "scanner"
    shutil.copytree(measured.dicom / "sub-02", source)

    with pytest.raises(
        ConfigError,
        match=r"or be of the only one: got \['scanner'\] for \['sub-01', 'sub-02'\]\. Name",
    ):
        export(measured, source)


def test_a_foot_of_another_participant_is_refused(measured: Measured) -> None:
    """Every voxel differs; the other foot is delivered."""
    shutil.rmtree(measured.dicom / "sub-01")
    shutil.copytree(measured.dicom / "sub-02", measured.dicom / "sub-01")

    with pytest.raises(ScanError, match=r"^sub-01: .* got other values in 210 of 210") as error:
        export(measured, measured.dicom)

    assert error.value.__notes__ == ["delivered ['sub-02']"]


def test_a_missing_source_is_refused(measured: Measured) -> None:
    """By participant."""
    shutil.rmtree(measured.dicom / "sub-02")

    with pytest.raises(ScanError, match="sub-02: A source must have the original images: got"):
        export(measured, measured.dicom)


def test_a_foot_that_was_not_measured_is_refused(measured: Measured) -> None:
    """With the exit code of what is lost."""
    shutil.rmtree(measured.out / "logs" / "sub-02")

    with pytest.raises(ArtefactError, match="sub-02: A foot must be measured"):
        export(measured, measured.dicom)


def test_an_unknown_label_is_refused(measured: Measured) -> None:
    """As in all commands."""
    with pytest.raises(ConfigError, match=r"must be in the dataset: got .*sub-03.*not among"):
        export(measured, measured.dicom, ["03"])


def test_objects_refer_to_the_series_of_the_source(measured: Measured) -> None:
    """By the UIDs that the raw dataset does not have."""
    made = export(measured, measured.dicom, ["01"])["sub-01"]["seg-muscles"]

    (referred,) = made.ReferencedSeriesSequence
    original = pydicom.dcmread(measured.dicom / "sub-01" / "0001.dcm")
    assert referred.SeriesInstanceUID == original.SeriesInstanceUID
    assert len(referred.ReferencedInstanceSequence) == 7
