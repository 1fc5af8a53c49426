"""Small DICOM series, and faults in them."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from pipeline.domain.scan import Scan, Side
from pipeline.errors import ScanError
from pipeline.settings.intake import SeriesRules
from pipeline.simulate.dicom_export import write_dicom_series
from pipeline.store.dicom.import_series import SourceImage
from pipeline.store.sources import opened_source

Edit = Callable[[Dataset], None]


def edit(folder: Path, change: Edit, only: slice = slice(None)) -> None:
    """Change the headers of some slices."""
    for path in sorted(folder.rglob("*.dcm"))[only]:
        dataset = pydicom.dcmread(path)
        change(dataset)
        dataset.save_as(path)


def setting(**elements: Any) -> Edit:
    """Give a change that sets elements; None deletes one."""

    def change(dataset: Dataset) -> None:
        for keyword, value in elements.items():
            if value is None:
                delattr(dataset, keyword)
            else:
                setattr(dataset, keyword, value)

    return change


def moved(along_mm: float, aside_mm: float = 0.0) -> Edit:
    """Give a change that moves a slice along its normal and along its rows."""

    def change(dataset: Dataset) -> None:
        rows, columns = np.reshape(np.array(dataset.ImageOrientationPatient, float), (2, 3))
        step = along_mm * np.cross(rows, columns) + aside_mm * rows
        position = np.array(dataset.ImagePositionPatient, float) + step
        dataset.ImagePositionPatient = position.round(6).tolist()

    return change


def write_series(scan: Scan, folder: Path, *, number: int = 1, **elements: Any) -> None:
    """Write a series of one study of participant 01, with these elements."""
    write_dicom_series(scan, folder, label="01", side=Side.RIGHT, number=number, study="one")
    unique = generate_uid(entropy_srcs=[str(folder)])

    def change(dataset: Dataset) -> None:
        dataset.SeriesInstanceUID = unique
        dataset.SOPInstanceUID = f"{unique[:50]}.{dataset.InstanceNumber}"
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        setting(**elements)(dataset)

    edit(folder, change)


def opened(source: Path, **rules: Any) -> AbstractContextManager[SourceImage]:
    """Open one participant's source."""
    return opened_source((source,), SeriesRules(**rules))


def refuse(source: Path, words: str, **rules: Any) -> None:
    """Expect the source to be refused in these words."""
    with pytest.raises(ScanError, match=words), opened(source, **rules):
        pytest.fail("was accepted")
