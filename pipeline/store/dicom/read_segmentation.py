"""Reading of DICOM segmentations that were edited elsewhere."""

import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import highdicom as hd
import numpy as np

from pipeline.errors import ArtefactError
from pipeline.store.correction_segments import Mask, Segment, Segments, label_named
from pipeline.store.formats import MOST_VOXELS

_LPS_TO_RAS = np.diag((-1.0, -1.0, 1.0, 1.0))
_FRACTIONAL = hd.seg.SegmentationTypeValues.FRACTIONAL


def read_dicom(path: Path, names: Mapping[int, str]) -> Segments:
    """Read a DICOM segmentation; nothing that names a person is kept.

    A segment is identified by its label, which is a name or an abbreviation.

    Raises
    ------
    ArtefactError
        If it is damaged, fractional, or not an evenly spaced stack of slices.
    """
    with _readable(path):
        made = hd.seg.segread(path)
        kind, geometry = made.segmentation_type, made.get_volume_geometry()
        texts = {n: made.get_segment_description(n).segment_label for n in made.segment_numbers}
    fact = None
    if kind is _FRACTIONAL:
        fact = "fractions of voxels. Export it as a binary segmentation."
    elif geometry is None or math.prod(geometry.shape) > MOST_VOXELS:
        fact = "slices of other places. Export it on the grid of the scan."
    if fact or geometry is None:
        msg = (
            "A DICOM segmentation must label whole voxels of one evenly spaced stack: got "
            f"{path.name!r}, which has {fact}"
        )
        raise ArtefactError(msg)
    segments = [
        Segment(text, label_named(text, names), partial(_mask, made, number, path))
        for number, text in texts.items()
    ]
    return Segments(segments, geometry.spatial_shape, _LPS_TO_RAS @ geometry.affine)


def _mask(made: hd.seg.Segmentation, number: int, path: Path) -> Mask:
    with _readable(path):
        volume = made.get_volume(segment_numbers=[number])
        return np.asarray(volume.array[..., 0] > 0)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    with warnings.catch_warnings():
        # Warnings and errors of pydicom quote values, which may name a person.
        warnings.simplefilter("ignore")
        try:
            yield
        except Exception:
            msg = (
                f"A label map in DICOM must be a whole segmentation: got {path.name!r}, which "
                "is damaged or something else. Export it again."
            )
        else:
            return
    raise ArtefactError(msg) from None
