"""Digital feet in random scans, as the packaged networks see them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.domain.grid import Grid
from pipeline.domain.scan import Scan
from pipeline.errors import ScanError
from pipeline.phantom.acquisition.acquire import acquire
from pipeline.phantom.acquisition.protocols import PROTOCOL_NAMES, Protocol, get_protocol
from pipeline.phantom.acquisition.random_protocol import draw_acquisition
from pipeline.phantom.anatomy.digital_foot import make_foot
from pipeline.phantom.anatomy.foot import Foot
from pipeline.phantom.anatomy.kind import FootKind
from pipeline.phantom.anatomy.kind_shapes import draw_kind_shape
from pipeline.phantom.anatomy.positioning import random_pose
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.segmenters.network.boundary import box_about_boundary, has_core
from pipeline.segmenters.network.localisation import LocalisedFoot, localise_foot
from pipeline.segmenters.network.resample_to_scan import bone_probability, muscle_probability
from pipeline.segmenters.network.weights import load_weights
from pipeline.stages.preprocess import PreprocessParams, preprocess
from pipeline.store.files import written_whole
from training.feet import ALL_KINDS, Kinds, draw_kind, draw_training_shape

BORDER_STREAM = 6_000_000
"""Seeds of these feet and scans start here."""

SCAN_STREAM = BORDER_STREAM + 500_000
SCANS_PER_FOOT = 3
"""One after another, as making a foot takes longer than scanning it."""

_SPACING_MM = 0.5  # of the feet: at 1 mm a sheet of tendon or fat is hardly there
_POPULATION = 2 / 3  # of all feet; the others are shaped and wasted as no living one is
_FATTY = 0.6  # of the population's feet, in all muscles alike
_FAT = (0.05, 0.4)
_SORE = 0.4  # of the population's feet have a thick fascia and oedema about it
_SORE_MM = (0.0, 4.0)

# Every second scan is by one of the packaged protocols, its numbers changed by up to:
_SIZE_CHANGE = 1.25  # times, pixels and slices
_TIME_CHANGE = 1.15  # times, repetition and echo
_SNR = (10.0, 70.0)
_OBLIQUE_DEG = 25.0
_HARDEST = "t2_fs"  # muscle, fat and tendon are all dark, so every fourth of these is such

# The others are by protocols drawn at random.
_FINEST_MM, _COARSEST_MM = 0.5, 1.2  # of pixels
_SPOILT = 1 / 3  # of these as badly as in training; the rest as scanners do

_PARTS = (2, 4)  # along an axis of fine and of coarse spacing, to tell how much is muscle


@dataclass(frozen=True, slots=True, eq=False)
class SeenPart:
    """The part of a scan about its muscles or a bone, what the networks see there, and truth.

    Parameters
    ----------
    intensity
        Preprocessed.
    chance, labels
        Of any muscle, or of the bone; and the label of the likeliest one.
    share
        Part of each voxel that is such.
    affine
        Index in this part to world.
    """

    intensity: NDArray[np.float16]
    chance: NDArray[np.float16]
    labels: NDArray[np.uint8]
    share: NDArray[np.float16]
    affine: NDArray[np.float64]

    @property
    def grid(self) -> Grid:
        """Of this part."""
        return Grid.from_arrays(self.chance.shape, self.affine)


def seen_muscles(index: int, folder: Path, kinds: Kinds = ALL_KINDS) -> SeenPart:
    """Give the muscles of scan `index`: from the folder if they are there, else put there.

    Parameters
    ----------
    kinds
        Of which the foot is one.
    """
    (seen,) = _kept(folder, "muscles", _draw_muscles, index, kinds)
    return seen


def seen_bones(index: int, folder: Path, kinds: Kinds = ALL_KINDS) -> list[SeenPart]:
    """Give the bones of scan `index` that are seen clearly, in the same way."""
    return _kept(folder, "bones", _draw_bones, index, kinds)


def _kept(
    folder: Path,
    what: str,
    draw: Callable[[int, FootKind], Iterator[SeenPart]],
    index: int,
    kinds: Kinds,
) -> list[SeenPart]:
    kind = draw_kind(BORDER_STREAM, index // SCANS_PER_FOOT, kinds)
    path = folder / f"{what}-{kind}-{index:05d}.npz"
    names = [field.name for field in fields(SeenPart)]
    if not path.exists():
        arrays = {
            f"{name}-{number}": getattr(part, name)
            for number, part in enumerate(draw(index, kind))
            for name in names
        }
        with written_whole(path) as scratch:
            np.savez_compressed(scratch, **arrays)
    with np.load(path, allow_pickle=False) as kept:
        parts = len(kept.files) // len(names)
        return [SeenPart(*(kept[f"{name}-{n}"] for name in names)) for n in range(parts)]


def _draw_muscles(index: int, kind: FootKind) -> Iterator[SeenPart]:
    foot, scan, found = _take(index, kind)
    chance, muscles = muscle_probability(found.muscles.without_small_components(), scan.grid)
    yield _part(scan, chance, muscles, foot.truth.muscles.voxels > 0, foot.grid)


def _draw_bones(index: int, kind: FootKind) -> Iterator[SeenPart]:
    foot, scan, found = _take(index, kind)
    sight = found.prediction.without_small_components()
    for label in load_weights().centres_mm:
        chance = np.zeros(scan.grid.shape, dtype=np.float32)
        box, chance[box] = bone_probability(sight, scan.grid, label)
        if has_core(chance):
            labels = np.full(chance.shape, label, dtype=np.uint8)
            yield _part(scan, chance, labels, foot.truth.bones.voxels == label, foot.grid)


def _part(
    scan: Scan,
    chance: NDArray[np.float32],
    labels: NDArray[np.uint8],
    truth: NDArray[np.bool_],
    finer: Grid,
) -> SeenPart:
    box = box_about_boundary(chance)
    places = np.indices(chance[box].shape).reshape(3, -1).T + [side.start for side in box]
    affine = scan.grid.matrix
    affine[:3, 3] = scan.grid.to_world([side.start for side in box])
    return SeenPart(
        scan.intensity[box].astype(np.float16),
        chance[box].astype(np.float16),
        labels[box],
        _share(truth, finer, scan.grid, places).reshape(chance[box].shape).astype(np.float16),
        affine,
    )


@lru_cache(maxsize=1)
def _take(index: int, kind: FootKind) -> tuple[Foot, Scan, LocalisedFoot]:
    rng = np.random.default_rng((SCAN_STREAM, index))
    foot = _foot(index // SCANS_PER_FOOT, kind).moved(random_pose(rng))
    while True:
        scan = preprocess(_draw_scan(foot, index, rng), PreprocessParams())
        try:
            return foot, scan, localise_foot(scan, load_weights())
        except ScanError:  # spoilt beyond recognition
            continue


@lru_cache(maxsize=1)
def _foot(number: int, kind: FootKind) -> Foot:
    rng = np.random.default_rng((BORDER_STREAM, number))
    is_living = rng.random() < _POPULATION
    draw = _draw_living_shape if is_living else draw_training_shape
    return make_foot(draw(rng, kind), _SPACING_MM)


def _draw_living_shape(rng: np.random.Generator, kind: FootKind) -> FootShape:
    shape = draw_kind_shape(rng, kind)
    if rng.random() < _FATTY:
        fat = dict.fromkeys(MUSCLE_NAMES, float(rng.uniform(*_FAT)))
        shape = replace(shape, fat_fractions=MappingProxyType(fat))
    if rng.random() < _SORE:
        thicker_mm, oedema_mm = rng.uniform(*_SORE_MM, size=2).tolist()
        shape = replace(shape, fascia_thickening_mm=thicker_mm, oedema_mm=oedema_mm)
    return shape


def _draw_scan(foot: Foot, index: int, rng: np.random.Generator) -> Scan:
    if index % 2:
        return _random_scan(foot, rng)
    names = (_HARDEST,) if index % 8 == 4 else PROTOCOL_NAMES
    return acquire(foot, _near(names[rng.integers(len(names))], rng), rng)


def _near(name: str, rng: np.random.Generator) -> Protocol:
    """Change the numbers of a packaged protocol, as one hospital's differ from another's."""
    known = get_protocol(name)

    def about(value: float, most: float) -> float:
        return value * float(np.exp(rng.uniform(-1, 1) * np.log(most)))

    pixel_mm = about(known.in_plane_mm, _SIZE_CHANGE)
    thickness_mm = max(pixel_mm, about(known.slice_thickness_mm, _SIZE_CHANGE))
    echo_ms = about(known.echo_time_ms, _TIME_CHANGE)
    return replace(
        known,
        in_plane_mm=pixel_mm,
        slice_thickness_mm=thickness_mm,
        slice_spacing_mm=thickness_mm * (known.slice_spacing_mm / known.slice_thickness_mm),
        repetition_time_ms=about(known.repetition_time_ms, _TIME_CHANGE),
        echo_time_ms=echo_ms,
        echo_train_ms=known.echo_train_ms * echo_ms / known.echo_time_ms,
        muscle_snr=float(np.exp(rng.uniform(*np.log(_SNR)))),
        oblique_deg=float(rng.uniform(-1, 1)) * _OBLIQUE_DEG,
        phase_axis=int(rng.integers(2)),
    )


def _random_scan(foot: Foot, rng: np.random.Generator) -> Scan:
    protocol, artefacts = draw_acquisition(rng, finest_mm=_FINEST_MM)
    protocol = replace(
        protocol,
        in_plane_mm=min(protocol.in_plane_mm, _COARSEST_MM),
        cut_heel_mm=0.0,
        cut_toes_mm=0.0,
    )
    if rng.random() > _SPOILT:
        return acquire(foot, protocol, rng)
    return acquire(foot, protocol, rng, artefacts=replace(artefacts, swap=0.0, wrap=0.0))


def _share(
    truth: NDArray[np.bool_], finer: Grid, grid: Grid, places: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Give the part of voxels that is true on a finer grid, by points spread evenly in each."""
    parts = np.where(grid.fine_axes, *_PARTS)
    share = np.zeros(len(places), dtype=np.float32)
    to_finer = np.linalg.inv(finer.matrix) @ grid.matrix
    middles = places @ to_finer[:3, :3].T + to_finer[:3, 3]
    for part in np.ndindex(*parts):
        aside = to_finer[:3, :3] @ ((np.array(part) + 0.5) / parts - 0.5)
        share += ndimage.map_coordinates(truth, (middles + aside).T, order=0, output=np.uint8)
    return share / np.prod(parts).astype(np.float32)
