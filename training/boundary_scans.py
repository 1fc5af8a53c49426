"""Random scans of digital feet, with the predictions of the packaged networks."""

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
from pipeline.phantom.anatomy.foot_kind import FootKind
from pipeline.phantom.anatomy.kind_shapes import draw_kind_shape
from pipeline.phantom.anatomy.positioning import random_pose
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.segmenters.network.boundary import box_about_boundary, has_core
from pipeline.segmenters.network.localisation import LocalisedFoot, localise_foot
from pipeline.segmenters.network.resample_to_scan import bone_probability, muscle_probability
from pipeline.segmenters.network.weights import load_weights
from pipeline.settings.preprocess import PreprocessParams
from pipeline.stages.preprocess import preprocess
from pipeline.store.files import written_whole
from training.feet import ALL_KINDS, by_muscle, draw_kind, draw_training_shape

BOUNDARY_STREAM = 6_000_000
"""First seed of these feet."""

SCAN_STREAM = BOUNDARY_STREAM + 500_000
"""First seed of their scans."""

SCANS_PER_FOOT = 3
"""Consecutive scans of one foot, as making a foot takes longer than simulating a scan."""

_SPACING_MM = 0.7  # of the feet; 1 mm cannot represent thin sheets of tendon or fat
_POPULATION = 2 / 3  # fraction of all feet; the others have the shapes of training feet
_FATTY = 0.6  # fraction of the population's feet, with one fat fraction for all muscles
_FAT_FRACTION = (0.05, 0.4)
_ATROPHIED = 0.5  # fraction of the population's feet
_LARGEST_ATROPHY = 0.75
_FASCIITIS = 0.4  # fraction of the population's feet with a thickened fascia and oedema
_FASCIITIS_MM = (0.0, 4.0)

# Every second scan has a packaged protocol whose parameters are changed by up to:
_SIZE_FACTOR = 1.25  # pixel size and slice thickness
_TIME_FACTOR = 1.15  # repetition and echo time
_SNR = (10.0, 70.0)
_OBLIQUE_DEG = 25.0
_HARDEST = "t2_fs"  # muscle, fat and tendon are all dark; a quarter of these scans has it

# The others have random protocols.
_FINEST_MM, _COARSEST_MM = 0.5, 1.2  # pixel size
_WITH_ARTEFACTS = 1 / 3  # fraction of these with random MR artefacts

_SUBVOXELS = (2, 4)  # along an axis of fine and of coarse spacing, for the true fraction
# Names of the arrays in a cached file, for the fields of `PredictedRegion`.
_KEYS = ("intensity", "chance", "labels", "share", "affine")


@dataclass(frozen=True, slots=True, eq=False)
class PredictedRegion:
    """The region of a scan around its muscles or a bone: image, prediction and ground truth.

    Parameters
    ----------
    intensity
        Preprocessed image.
    probability, labels
        Predicted probability of any muscle, or of the bone; label of the most probable one.
    fraction
        True partial-volume fraction of muscle, or of the bone.
    affine
        Index in this region to world.
    """

    intensity: NDArray[np.float16]
    probability: NDArray[np.float16]
    labels: NDArray[np.uint8]
    fraction: NDArray[np.float16]
    affine: NDArray[np.float64]

    @property
    def grid(self) -> Grid:
        """Grid of this region."""
        return Grid.from_arrays(self.probability.shape, self.affine)


