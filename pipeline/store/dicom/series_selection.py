"""Selection of the one volume to measure, by the rules in the settings."""

from collections import Counter
from collections.abc import Sequence
from fnmatch import fnmatchcase

from pipeline.domain.dixon import DIXON_IMAGES
from pipeline.errors import ScanError
from pipeline.settings.intake import SeriesRules
from pipeline.store.dicom.series_sorting import Volume

_COLUMNS = (
    "series",
    "slices",
    "plane",
    "voxel in mm",
    "TE in ms",
    "TR in ms",
    "images",
    "centre in mm",
    "contrast",
    "note",
)
_TOLERANCE = 1.001
_MOST_FAULTS = 3


def choose(volumes: Sequence[Volume], rules: SeriesRules) -> tuple[Volume, ...]:
    """Choose the volume to measure; for a Dixon scan, the water image and then the fat image.

    Localisers, phase images, parameter maps, reformats and single images are chosen only
    if `rules.series` names them, or if there is nothing else.

    Raises
    ------
    ScanError
        If none fits or several do, with a table of them; or the one that fits is incomplete.
    """
    if rules.series is not None:
        fitting = _named(volumes, rules.series)
    else:
        fitting = [v for v in volumes if _fits(v, rules)]
    fitting = [v for v in fitting if not v.exclusion] or fitting
    water = [v for v in fitting if v.contrast == "water"]
    if len(water) == 1 and _is_one_dixon(fitting):
        fitting = water
    if len(fitting) != 1:
        raise ScanError(_table(volumes, fitting, rules))
    (chosen,) = fitting
    if chosen.fault:
        raise ScanError(chosen.fault)
    if chosen.contrast != "water":
        return (chosen,)
    fat = [
        v for v in volumes if v.contrast == "fat" and not v.exclusion and v.belongs_to(chosen)
    ]
    return (chosen, *fat) if len(fat) == 1 else (chosen,)


def _named(volumes: Sequence[Volume], name: str) -> list[Volume]:
    return [v for v in volumes if v.name == name] or [
        v for v in volumes if str(v.first.series_number) == name
    ]


def _fits(volume: Volume, rules: SeriesRules) -> bool:
    # An incomplete volume is not rejected for its unknown spacing: it may be the one meant.
    unknown_mm = 0.0 if volume.fault else float("inf")
    *pixel_mm, slice_mm = volume.spacing_mm or (unknown_mm, unknown_mm)
    return (
        (
            rules.description is None
            or any(fnmatchcase(t, rules.description.lower()) for t in volume.first.titles)
        )
        and rules.contrast in (None, volume.contrast)
        and rules.plane in (None, volume.plane)
        and max(pixel_mm) <= _TOLERANCE * (rules.max_pixel_mm or float("inf"))
        and slice_mm <= _TOLERANCE * (rules.max_slice_mm or float("inf"))
    )


def _is_one_dixon(volumes: Sequence[Volume]) -> bool:
    parts = [v.contrast for v in volumes]
    return len(set(parts)) == len(parts) and all(
        v.contrast in DIXON_IMAGES and v.belongs_to(volumes[0]) for v in volumes
    )


def _table(volumes: Sequence[Volume], fitting: Sequence[Volume], rules: SeriesRules) -> str:
    given = rules.model_dump(include=set(SeriesRules.model_fields), exclude_none=True)
    stated = f" with {', '.join(f'{k} {v}' for k, v in given.items())}" if given else ""
    rows = [_COLUMNS, *_numbered([_row(v) for v in (fitting or volumes)])]
    widths = [max(len(row[k]) for row in rows) for k in range(len(_COLUMNS))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows]
    faults = [f"  Series {v.name}: {v.fault}" for v in (fitting or volumes) if v.fault]
    example = (fitting or volumes)[0].name
    return "\n".join(
        [
            f"A source must contain one volume to measure{stated}: got {len(fitting)} of "
            f"{len(volumes)}. Choose one with --series, for example --series {example}, or by "
            "the rules in [intake] (description, contrast, plane, max_pixel_mm, max_slice_mm).",
            *(f"  {line.rstrip()}" for line in lines),
            *faults[:_MOST_FAULTS],
        ]
    )


def _numbered(rows: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Add numbers, in order of time, to rows that are identical except for the name."""
    counts = Counter(row[1:] for row in rows)
    so_far: Counter[tuple[str, ...]] = Counter()
    numbered = []
    for row in rows:
        so_far[row[1:]] += 1
        order = f"{so_far[row[1:]]} of {counts[row[1:]]} in time" if counts[row[1:]] > 1 else ""
        numbered.append((*row[:-1], ", ".join(text for text in (row[-1], order) if text)))
    return numbered


def _row(volume: Volume) -> tuple[str, ...]:
    first = volume.first
    times = (first.echo_time_ms, first.repetition_time_ms)
    numbers = sorted(item.order[2] for item in volume.slices)
    grid = volume.grid
    return (
        volume.name,
        "mosaic" if first.is_mosaic else str(len(volume.slices)),
        volume.plane,
        " x ".join(f"{s:.3g}" for s in volume.spacing_mm) or "unknown",
        *("unknown" if t is None else f"{t:g}" for t in times),
        "-".join(map(str, dict.fromkeys((numbers[0], numbers[-1])))),
        "unknown" if grid is None else " ".join(f"{c:.0f}" for c in grid.centre_mm),
        volume.contrast or "unknown",
        volume.exclusion or ("incomplete" if volume.fault else ""),
    )
