"""DICOM series to one NIfTI volume: proof from the headers, voxels by dcm2niix.

Error messages name series numbers, counts and distances; never a text element,
an identifier, a date or a file name, as each of them may point to a person.
"""

import subprocess
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dcm2niix

from pipeline.domain.scan import Side
from pipeline.errors import ScanError
from pipeline.store.dicom_geometry import check_stacks, plane_of
from pipeline.store.dicom_headers import SliceHeader, read_header
from pipeline.store.files import read_json
from pipeline.store.headers import to_nifti
from pipeline.store.names import sidecar_of

_LARGEST_ZIP_GIB = 16
# dcm2niix marks volumes that it resampled to even steps or sheared by these.
_MENDED = ("_Eq", "_Tilt")


@dataclass(frozen=True, slots=True)
class FoundImage:
    """One volume that can be read, and what its source says of it.

    Parameters
    ----------
    image
        A file that `read_scan` reads.
    fields
        BIDS sidecar fields, unfiltered.
    side
        The side that the header claims.
    side_text
        How it claims it, for messages.
    """

    image: Path
    fields: Mapping[str, Any]
    side: Side | None
    side_text: str


@contextmanager
def imported_dicom(source: Path, *, series_number: int | None = None) -> Iterator[FoundImage]:
    """Convert the one MR series of a folder or zip; the volume lives for the block.

    Parameters
    ----------
    source
        Folder, searched in depth, or ``.zip``.
    series_number
        Series to take where there are several.

    Raises
    ------
    ScanError
        If there is no DICOM file, more than one series or volume, another
        modality, or slices that do not make up one even stack.
    """
    with TemporaryDirectory() as scratch:
        folder = source if source.is_dir() else _unzipped(source, Path(scratch, "zip"))
        series = _choose(_read_series(folder), series_number)
        side, side_text = _side(series)
        _check_volume(series)
        image = _convert(series, Path(scratch))
        part = next((s.part for s in series if s.part), None)
        fields = {**read_json(sidecar_of(image)), "BodyPart": part}
        yield FoundImage(image, fields, side, side_text)


def holds_dicom(source: Path) -> bool:
    """Whether a folder holds, at any depth, a file with DICOM's mark (PS3.10)."""
    return any(_has_mark(p) for p in source.rglob("*") if p.is_file())


