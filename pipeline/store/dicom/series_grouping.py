"""Grouping of DICOM images into series, even if an export gave one series several UIDs."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from pipeline.store.dicom.slice_header import Concatenation, SliceHeader
from pipeline.store.dicom.stack_geometry import FEWEST_SLICES, normal_of

Images = list[SliceHeader]
_MOST_LISTED = 5


def group_series(slices: Sequence[SliceHeader]) -> Iterator[tuple[Images, str]]:
    """Group images into series, by their UIDs unless these are inconsistent.

    Some exports and anonymisers give the images of one series several study or series UIDs.
    They are joined again if series number, time and titles are equal and no image number
    occurs twice; series of too few slices only if image numbers also follow the stack.
    Whether they form a volume is checked later, from their positions.

    Yields
    ------
    list of SliceHeader, str
        The images of a series, and a sentence why it is incomplete; or empty.
    """
    by_series: dict[str, dict[str, Images]] = defaultdict(lambda: defaultdict(list))
    for item in slices:
        by_series[item.series][item.study].append(item)
    fragments: dict[tuple[int, str], list[Images]] = defaultdict(list)
    for studies in by_series.values():
        together = _together(list(studies.values()))
        groups = list(studies.values())
        for images in groups if len(groups) > 1 and _doubt(together) else [together]:
            if _is_fragment(images):
                fragments[images[0].series_number, images[0].modality].append(images)
            else:
                yield images, _lacking(images)
    for groups in fragments.values():
        yield _joined(groups)


def _is_fragment(images: Images) -> bool:
    return (
        not any(item.is_mosaic for item in images)
        and len({item.position_mm for item in images}) < FEWEST_SLICES
    )


def _joined(groups: Sequence[Images]) -> tuple[Images, str]:
    """Join series of too few slices that have the same number."""
    images = _together(groups)
    doubt = (_doubt(images) or _disorder(images)) if len(groups) > 1 else ""
    if doubt:
        doubt = (
            "A series must have one study and series UID: got "
            f"{len(images)} images of series {images[0].series_number} under {len(groups)} of "
            f"them, {doubt}. Export the series again, with its own UIDs."
        )
    return images, doubt or _lacking(images)


def _together(groups: Sequence[Images]) -> Images:
    """Return all images with the first of their study and series UIDs."""
    images = [item for group in groups for item in group]
    study, series = min((item.study, item.series) for item in images)
    return [replace(item, study=study, series=series) for item in images]


def _doubt(images: Images) -> str:
    """Say why images of several UIDs may not be of one series; empty if they may."""
    numbers = {item.order[2] for item in images}
    if images[0].series_number < 1 or min(numbers) < 1:
        return "without series and image numbers to group them by"
    if len(numbers) < len(images):
        return f"with only {len(numbers)} different image numbers"
    if len({item.time for item in images}) > 1:
        return "which started at different times"
    if len({item.titles for item in images}) > 1:
        return "with different descriptions"
    return ""


def _disorder(images: Images) -> str:
    """Say why image numbers do not follow the stack of each echo and kind; empty if they do."""
    if any(len(s.position_mm or ()) != 3 or len(s.orientation or ()) != 6 for s in images):
        return "without positions"
    kinds: dict[tuple[object, ...], Images] = defaultdict(list)
    for item in sorted(images, key=lambda s: s.order[2]):
        kinds[item.echo_time_ms, item.kind].append(item)
    for stack in kinds.values():
        steps = np.diff(np.array([s.position_mm for s in stack]) @ normal_of(stack[0]))
        if not ((steps > 0).all() or (steps < 0).all()):
            return "whose numbers do not follow the stack"
    return ""


def _lacking(images: Images) -> str:
    """Say which files of a concatenation are missing (PS3.3 C.7.6.16.2.2.4); or empty."""
    by_uid: dict[str, set[tuple[object, Concatenation]]] = defaultdict(set)
    for item in images:
        if item.concatenation is not None:
            by_uid[item.concatenation.identifier].add((item.file, item.concatenation))
    for files in by_uid.values():
        parts = sorted((part for _, part in files), key=lambda part: part.number)
        fault = _fault_of(parts)
        if fault:
            return (
                f"A concatenation must be complete: {fault}. Export the whole series again, or "
                "as single-frame images (classic MR)."
            )
    return ""


def _fault_of(parts: Sequence[Concatenation]) -> str:
    numbers = [part.number for part in parts]
    # One part alone is never complete, even if the total is missing.
    total = max(2, *numbers, *(part.total for part in parts))
    there = {number for number in numbers if number > 0}
    missing = list(islice((n for n in range(1, total + 1) if n not in there), _MOST_LISTED))
    lacking = total - len(there)
    got = f"got part {', '.join(map(str, sorted(there)[:_MOST_LISTED]))} of {total}"
    if lacking:
        verb, more = "is" if lacking == 1 else "are", " .." if lacking > _MOST_LISTED else ""
        return f"{got}, so {', '.join(map(str, missing))}{more} {verb} missing"
    if len(numbers) > total:
        return f"{got}, some of them twice"
    before = 0
    for part in parts:
        if part.offset not in (None, before):
            return (
                f"got part {part.number} of {total} with {part.offset} frames before it, where "
                f"{before} are there"
            )
        before += part.frames
    return ""
