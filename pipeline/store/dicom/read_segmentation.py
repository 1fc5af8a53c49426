"""Reading of DICOM segmentations that were edited elsewhere."""

import math
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import highdicom as hd
import numpy as np

from pipeline.domain.anatomy import BONE_NAMES
from pipeline.domain.scan import Side
from pipeline.errors import ArtefactError
from pipeline.store.correction_segments import (
    Mask,
    Segment,
    Segments,
    is_of_muscles,
    label_named,
)
from pipeline.store.dicom.coded_anatomy import bones_of, muscles_of
from pipeline.store.dicom.source_images import RAS_TO_LPS
from pipeline.store.formats import MOST_VOXELS

_FRACTIONAL = hd.seg.SegmentationTypeValues.FRACTIONAL


def read_dicom(path: Path, names: Mapping[int, str]) -> Segments:
    """Read a DICOM segmentation; nothing that names a person is kept.

    A segment is identified by its name or abbreviation. If that is unknown, as that of a
    segment that a program numbered, its coded anatomy tells.

    Raises
    ------
    ArtefactError
        If it is damaged, fractional, or not an evenly spaced stack of slices.
    """
    with _readable(path):
        made = hd.seg.segread(path)
        kind, geometry = made.segmentation_type, made.get_volume_geometry()
        described = [(n, made.get_segment_description(n)) for n in made.segment_numbers]
        named = [(n, item.segment_label, _label(item, names)) for n, item in described]
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
        Segment(text, label, partial(_mask, made, number, path))
        for number, text, label in named
    ]
    # The matrix is its own inverse.
    return Segments(segments, geometry.spatial_shape, RAS_TO_LPS @ geometry.affine)


def _label(segment: hd.seg.SegmentDescription, names: Mapping[int, str]) -> int | None:
    named = label_named(segment.segment_label, names)
    if named is not None:
        return named
    coded = _labels_by_code(names)
    concepts = (segment.segmented_property_type, *(segment.anatomic_regions or ()))
    found = {coded[key] for c in concepts if (key := (c.scheme_designator, c.value)) in coded}
    return found.pop() if len(found) == 1 else None


def _labels_by_code(names: Mapping[int, str]) -> dict[tuple[str, str], int]:
    """Give the label of each code that stands for one structure alone."""
    if names.get(1) == BONE_NAMES[1]:
        structures = [s for side in Side for s in bones_of(side)]
    else:
        structures = [s for side in Side for s in muscles_of(side) if is_of_muscles(names)]
    labels: dict[tuple[str, str], set[int]] = defaultdict(set)
    for structure in structures:
        labels[structure.code.scheme_designator, structure.code.value].add(structure.label)
    return {code: found.pop() for code, found in labels.items() if len(found) == 1}


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
