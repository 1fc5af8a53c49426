"""Borders to learn from: digital feet in random scans, as the packaged networks see them."""

from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.domain.scan import Scan
from pipeline.errors import ScanError
from pipeline.phantom.acquisition import acquire
from pipeline.phantom.anatomy import make_foot
from pipeline.phantom.foot import Foot
from pipeline.phantom.pose import random_pose
from pipeline.phantom.randomised import draw_acquisition
from pipeline.phantom.shape import FootShape, draw_shape
from pipeline.segmenters.borders import border_features
from pipeline.segmenters.carried import muscle_chance
from pipeline.segmenters.network_search import find_foot
from pipeline.segmenters.weights import load_weights
from pipeline.stages.preprocess import PreprocessParams, preprocess
from pipeline.store.files import written_whole
from training.feet import draw_training_shape

BORDER_STREAM = 6_000_000
"""Seeds of these feet and scans start here."""

SPACING_MM = 0.5  # of the feet: at 1 mm a sheet of tendon or fat is hardly there
_FINEST_MM, _COARSEST_MM = 0.4, 1.2  # of pixels
_POPULATION = 2 / 3  # of all feet; the others are shaped and wasted as no living one is
_FATTY = 0.6  # of the population's feet, in all muscles alike
_FAT = (0.05, 0.4)
_SORE = 0.4  # of the population's feet have a thick fascia and oedema about it
_SORE_MM = (0.0, 4.0)
_SPOILT = 1 / 3  # of all scans, as badly as in training; the others as scanners do
_OTHER_NETWORKS = 0.2  # of scans show the chances of a coarser, surer or less sure network
_BLUR_MM = (0.0, 1.5)  # SD
_SURER = (0.7, 3.0)  # times the log odds
_SEEN = 1e-3  # of chance, where features are taken
_PARTS = (2, 4)  # along an axis of fine and of coarse spacing, to tell how much is muscle


@dataclass(frozen=True, slots=True, eq=False)
class BorderExample:
    """Voxels at the borders of one scan.

    Parameters
    ----------
    features
        (voxels, `FEATURES`) of `pipeline.segmenters.borders`.
    share
        Part of each voxel that is muscle.
    """

    features: NDArray[np.float32]
    share: NDArray[np.float32]


def border_example(index: int, folder: Path) -> BorderExample:
    """Give example `index`: from the folder if it is there, else made and put there."""
    path = folder / f"borders-{index:05d}.npz"
    if not path.exists():
        example = _draw_example(np.random.default_rng((BORDER_STREAM, index)))
        with written_whole(path) as scratch:
            np.savez_compressed(scratch, features=example.features, share=example.share)
    with np.load(path, allow_pickle=False) as kept:
        return BorderExample(kept["features"], kept["share"])


def _draw_example(rng: np.random.Generator) -> BorderExample:
    foot = make_foot(_draw_shape(rng), SPACING_MM).moved(random_pose(rng))
    while True:
        scan = preprocess(_draw_scan(foot, rng), PreprocessParams())
        try:
            found = find_foot(scan, load_weights())
        except ScanError:  # spoilt beyond recognition
            continue
        break
    chance, _ = muscle_chance(found.muscles.without_strays(), scan.grid)
    if rng.random() < _OTHER_NETWORKS:
        chance = _by_another(chance, scan, rng)
    (box,) = ndimage.find_objects((chance > _SEEN).astype(np.uint8))
    is_border, features = border_features(scan.intensity[box], scan.grid, chance[box])
    places = np.argwhere(is_border) + [side.start for side in box]
    return BorderExample(features, _part_of_muscle(foot, scan, places))


def _draw_shape(rng: np.random.Generator) -> FootShape:
    if rng.random() > _POPULATION:
        return draw_training_shape(rng)
    shape = draw_shape(rng)
    if rng.random() < _FATTY:
        fat = dict.fromkeys(MUSCLE_NAMES, float(rng.uniform(*_FAT)))
        shape = replace(shape, fat_fractions=MappingProxyType(fat))
    if rng.random() < _SORE:
        thicker_mm, oedema_mm = rng.uniform(*_SORE_MM, size=2).tolist()
        shape = replace(shape, fascia_thickening_mm=thicker_mm, oedema_mm=oedema_mm)
    return shape


def _draw_scan(foot: Foot, rng: np.random.Generator) -> Scan:
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


def _by_another(
    chance: NDArray[np.float32], scan: Scan, rng: np.random.Generator
) -> NDArray[np.float32]:
    blurred = ndimage.gaussian_filter(
        chance, rng.uniform(*_BLUR_MM) / np.array(scan.grid.spacing_mm)
    )
    times = np.exp(rng.uniform(*np.log(_SURER)))
    powers, others = blurred**times, (1 - blurred) ** times
    surer: NDArray[np.float32] = (powers / (powers + others)).astype(np.float32)
    return surer


def _part_of_muscle(foot: Foot, scan: Scan, places: NDArray[np.intp]) -> NDArray[np.float32]:
    """Give the mean over points spread evenly in each voxel."""
    parts = np.where(scan.grid.fine_axes, *_PARTS)
    is_muscle = foot.truth.muscles.voxels > 0
    share = np.zeros(len(places), dtype=np.float32)
    for part in np.ndindex(*parts):
        points_mm = scan.grid.to_world(places + (np.array(part) + 0.5) / parts - 0.5)
        at = foot.grid.to_index(points_mm).T
        share += ndimage.map_coordinates(is_muscle, at, order=0, output=np.uint8)
    return share / np.prod(parts).astype(np.float32)
