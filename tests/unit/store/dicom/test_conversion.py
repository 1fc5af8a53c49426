"""Every volume that dcm2niix makes is checked."""

from collections.abc import Callable, Sequence
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from dicom_makers import edit, opened, refuse, setting, write_series

from pipeline.domain.scan import Scan
from pipeline.store.dicom import conversion as dicom_convert
from pipeline.store.files import write_json
from pipeline.store.images import read_scan


@pytest.fixture
def series(scan: Scan, tmp_path: Path) -> Path:
    """Write the scan as seven DICOM slices."""
    write_series(scan, tmp_path / "series")
    return tmp_path / "series"


def giving(
    monkeypatch: pytest.MonkeyPatch, volumes: dict[str, nib.Nifti1Image], code: int = 0
) -> None:
    """Make dcm2niix return these volumes."""

    def call(command: Sequence[str], _: float) -> int:
        out = Path(command[-2])
        for name, image in volumes.items():
            nib.save(image, out / f"{name}.nii")
            write_json({"EchoTime": 0.012}, out / f"{name}.json")
        return code

    monkeypatch.setattr(dicom_convert, "_call", call)


def image_of(scan: Scan, *more: int, moved_mm: float = 0.0) -> nib.Nifti1Image:
    """Make an image of the scan's shape, and of more axes."""
    affine = scan.grid.matrix
    affine[1, 3] += moved_mm
    voxels = np.zeros((*scan.grid.shape, *more), np.int16)
    voxels[0] = 1
    return nib.Nifti1Image(voxels, affine)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda s: {"volume_Eq_1": image_of(s)}, "evenly spaced .* had to resample"),
        (
            lambda s: {"volume_Tilt_1": image_of(s)},
            "perpendicular .* had to resample",
        ),
        (
            lambda s: {"volume": image_of(s, moved_mm=0.5)},
            r"corners up to 0\.50 mm from where 7",
        ),
        (lambda s: {"volume": image_of(s, 2)}, "must be one 3-D volume: got .5, 6, 7, 2."),
        (lambda s: {"a": image_of(s), "b": image_of(s)}, "become one image: got 2 from dcm"),
        (lambda s: {"volume": image_of(s)}, "got other values there from dcm2niix"),
        (lambda _: {}, "known encoding: dcm2niix ended with code 0, with 0 volumes"),
    ],
)
def test_the_volumes_of_dcm2niix_are_checked(
    make: Callable[[Scan], dict[str, nib.Nifti1Image]],
    words: str,
    scan: Scan,
    series: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Resampled, shifted, repeated, several or no volumes are refused."""
    giving(monkeypatch, make(scan))

    refuse(series, words)


def test_a_failed_conversion_is_refused(
    scan: Scan, series: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if a volume was written."""
    giving(monkeypatch, {"volume": image_of(scan)}, code=2)

    refuse(series, "dcm2niix ended with code 2, with 1 volumes")


@pytest.mark.integration
def test_a_conversion_that_hangs_is_stopped(
    series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the time limit for its size."""
    sleeper = tmp_path / "sleeper"
    sleeper.write_text("#!/bin/sh\nexec sleep 60\n")
    sleeper.chmod(0o700)
    monkeypatch.setattr("dcm2niix.bin", str(sleeper))
    monkeypatch.setattr(dicom_convert, "_TIME_LIMIT_S", 0.2)

    refuse(series, "dcm2niix did not end within 0 s")


def test_a_mosaic_without_spacing_is_refused(
    scan: Scan, series: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One position defines no step."""
    for path in sorted(series.iterdir())[1:]:
        path.unlink()
    edit(series, setting(ImageType=["ORIGINAL", "PRIMARY", "M", "MOSAIC"]))
    giving(monkeypatch, {"volume": image_of(scan)})
    with opened(series) as found:
        assert read_scan(found.image).grid.shape == scan.grid.shape

    edit(series, setting(SpacingBetweenSlices=3.3))
    refuse(series, r"state its slice spacing: got 0.500 x 0.700 x 3.000 mm but .* x 3.300")
    edit(series, setting(SpacingBetweenSlices=None))
    refuse(series, "but nothing in the header")
