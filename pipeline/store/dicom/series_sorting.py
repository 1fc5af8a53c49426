"""Sorting of DICOM images into volumes, each with reasons not to measure it."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from pipeline.domain.dixon import DIXON_IMAGES, dixon_image
from pipeline.domain.grid import Grid
from pipeline.errors import ScanError
from pipeline.store.dicom.series_grouping import group_series
from pipeline.store.dicom.slice_header import SliceHeader
from pipeline.store.dicom.stack_geometry import (
    FEWEST_SLICES,
    grid_of,
    orientations_of,
    plane_of,
    split_stack,
)

_PHASE = {"P", "PHASE", "PHASE MAP", "REAL", "R", "IMAGINARY", "I"}
_MAPS = {"FAT_FRACTION", "FF", "T1 MAP", "T2 MAP", "T2_STAR", "R2_STAR", "ADC", "FIELD_MAP"}
_PROJECTIONS = {"PROJECTION IMAGE", "MIP", "MPR", "RESAMPLED"}
_SCOUTS = {"localizer", "localiser", "loc", "scout", "survey"}
_WEIGHTINGS = {"t1": "T1w", "t2": "T2w", "pd": "PDw"}
_WEIGHTING = re.compile("(t1|t2|pd)(w|wi|fs|tse|fse|se)?")
# Largest share of one plane in a three-plane localiser; a stack with one odd slice has more.
_LARGEST_SCOUT_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Volume:
    """One volume of one series.

    Parameters
    ----------
    name
        Number of its series, with ``-1``, ``-2`` .. if the series has several volumes.
    slices
        Slices in the order of their positions; a mosaic counts as one.
    contrast
        ``water``, ``fat``, ``in`` or ``opposed`` of a Dixon scan, else ``T1w``, ``T2w`` or
        ``PDw``; empty if the header does not state it.
    exclusion
        Why it is measured only on request, such as ``localiser``; or empty.
    fault
        Why it cannot be measured, as a sentence; or empty.
    """

    name: str
    slices: tuple[SliceHeader, ...]
    contrast: str
    exclusion: str
    fault: str = ""

    @property
    def first(self) -> SliceHeader:
        """The first of its images."""
        return self.slices[0]

    @property
    def plane(self) -> str:
        """The scanner plane closest to its slices."""
        return plane_of(self.first)

    @property
    def grid(self) -> Grid | None:
        """The grid of its voxels; None if the positions do not define one."""
        return None if self.fault or self.first.is_mosaic else grid_of(self.slices)

    @property
    def spacing_mm(self) -> tuple[float, ...]:
        """Spacing of columns, rows and slices; empty if the header does not state it."""
        grid = self.grid
        if grid is not None:
            return grid.spacing_mm
        between = self.first.spacing_between_mm
        known = self.first.spacing_mm or ()
        is_known = between and len(known) == 2 and not self.fault
        return (*reversed(known), between) if is_known and between else ()

    def belongs_to(self, other: "Volume") -> bool:
        """Whether both are of one Dixon scan: same grid, and same title except for the part."""
        ours, theirs = self.grid, other.grid
        return (
            ours is not None
            and theirs is not None
            and ours.matches(theirs)
            and self.first.study == other.first.study
            and (
                self.first.series == other.first.series
                or _stem(self.first) == _stem(other.first)
            )
        )


def find_volumes(slices: Sequence[SliceHeader]) -> list[Volume]:
    """Sort images into volumes, in the order of series number and time."""
    found = [v for images, fault in group_series(slices) for v in _volumes_of(images, fault)]
    found = [_with_exclusion(v, found) for v in found]
    found.sort(key=lambda v: (v.first.series_number, v.first.time, v.first.series, _rank(v)))
    by_number: dict[int, list[Volume]] = defaultdict(list)
    for volume in found:
        by_number[volume.first.series_number].append(volume)
    return [
        replace(v, name=f"{number}" if len(group) == 1 else f"{number}-{k}")
        for number, group in sorted(by_number.items())
        for k, v in enumerate(group, start=1)
    ]


def _rank(volume: Volume) -> tuple[object, ...]:
    first = volume.first
    return first.echo_time_ms or 0.0, first.kind, first.order


def _volumes_of(images: Sequence[SliceHeader], fault: str) -> Iterator[Volume]:
    """Split a series by echo and kind, and each of these into stacks and repetitions."""
    if fault:
        yield _volume(images, fault)
        return
    kinds: dict[tuple[object, ...], list[SliceHeader]] = defaultdict(list)
    for item in images:
        kinds[item.echo_time_ms, item.kind, item.modality].append(item)
    stacks = [pair for kind in kinds.values() for pair in _stacks_of(kind).items()]
    counts: dict[tuple[str, str], set[int]] = defaultdict(set)
    for key, stack in stacks:
        counts[key].add(len({s.position_mm for s in stack}))
    for key, stack in stacks:
        if stack[0].is_mosaic:
            yield from (_volume([item]) for item in stack)
            continue
        try:
            volumes, fault = split_stack(stack), ""
        except ScanError as error:
            volumes, fault = [list(stack)], str(error)
        sizes = sorted(counts[key])
        if not fault and len(sizes) > 1:
            fault = (
                "Every echo and kind of a series must have the same slices: got stacks of "
                f"{' and '.join(map(str, sizes))} slices. Export the whole series again."
            )
        yield from (_volume(volume, fault) for volume in volumes)


def _stacks_of(images: Sequence[SliceHeader]) -> dict[tuple[str, str], list[SliceHeader]]:
    """Split frames by StackID and side, unless together they are one stack of one side."""
    stacks: dict[tuple[str, str], list[SliceHeader]] = defaultdict(list)
    for item in images:
        stacks[item.stack].append(item)
    together = {("", ""): list(images)}
    if min(len({s.position_mm for s in stack}) for stack in stacks.values()) < FEWEST_SLICES:
        return together
    if len({side for _, side in stacks}) == 1:
        with suppress(ScanError):
            return together if len(split_stack(images)) == 1 else stacks
    return stacks


def _volume(slices: Sequence[SliceHeader], fault: str = "") -> Volume:
    first = slices[0]
    if first.modality != "MR":
        fault = f"A scan must be MR: got modality {first.modality!r}. Give the MR series."
    elif first.encoding[0] != 1:
        fault = "A scan must have one value per voxel: got colours. Give the MR series."
    return Volume("", tuple(slices), _contrast(first), "", fault)


def _contrast(item: SliceHeader) -> str:
    title = re.split(r"[^a-z0-9*]+", " ".join(item.titles))
    is_dixon = bool({"dixon", "mdixon", "ideal", "flex"} & set(title))
    if image := dixon_image(item.kind[2:], title if is_dixon else ()):
        return image
    matches = [_WEIGHTING.fullmatch(word) for word in title]
    weightings = {match[1] for match in matches if match}
    return _WEIGHTINGS[weightings.pop()] if len(weightings) == 1 else ""


def _stem(item: SliceHeader) -> list[str]:
    """Return the words of the titles that do not name a Dixon image."""
    names = {name.lower() for group in DIXON_IMAGES.values() for name in group} | {"phase"}
    return [w for w in re.split("[^a-z0-9]+", " ".join(item.titles)) if w not in names]


def _with_exclusion(volume: Volume, others: Sequence[Volume]) -> Volume:
    """Note why a volume is not to be measured."""
    first, words = volume.first, set(volume.first.kind)
    siblings = [v for v in others if v.first.series == first.series]
    reasons = {
        f"{first.modality} images": first.modality != "MR",
        "localiser": _is_scout(volume, siblings),
        "phase image": bool(_PHASE & words),
        "parameter map": bool(_MAPS & words),
        "projection or reformat": bool(_PROJECTIONS & words),
        "no positions": not any(s.position_mm for v in siblings for s in v.slices),
        f"fewer than {FEWEST_SLICES} slices": _is_small(volume, siblings, others),
    }
    return replace(volume, exclusion=next((why for why, holds in reasons.items() if holds), ""))


def _is_scout(volume: Volume, siblings: Sequence[Volume]) -> bool:
    first = volume.first
    if "LOCALIZER" in first.kind or _SCOUTS & set(re.split("[^a-z]+", " ".join(first.titles))):
        return True
    planes = Counter(plane_of(s) for v in siblings for s in v.slices)
    for counts in (orientations_of(volume.slices), sorted(planes.values(), reverse=True)):
        if len(counts) > 1 and counts[0] <= _LARGEST_SCOUT_SHARE * sum(counts):
            return True
    return False


def _is_small(volume: Volume, siblings: Sequence[Volume], others: Sequence[Volume]) -> bool:
    """Whether it is a single image, not a slice that was separated from another volume."""
    first = volume.first
    is_separated = any(
        v.first.series_number == first.series_number or v.first.series == first.series
        for v in others
        if v is not volume
    )
    positions = {s.position_mm for s in volume.slices}
    return (
        not first.is_mosaic
        and len(positions) < FEWEST_SLICES
        and not is_separated
        and len(siblings) == 1
    )