def _has_mark(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(132)[128:] == b"DICM"


def _unzipped(source: Path, folder: Path) -> Path:
    """Unpack under running numbers, so that no name in the archive leads outside."""
    folder.mkdir(parents=True)
    try:
        with zipfile.ZipFile(source) as archive:
            members = [m for m in archive.infolist() if not m.is_dir()]
            size_gib = sum(m.file_size for m in members) / 2**30
            if size_gib > _LARGEST_ZIP_GIB:
                msg = (
                    f"A zip must unpack to 16 GiB at most: got {size_gib:.1f}. Unpack it first."
                )
                raise ScanError(msg)
            for number, member in enumerate(members):
                (folder / f"{number:06d}").write_bytes(archive.read(member))
    except (zipfile.BadZipFile, RuntimeError, OSError, EOFError) as error:
        msg = (
            "A zip must be whole and not encrypted: got one that cannot be unpacked "
            f"({type(error).__name__}). Unpack it by hand and give the folder."
        )
        raise ScanError(msg) from error
    return folder


def _read_series(folder: Path) -> list[list[SliceHeader]]:
    found: dict[tuple[int, str], list[SliceHeader]] = defaultdict(list)
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        header = read_header(file)
        if header is not None:
            found[header.series_number, header.series].append(header)
    if not found:
        msg = (
            "A DICOM source must hold DICOM images: got none. Give the folder or zip that the "
            "scanner or archive exported."
        )
        raise ScanError(msg)
    return [slices for _, slices in sorted(found.items())]


def _choose(series: Sequence[list[SliceHeader]], number: int | None) -> list[SliceHeader]:
    fitting = [s for s in series if number in (None, s[0].series_number)]
    if len(fitting) == 1:
        return fitting[0]
    listed = "; ".join(
        f"{s[0].series_number} ({len(s)} {s[0].modality} images, {plane_of(s[0])})"
        for s in series
    )
    asked = "" if number is None else f" numbered {number}"
    msg = (
        f"A source must hold one series{asked}: got {len(fitting)} of {len(series)}, namely "
        f"{listed}. Choose one with intake.series_number, or give a folder that holds it alone."
    )
    raise ScanError(msg)


def _side(series: Sequence[SliceHeader]) -> tuple[Side | None, str]:
    claims = sorted({claim for item in series for claim in item.sides})
    if len({side for _, side in claims}) > 1:
        listed = ", ".join(f"{keyword} {side}" for keyword, side in claims)
        msg = (
            f"A series must name one side: got {listed}. Find out which foot it is and export "
            "that foot alone."
        )
        raise ScanError(msg)
    if not claims:
        return None, "the DICOM header"
    return claims[0][1], f"DICOM {claims[0][0]}"


def _check_volume(series: Sequence[SliceHeader]) -> None:
    others = sorted({item.modality for item in series} - {"MR"})
    if others:
        msg = f"A scan must be MR: got modality {', '.join(others)!r}. Give the MR series."
        raise ScanError(msg)
    if any(item.is_packed for item in series):
        return
    volumes = check_stacks(series)
    if volumes > 1:
        kinds = sorted({f"echo time {s.echo_time_ms} ms {_kind(s)}" for s in series})
        raise _several(volumes, kinds)


def _kind(item: SliceHeader) -> str:
    return "phase" if {"P", "PHASE", "PHASE MAP"} & set(item.kind) else "magnitude"


def _several(count: int, kinds: Sequence[str]) -> ScanError:
    return ScanError(
        f"A series must hold one volume: got {count} ({'; '.join(kinds)}). Export the one "
        "to be measured alone, or convert the series and give that NIfTI file."
    )


def _convert(series: Sequence[SliceHeader], scratch: Path) -> Path:
    """Run dcm2niix on neutral names; what it prints is dropped, as it quotes headers."""
    slices, out = scratch / "slices", scratch / "out"
    slices.mkdir()
    out.mkdir()
    for number, item in enumerate(series):
        (slices / f"{number:06d}.dcm").symlink_to(item.file.resolve())
    command = [
        dcm2niix.bin,
        "-ba",
        "y",
        "-z",
        "n",
        "-b",
        "y",
        "-f",
        "volume",
        "-o",
        out,
        slices,
    ]
    done = subprocess.run(command, capture_output=True, check=False)
    images = sorted(out.glob("*.nii"))
    if done.returncode or not images:
        msg = (
            "A series must be whole and in a known encoding: dcm2niix ended with code "
            f"{done.returncode} and {len(images)} volumes. Export the whole series again, "
            "uncompressed (Explicit VR Little Endian)."
        )
        raise ScanError(msg)
    if any(mark in image.name for image in images for mark in _MENDED):
        msg = (
            "All slices must be equally far apart and square to their plane: got a stack that "
            "dcm2niix had to resample. Export the whole series again."
        )
        raise ScanError(msg)
    if len(images) > 1:
        raise _several(len(images), [_describe(image) for image in images])
    shape = to_nifti(images[0]).shape
    if len(shape) > 3:
        raise _several(shape[3], [f"{shape[3]} repetitions"])
    if not series[0].is_packed and len(series) not in shape:
        msg = (
            f"Every image of a series must become a slice: got {len(series)} images but "
            f"{shape} voxels. Export the whole series again."
        )
        raise ScanError(msg)
    return images[0]


def _describe(image: Path) -> str:
    fields = read_json(sidecar_of(image))
    kind = "phase" if image.stem.endswith("_ph") else "magnitude"
    return f"echo time {fields.get('EchoTime', 0) * 1000:g} ms {kind}"
