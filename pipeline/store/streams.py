"""Reading of files to their end, so that damage or a wrong size is always noticed."""

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
from nibabel.arrayproxy import ArrayProxy
from numpy.typing import NDArray

from pipeline.errors import ScanError, file_fault

Stream: TypeAlias = IO[bytes] | gzip.GzipFile
_GZIP = b"\x1f\x8b"
# Largest compression ratio of deflate (zlib.net/zlib_tech.html).
_BEST_DEFLATE = 1032
_CHUNK_BYTES = 2**20
_MOST_CHUNKS = 64
# Where git-annex, and so datalad, stores the content of a dataset's links.
_ANNEX = Path(".git", "annex", "objects")


@contextmanager
def as_scan_errors(path: Path) -> Iterator[None]:
    """Turn errors of reading a file into a `ScanError`.

    Raises
    ------
    ScanError
        If the file cannot be read, or a compressed one is damaged or cut off.
    """
    try:
        yield
    except EOFError as error:
        raise ScanError(_damaged(path, "that is cut off")) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise ScanError(_damaged(path, "that does not fit its checksum")) from error
    except OSError as error:
        msg = (
            f"{path.name}: A file must be readable: got {file_fault(error)}. Check "
            "its permissions and the disk."
        )
        raise ScanError(msg) from error


def _damaged(path: Path, fact: str) -> str:
    return f"{path.name}: A scan must be whole: got a compressed file {fact}. Copy it again."


@contextmanager
def opened(path: Path) -> Iterator[Stream]:
    """Open a file, decompressed if its content is gzip, whatever its name.

    If read to its end, a gzip stream is checked against its checksums and lengths; several
    streams in a row count as one, and trailing zeros are ignored, as by gzip itself.

    Raises
    ------
    ScanError
        If the file cannot be read, or a compressed one is damaged or cut off.
    """
    with as_scan_errors(path), path.open("rb") as file:
        is_packed = file.read(2) == _GZIP
        file.seek(0)
        yield gzip.GzipFile(fileobj=file) if is_packed else file


def check_size(path: Path, expected: int, got: int | str) -> None:
    """Refuse a file whose size is not the one that its header implies.

    Parameters
    ----------
    expected, got
        Numbers of bytes; `got` may be a text, such as ``more``.

    Raises
    ------
    ScanError
        With both numbers.
    """
    if got != expected:
        msg = (
            f"{path.name}: A scan must be whole: got {got} bytes, where its header implies "
            f"{expected}. Copy it again, or convert the scanner's original again."
        )
        raise ScanError(msg)


def check_voxel_count(shape: tuple[int, ...], path: Path, most: int) -> None:
    """Refuse more voxels than a scan can have; a small file may decompress to any size.

    Raises
    ------
    ScanError
        With the shape.
    """
    if int(np.prod(shape, dtype=object)) > most:
        msg = (
            f"{path.name}: A scan must have at most {most} voxels: got {shape}. Convert the "
            "scanner's original again."
        )
        raise ScanError(msg)


def file_beside(header: Path, name: str) -> Path:
    """Return the file of voxels that a header names, which must lie in its folder.

    Otherwise a header could bring any file of the machine into a dataset. A link may lead to
    the objects of git-annex in a parent folder, as in datasets of datalad.

    Raises
    ------
    ScanError
        If it lies elsewhere, or does not exist.
    """
    file, home = header.parent / name, header.parent.resolve()
    real = file.resolve() if "\0" not in name else Path()
    annexes = (folder / _ANNEX for folder in (home, *home.parents))
    is_within = real.is_relative_to(home) or any(real.is_relative_to(a) for a in annexes)
    if Path(name).is_absolute() or ".." in Path(name).parts or not is_within:
        msg = (
            f"{header.name}: A header's voxels must lie in its own folder: got {name!r}, which "
            "leads out of it. Copy the file there and name it in the header without a folder."
        )
        raise ScanError(msg)
    if not file.is_file():
        msg = (
            f"{header.name}: A header must have its voxels beside it: got no file {name!r}. "
            "Copy it there as well."
        )
        raise ScanError(msg)
    return file


class StoredVoxels:
    """The voxels of a NIfTI or Analyze file, read at each access.

    An array proxy, as nibabel's. The file is read to its end, so that its size and checksum
    are verified.
    """

    is_proxy = True

    def __init__(self, path: Path, header: Any) -> None:
        self._path, self._header = path, header
        slope, inter = header.get_slope_inter()
        self.slope: float = 1.0 if slope is None else slope
        self.inter: float = 0.0 if inter is None else inter
        self.shape: tuple[int, ...] = header.get_data_shape()
        self.ndim, self.dtype = len(self.shape), header.get_data_dtype()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Return the scaled values."""
        return np.asanyarray(self._read(is_scaled=True), dtype=dtype)

    def __getitem__(self, index: Any) -> NDArray[Any]:
        """Return some of the scaled values."""
        selected: NDArray[Any] = np.asanyarray(self)[index]
        return selected

    def get_unscaled(self) -> NDArray[Any]:
        """Return the stored values.

        Raises
        ------
        ScanError
            If the file is damaged, or its size is not the one that its header implies.
        """
        return self._read(is_scaled=False)

    def _read(self, *, is_scaled: bool) -> NDArray[Any]:
        count = int(np.prod(self.shape, dtype=object))
        end = int(self._header.get_data_offset()) + count * self.dtype.itemsize
        with opened(self._path) as stream:
            proxy = ArrayProxy(stream, self._header)
            self._check_end(stream, end)
            try:
                voxels: NDArray[Any] = (
                    np.asanyarray(proxy) if is_scaled else proxy.get_unscaled()
                )
            except OSError as error:
                if not isinstance(error, gzip.BadGzipFile):  # nibabel: too short
                    check_size(self._path, end, stream.tell())
                raise
            stream.seek(end)
            is_longer = bool(stream.read(1))
            for _ in range(_MOST_CHUNKS if is_longer else 0):  # damage may look like more bytes
                if not stream.read(_CHUNK_BYTES):
                    break
            check_size(self._path, end, "more" if is_longer else end)
        return voxels

    def _check_end(self, stream: Stream, end: int) -> None:
        """Refuse a wrong size before memory is allocated, as far as it is known by then."""
        if not isinstance(stream, gzip.GzipFile):
            check_size(self._path, end, stream.seek(0, os.SEEK_END))
            return
        most = _BEST_DEFLATE * self._path.stat().st_size
        check_size(self._path, end, f"at most {most}" if end > most else end)
