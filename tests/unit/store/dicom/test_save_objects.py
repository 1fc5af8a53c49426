"""Objects are written together, and over nothing."""

from pathlib import Path

import pydicom
import pytest
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import BasicTextSRStorage, ExplicitVRLittleEndian

from pipeline.errors import ConfigError
from pipeline.store.dicom.save_objects import save_objects


def make_object() -> Dataset:
    """Make an object with nothing but identifiers."""
    made = Dataset()
    made.SOPClassUID, made.SOPInstanceUID = BasicTextSRStorage, "1.2.3"
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return made


def test_all_objects_are_written(tmp_path: Path) -> None:
    """As DICOM files."""
    names = ("a.dcm", "b.dcm")

    save_objects({tmp_path / "new" / name: make_object() for name in names})

    files = sorted((tmp_path / "new").iterdir())
    assert tuple(file.name for file in files) == names
    assert {pydicom.dcmread(file).SOPInstanceUID for file in files} == {"1.2.3"}


def test_none_is_written_if_one_cannot_be(tmp_path: Path) -> None:
    """The folder stays empty."""
    with pytest.raises(ValueError, match="encoding"):
        save_objects({tmp_path / "a.dcm": make_object(), tmp_path / "b.dcm": Dataset()})

    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """Nor is anything else written."""
    (tmp_path / "b.dcm").write_text("mine")

    with pytest.raises(ConfigError, match=r"never overwritten: got \['b.dcm'\]"):
        save_objects({tmp_path / name: make_object() for name in ("a.dcm", "b.dcm")})

    assert [file.name for file in tmp_path.iterdir()] == ["b.dcm"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A file lies in its place."""
    (tmp_path / "dest").write_text("a file")

    with pytest.raises(ConfigError, match=r"must be writable: got .* for .*dest"):
        save_objects({tmp_path / "dest" / "a.dcm": make_object()})
