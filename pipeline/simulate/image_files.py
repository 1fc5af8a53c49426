"""Writes simulated images with names by which ``footvol run`` finds the one to measure."""

from collections.abc import Mapping
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from pipeline.domain.grid import Grid
from pipeline.domain.scan import Contrast, Scan, Side
from pipeline.phantom.anatomy.foot import Tissue
from pipeline.simulate.dicom_enhanced import write_enhanced_dicom
from pipeline.simulate.dicom_export import MANUFACTURER, digest_of, write_dicom_series
from pipeline.store.files import write_json
from pipeline.store.images import write_scan
from pipeline.store.names import ScanName, sidecar_of
from pipeline.store.nifti import save_image

_FRACTION_STEP = 1 / 250  # stored as one byte
# The two echoes of which water and fat are computed. As a BIDS multi-echo pair (MEGRE) they
# leave the water image as the participant's only T1w image to be measured.
_ECHOES = {"opposed": "1", "in": "2"}


def image_name(label: str, kind: str, contrast: Contrast) -> ScanName:
    """Give the BIDS name of one image of a participant.

    Parameters
    ----------
    kind
        ``water``, ``fat``, ``in`` or ``opposed`` of a Dixon scan; otherwise empty.
    """
    if kind in _ECHOES:
        return ScanName(label, (("acq", kind), ("echo", _ECHOES[kind])), "MEGRE")
    if kind:
        return ScanName(label, (("acq", kind),), "T1w")
    return ScanName(label, suffix=contrast.value)


def measured_name(label: str, images: Mapping[str, Scan]) -> ScanName:
    """Give the name of the image to be measured: the only one, or the water image."""
    kind = "water" if "water" in images else ""
    return image_name(label, kind, next(iter(images.values())).contrast)


def write_nifti_images(
    out: Path, images: Mapping[str, Scan], *, label: str, side: Side
) -> None:
    """Write a participant's raw BIDS images and sidecars."""
    fields = {"Laterality": side.letter, "Manufacturer": MANUFACTURER}
    for kind, scan in images.items():
        path = out / image_name(label, kind, scan.contrast).raw()
        write_scan(scan, path, like=None)
        write_json({**scan.acquisition, **fields}, sidecar_of(path))


def write_dicom_images(
    out: Path, images: Mapping[str, Scan], *, label: str, side: Side, enhanced: bool = False
) -> None:
    """Write a participant's DICOM files below ``sourcedata/dicom``, Dixon images in folders."""
    folder = out / "sourcedata" / "dicom" / f"sub-{label}"
    study = digest_of(next(iter(images.values())))
    for number, (kind, scan) in enumerate(images.items(), start=1):
        series_folder = folder / kind
        if enhanced:
            file = series_folder / "0001.dcm"
            write_enhanced_dicom(scan, file, label=label, side=side, number=number, study=study)
        else:
            write_dicom_series(
                scan, series_folder, label=label, side=side, number=number, study=study
            )


def write_tissue_fractions(fractions: NDArray[np.float32], grid: Grid, path: Path) -> None:
    """Write partial-volume fractions, one volume per `Tissue`, in steps of 0.4 %.

    Parameters
    ----------
    fractions
        Shape (tissues, *grid.shape).
    """
    steps = np.rint(np.moveaxis(fractions, 0, -1) / _FRACTION_STEP).astype(np.uint8)
    image = nib.Nifti1Image(steps, grid.matrix)
    image.set_qform(grid.matrix, 1)
    image.set_sform(grid.matrix, 1)
    image.header.set_xyzt_units("mm")
    image.header.set_slope_inter(_FRACTION_STEP, 0.0)
    save_image(image, path)
    write_json({"LabelMap": [tissue.name.lower() for tissue in Tissue]}, sidecar_of(path))