def kind_of_scan(index: int) -> FootKind:
    """Kind of the foot that scan `index` shows."""
    return draw_kind(BOUNDARY_STREAM, index // SCANS_PER_FOOT, ALL_KINDS)


def predicted_muscles(index: int, folder: Path) -> PredictedRegion:
    """Give the muscles of scan `index`, from the folder if they are cached there."""
    (region,) = _cached(folder, "muscles", _predict_muscles, index)
    return region


def predicted_bones(index: int, folder: Path) -> list[PredictedRegion]:
    """Give each bone of scan `index` that is predicted with confidence, in the same way."""
    return _cached(folder, "bones", _predict_bones, index)


def _cached(
    folder: Path,
    what: str,
    predict: Callable[[int, FootKind], Iterator[PredictedRegion]],
    index: int,
) -> list[PredictedRegion]:
    kind = kind_of_scan(index)
    path = folder / f"{what}-{kind}-{index:05d}.npz"
    if not path.exists():
        names = [field.name for field in fields(PredictedRegion)]
        arrays = {
            f"{key}-{number}": getattr(region, name)
            for number, region in enumerate(predict(index, kind))
            for key, name in zip(_KEYS, names, strict=True)
        }
        with written_whole(path) as scratch:
            np.savez(scratch, **arrays)
    with np.load(path, allow_pickle=False) as file:
        count = len(file.files) // len(_KEYS)
        return [PredictedRegion(*(file[f"{key}-{n}"] for key in _KEYS)) for n in range(count)]


def _predict_muscles(index: int, kind: FootKind) -> Iterator[PredictedRegion]:
    foot, scan, localised = _scan_and_localise(index, kind)
    prediction = localised.muscles.without_small_components()
    probability, muscles = muscle_probability(prediction, scan.grid)
    yield _region(scan, probability, muscles, foot.truth.muscles.voxels > 0, foot.grid)


def _predict_bones(index: int, kind: FootKind) -> Iterator[PredictedRegion]:
    foot, scan, localised = _scan_and_localise(index, kind)
    prediction = localised.prediction.without_small_components()
    for label in load_weights().centres_mm:
        probability = np.zeros(scan.grid.shape, dtype=np.float32)
        box, probability[box] = bone_probability(prediction, scan.grid, label)
        if has_core(probability):
            labels = np.full(probability.shape, label, dtype=np.uint8)
            yield _region(
                scan, probability, labels, foot.truth.bones.voxels == label, foot.grid
            )


def _region(
    scan: Scan,
    probability: NDArray[np.float32],
    labels: NDArray[np.uint8],
    truth: NDArray[np.bool_],
    true_grid: Grid,
) -> PredictedRegion:
    box = box_about_boundary(probability)
    start, shape = [side.start for side in box], probability[box].shape
    indices = np.indices(shape).reshape(3, -1).T + start
    fraction = _true_fraction(truth, true_grid, scan.grid, indices).reshape(shape)
    return PredictedRegion(
        scan.intensity[box].astype(np.float16),
        probability[box].astype(np.float16),
        labels[box],
        fraction.astype(np.float16),
        scan.grid.cropped(box).matrix,
    )


@lru_cache(maxsize=1)
def _scan_and_localise(index: int, kind: FootKind) -> tuple[Foot, Scan, LocalisedFoot]:
    rng = np.random.default_rng((SCAN_STREAM, index))
    foot = _foot(index // SCANS_PER_FOOT, kind).moved(random_pose(rng))
    while True:
        scan = preprocess(_draw_scan(foot, index, rng), PreprocessParams())
        try:
            return foot, scan, localise_foot(scan, load_weights())
        except ScanError:  # MR artefacts hide the foot; draw another scan
            continue


@lru_cache(maxsize=1)
def _foot(number: int, kind: FootKind) -> Foot:
    rng = np.random.default_rng((BOUNDARY_STREAM, number))
    is_population = rng.random() < _POPULATION
    draw = _draw_population_shape if is_population else draw_training_shape
    shape = draw(rng, kind)
    atrophy_rng = np.random.default_rng((BOUNDARY_STREAM, number, 1))
    if is_population and atrophy_rng.random() < _ATROPHIED:
        shape = replace(shape, atrophy=by_muscle(atrophy_rng, _LARGEST_ATROPHY))
    return make_foot(shape, _SPACING_MM)


def _draw_population_shape(rng: np.random.Generator, kind: FootKind) -> FootShape:
    shape = draw_kind_shape(rng, kind)
    if rng.random() < _FATTY:
        fat = dict.fromkeys(MUSCLE_NAMES, float(rng.uniform(*_FAT_FRACTION)))
        shape = replace(shape, fat_fractions=MappingProxyType(fat))
    if rng.random() < _FASCIITIS:
        thickening_mm, oedema_mm = rng.uniform(*_FASCIITIS_MM, size=2).tolist()
        shape = replace(shape, fascia_thickening_mm=thickening_mm, oedema_mm=oedema_mm)
    return shape


def _draw_scan(foot: Foot, index: int, rng: np.random.Generator) -> Scan:
    if index % 2:
        return _random_scan(foot, rng)
    names = (_HARDEST,) if index % 8 == 4 else PROTOCOL_NAMES
    return acquire(foot, _vary_protocol(names[rng.integers(len(names))], rng), rng)


def _vary_protocol(name: str, rng: np.random.Generator) -> Protocol:
    """Change the parameters of a packaged protocol, as they differ between hospitals."""
    known = get_protocol(name)

    def vary(value: float, factor: float) -> float:
        return value * float(np.exp(rng.uniform(-1, 1) * np.log(factor)))

    pixel_mm = vary(known.in_plane_mm, _SIZE_FACTOR)
    thickness_mm = max(pixel_mm, vary(known.slice_thickness_mm, _SIZE_FACTOR))
    echo_ms = vary(known.echo_time_ms, _TIME_FACTOR)
    return replace(
        known,
        in_plane_mm=pixel_mm,
        slice_thickness_mm=thickness_mm,
        slice_spacing_mm=thickness_mm * (known.slice_spacing_mm / known.slice_thickness_mm),
        repetition_time_ms=vary(known.repetition_time_ms, _TIME_FACTOR),
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
    if rng.random() > _WITH_ARTEFACTS:
        return acquire(foot, protocol, rng)
    return acquire(foot, protocol, rng, artefacts=replace(artefacts, swap=0.0, wrap=0.0))


def _true_fraction(
    truth: NDArray[np.bool_], true_grid: Grid, grid: Grid, indices: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Sample the ground truth at evenly spaced points in each of these voxels of a grid."""
    subvoxels = np.where(grid.fine_axes, *_SUBVOXELS)
    fraction = np.zeros(len(indices), dtype=np.float32)
    to_truth = np.linalg.inv(true_grid.matrix) @ grid.matrix
    centres = indices @ to_truth[:3, :3].T + to_truth[:3, 3]
    for subvoxel in np.ndindex(*subvoxels):
        offset = to_truth[:3, :3] @ ((np.array(subvoxel) + 0.5) / subvoxels - 0.5)
        points = (centres + offset).T
        fraction += ndimage.map_coordinates(truth, points, order=0, output=np.uint8)
    return fraction / np.prod(subvoxels).astype(np.float32)
