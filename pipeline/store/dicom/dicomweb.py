"""Finding, fetching and storing of DICOM instances in a PACS (QIDO-RS, WADO-RS, STOW-RS)."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dicomweb_client import DICOMwebClient
from pydicom import Dataset
from pydicom.datadict import tag_for_keyword

from pipeline.errors import PacsError
from pipeline.store.dicom.pacs_access import faults_named

# As stored: compressed images stay so, and their bytes are the scanner's.
_AS_STORED = (("application/dicom", "*"),)


def find_studies(pacs: DICOMwebClient, wanted: Mapping[str, str]) -> tuple[str, ...]:
    """Find the studies that have these values.

    Some servers ignore a filter that they do not know, or match parts of words, so only
    answers that repeat every value are counted.

    Parameters
    ----------
    wanted
        Value by DICOM keyword.

    Returns
    -------
    tuple of str
        UIDs of the studies, sorted.

    Raises
    ------
    PacsError
        If the PACS does not answer as it must.
    """
    # Orthanc does not decode what an address must encode, so wildcards take its place.
    filters = {
        keyword: re.sub(r"[^A-Za-z0-9_.-]", "*", value) for keyword, value in wanted.items()
    }
    with faults_named("find studies"):
        answers = pacs.search_for_studies(search_filters=filters)
        found = {
            _value(answer, "StudyInstanceUID")
            for answer in answers
            if all(_value(answer, keyword) == value for keyword, value in wanted.items())
        }
    return tuple(sorted(found))


def fetch_images(pacs: DICOMwebClient, study: str, folder: Path) -> int:
    """Fetch all MR images of a study into a folder, as they are stored.

    Returns
    -------
    int
        Number of images.

    Raises
    ------
    PacsError
        If there are none, the PACS does not send all of them, or does not answer as it must.
    """
    with faults_named("list the series of a study"):
        series = pacs.search_for_series(study)
        images = [item for item in series if _value(item, "Modality") == "MR"]
    if not images:
        msg = (
            f"A study must have MR images: got none among its {len(series)} series. Check "
            "which study was meant."
        )
        raise PacsError(msg)
    return sum(_fetch(pacs, study, item, folder / str(k)) for k, item in enumerate(images))


def store(pacs: DICOMwebClient, objects: Sequence[Dataset]) -> None:
    """Store DICOM objects, and make sure that the PACS has them.

    Raises
    ------
    PacsError
        If it does not accept all of them, or does not answer as it must.
    """
    with faults_named("store the results"):
        answer = pacs.store_instances(objects)
        failed = answer.get("FailedSOPSequence") or ()
        codes = sorted({f"{int(item.get('FailureReason') or 0):04X}" for item in failed})
    lacking = len(failed) or sum(not _has(pacs, made) for made in objects)
    if lacking:
        why = f" (DICOM status {', '.join(codes)})" if codes else ""
        msg = (
            f"The PACS must store all {len(objects)} objects: got {lacking} that it did not "
            f"accept{why}. See its log."
        )
        raise PacsError(msg)


def _fetch(pacs: DICOMwebClient, study: str, item: Mapping[str, Any], folder: Path) -> int:
    folder.mkdir(parents=True)
    number = 0
    with faults_named("send the images of a series"):
        uid = _value(item, "SeriesInstanceUID")
        stated = int(_value(item, "NumberOfSeriesRelatedInstances") or 0)
        for dataset in pacs.iter_series(study, uid, media_types=_AS_STORED):
            dataset.save_as(folder / f"{number:06d}.dcm", enforce_file_format=True)
            number += 1
    if number < max(stated, 1):
        msg = (
            f"The PACS must send every image of a series: got {number} of {stated or 'some'}. "
            "Try again, or see its log."
        )
        raise PacsError(msg)
    return number


def _has(pacs: DICOMwebClient, made: Dataset) -> bool:
    """Whether an instance is in the PACS."""
    uid = str(made.SOPInstanceUID)
    with faults_named("find what it stored"):
        answers = pacs.search_for_instances(
            made.StudyInstanceUID,
            made.SeriesInstanceUID,
            search_filters={"SOPInstanceUID": uid},
        )
        return any(_value(answer, "SOPInstanceUID") == uid for answer in answers)


def _value(answer: Mapping[str, Any], keyword: str) -> str:
    """Return the first value of an element in DICOM JSON; empty if there is none."""
    element = answer.get(f"{tag_for_keyword(keyword):08X}") or {}
    values = element.get("Value") or [""]
    return str(values[0]).strip()
