"""Finding a participant's scan in a raw BIDS dataset, and the fat image of a Dixon scan."""

import logging
from pathlib import Path

from pipeline.domain.dixon import without_water_or_fat
from pipeline.domain.scan import Contrast
from pipeline.errors import ScanError, listed
from pipeline.store.content import check_content
from pipeline.store.contrast import contrast_of
from pipeline.store.junk import without_junk
from pipeline.store.names import SUFFIXES, bare_label, check_owner, is_image, without_ending
from pipeline.store.sidecars import read_sidecar

_LOG = logging.getLogger(__name__)


def find_scan(bids_dir: Path, label: str) -> Path:
    """Find the one scan of a participant to measure.

    T1-weighted takes precedence over proton-density and T2-weighted, and the water image of
    a Dixon pair over its fat image.

    Raises
    ------
    ConfigError
        If the label is invalid.
    ScanError
        If no image fits, or more than one; or if one is named after another participant,
        or its content is elsewhere.
    """
    folder = bids_dir / f"sub-{bare_label(label)}"
    there = sorted({*folder.glob("anat/*.nii*"), *folder.glob("ses-*/anat/*.nii*")})
    images = without_junk(there, folder)
    if len(images) < len(there):
        _LOG.debug("%s: %d system files ignored", folder.name, len(there) - len(images))
    for image in images:
        check_owner(image, bids_dir)
    for suffix in SUFFIXES:
        fitting = [p for p in images if without_ending(p).endswith(f"_{suffix}")]
        if len(fitting) > 1:
            fitting = [p for p in fitting if _shown(p) is not Contrast.FAT] or fitting
        if len(fitting) > 1:
            names = listed(path.name for path in fitting)
            msg = (
                f"A participant must have one {suffix} scan: got {len(fitting)} ({names}). "
                "Keep the one to be measured and move the others out of the dataset."
            )
            raise ScanError(msg)
        if fitting:
            check_content(fitting[0])
            return fitting[0]
    msg = (
        f"A participant must have a scan named '{folder.name}_T1w.nii.gz' (or PDw, T2w): got "
        f"{len(images)} other images in '{folder.name}'. Put it there with 'footvol intake'."
    )
    raise ScanError(msg)


def find_fat_image(water: Path, option: Contrast | None = None) -> Path | None:
    """Find the fat image of the same Dixon scan; its name differs only in the Dixon part.

    Parameters
    ----------
    option
        Contrast of the image that the user states.

    Returns
    -------
    Path or None
        None if the image is not a water image, or has no fat image.

    Raises
    ------
    ScanError
        If there are several, or sidecar and name of an image contradict each other.
    """
    if _shown(water, option) is not Contrast.WATER or not water.parent.is_dir():
        return None
    own = without_water_or_fat(without_ending(water))
    found = [
        path
        for path in without_junk(sorted(water.parent.iterdir()), water.parent)
        if is_image(path)
        and path.name != water.name
        and without_water_or_fat(without_ending(path)) == own
        and _shown(path) is Contrast.FAT
    ]
    if len(found) > 1:
        names = ", ".join(repr(path.name) for path in found)
        msg = (
            f"A water image must have one fat image beside it: got {names} for "
            f"{water.name!r}. Keep the one of the same acquisition."
        )
        raise ScanError(msg)
    return found[0] if found else None


def _shown(image: Path, option: Contrast | None = None) -> Contrast:
    return contrast_of(image, read_sidecar(image), option)
