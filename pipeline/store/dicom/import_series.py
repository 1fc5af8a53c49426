"""Conversion of one participant's DICOM files to the NIfTI volume to measure.

Error messages give series numbers, counts and distances; never a text element, an
identifier, a date or a file name, as each of these may identify a person.
"""

import filecmp
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from pydicom.misc import is_dicom

from pipeline.domain.scan import Side
from pipeline.errors import ScanError
from pipeline.settings.intake import SeriesRules
from pipeline.store.dicom.conversion import convert
from pipeline.store.dicom.read_headers import read_slices
from pipeline.store.dicom.series_selection import choose
from pipeline.store.dicom.series_sorting import Volume, find_volumes
from pipeline.store.dicom.slice_header import SliceHeader
from pipeline.store.files import scratch_folder
from pipeline.store.sidecars import read_sidecar

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SourceImage:
    """One readable volume, and what its source states about it.

    Parameters
    ----------
    image
        A file that `read_scan` reads.
    fields
        BIDS sidecar fields, unfiltered.
    sides
        Name of each element that may state the side, for messages, and the side; None if it
        states none.
    contrast
        Contrast that a DICOM header states, such as ``T1w`` or ``water``; or empty.
    beside
        Further images of the same scan: the fat image of a Dixon scan.
    study
        Identifier of the DICOM study, for comparison only; empty for other formats.
    """

    image: Path
    fields: Mapping[str, Any]
    sides: tuple[tuple[str, Side | None], ...]
    contrast: str = ""
    beside: tuple["SourceImage", ...] = ()
    study: str = field(default="", repr=False)


@contextmanager
def imported_dicom(
    files: Sequence[Path], rules: SeriesRules | None = None
) -> Iterator[SourceImage]:
    """Convert the one MR volume to measure; it exists inside the block.

    Parameters
    ----------
    files
        Files of one participant, in any order; those that are not DICOM images are ignored.
    rules
        Which volume to take if there are several.

    Raises
    ------
    ScanError
        If there is no DICOM file, more than one patient, not exactly one volume that fits
        the rules, or the volume is not an evenly spaced stack of MR images.
    """
    chosen = choose(find_volumes(read_images(files)), rules or SeriesRules())
    with scratch_folder(Path(gettempdir())) as scratch:
        first, *beside = (_found(v, Path(scratch, str(k))) for k, v in enumerate(chosen))
        yield replace(first, beside=tuple(beside))


def read_images(files: Sequence[Path]) -> list[SliceHeader]:
    """Read the headers of one patient's images, without duplicates.

    Raises
    ------
    ScanError
        If there are no images, one is damaged, or there are several patients.
    """
    images: dict[str, SliceHeader] = {}
    endings: set[str] = set()
    others: list[Path] = []
    for file in sorted(files):
        slices = read_slices(file)
        endings |= {file.suffix} if slices else set()
        if not slices and not is_dicom(file):
            others.append(file)
        for item in slices:
            twin = images.setdefault(item.image_id, item)
            if twin is not item and not filecmp.cmp(twin.file, item.file, shallow=False):
                _refuse_twins(item)
    if not images:
        msg = (
            "A DICOM source must contain DICOM images: got none. Give the folder or archive "
            "that the scanner or PACS exported."
        )
        raise ScanError(msg)
    _check_whole([file for file in others if file.suffix in endings])
    patients = {item.patient for item in images.values()}
    if len(patients) > 1:
        msg = (
            f"A participant must be one patient: got images of {len(patients)}. Give each "
            "patient a folder, or map patients to participants with --patient-map."
        )
        raise ScanError(msg)
    return list(images.values())


def _refuse_twins(item: SliceHeader) -> None:
    msg = (
        f"Every image must exist once: got two different files of image {item.order[2]} in "
        f"series {item.series_number}. Export the series again, into an empty folder."
    )
    raise ScanError(msg)


def _check_whole(files: Sequence[Path]) -> None:
    """Refuse files with the extension of the images that are neither DICOM nor text."""
    damaged = 0
    for file in files:
        with file.open("rb") as opened:
            start = opened.read(4096)
        damaged += not start or b"\0" in start
    if damaged:
        msg = (
            f"Every file with the extension of the images must be DICOM: got {damaged} damaged "
            "or empty. Export the series again."
        )
        raise ScanError(msg)


def _found(volume: Volume, scratch: Path) -> SourceImage:
    image = convert(volume, scratch)
    part = next((s.part for s in volume.slices if s.part), None)
    # dcm2niix splits words at underscores, and repeats those of one volume for all of a file
    kind = {"ImageType": list(volume.first.kind)} if volume.first.kind else {}
    fields = {**read_sidecar(image), **kind, "BodyPart": part}
    _LOG.debug("series %s taken", volume.name)
    sides = sorted({claim for item in volume.slices for claim in item.sides})
    named = tuple((f"DICOM {keyword}", side) for keyword, side in sides)
    return SourceImage(image, fields, named, volume.contrast, study=volume.first.study)
