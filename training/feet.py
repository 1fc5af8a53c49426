"""Digital feet for training, more varied than the population, cached on disk."""

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap, Segmentation
from pipeline.domain.scan import Side
from pipeline.phantom.anatomy.digital_foot import make_foot
from pipeline.phantom.anatomy.foot import PHANTOM, Foot, Tissue
from pipeline.phantom.anatomy.foot_kind import FootKind
from pipeline.phantom.anatomy.kind_shapes import as_kind
from pipeline.phantom.anatomy.shape import FootShape, draw_shape
from pipeline.phantom.anatomy.skeleton import draw_skeleton
from pipeline.store.files import written_whole

SPACING_MM = 1.0  # the finest spacing of a network's input
FOOT_STREAM = 4_000_000
"""First seed of training feet, far from those of development and test feet."""

Kinds = tuple[FootKind, ...]
ALL_KINDS: Kinds = tuple(FootKind)
WEIGHTS: Mapping[FootKind, float] = MappingProxyType(dict.fromkeys(FootKind, 1.0))
"""Relative frequency of each kind."""

# Fractions of all feet:
_UNUSUAL = 0.6  # with a shape outside the population
_ATROPHIED = 0.4
_FATTY = 0.4  # with intramuscular fat
_SEPTATE = 0.6  # with fibrous septa in their fat, as in heel pads
_POSED = 0.7  # with their own joint angles and bone shapes

_LEAST_MUSCLE = 0.1  # fraction that remains in the most severe atrophy
_WAVE_SD = 0.006  # of the amplitude of a wave, in bone lengths; the population's is 0.0022


def add_kinds(parser: argparse.ArgumentParser) -> None:
    """Add the option ``--kinds``."""
    parser.add_argument(
        "--kinds",
        nargs="+",
        type=FootKind,
        choices=ALL_KINDS,
        default=ALL_KINDS,
        help="kinds of feet to train on; default: all",
    )


def training_foot(index: int, folder: Path, kinds: Kinds = ALL_KINDS) -> Foot:
    """Give training foot `index`, from the folder if it is cached there.

    Parameters
    ----------
    kinds
        Kinds that its own is drawn from.
    """
    kind = draw_kind(FOOT_STREAM, index, kinds)
    path = folder / f"foot-{kind}-{index:05d}.npz"
    if not path.exists():
        rng = np.random.default_rng((FOOT_STREAM, index))
        foot = make_foot(draw_training_shape(rng, kind), SPACING_MM)
        _write(path, _septate(foot, rng) if rng.random() < _SEPTATE else foot)
    return _read(path)


def draw_kind(stream: int, index: int, kinds: Kinds) -> FootKind:
    """Draw the kind of foot `index` in a stream of seeds, by the frequencies `WEIGHTS`."""
    weights = np.array([WEIGHTS[kind] for kind in kinds])
    rng = np.random.default_rng((stream, index, len(FootKind)))
    return kinds[int(rng.choice(len(kinds), p=weights / weights.sum()))]


def draw_training_shape(
    rng: np.random.Generator, kind: FootKind = FootKind.TAPERED
) -> FootShape:
    """Draw a right foot: of unusual shape, atrophied, fatty, posed, or any of these together.

    Notes
    -----
    Atrophy is frequent and drawn for each muscle or for all: a network trained on few
    atrophied feet overestimates the volume of one.
    """
    shape = draw_shape(rng)
    if rng.random() < _UNUSUAL:
        shape = _unusual(shape, rng)
    shape = as_kind(shape, kind, rng)
    if rng.random() < _ATROPHIED:
        shape = replace(shape, atrophy=by_muscle(rng, 1 - _LEAST_MUSCLE))
    if rng.random() < _FATTY:
        shape = replace(shape, fat_fractions=by_muscle(rng, 0.6))
    if rng.random() < _POSED:
        shape = replace(shape, skeleton=draw_skeleton(rng))
    return shape


def _unusual(shape: FootShape, rng: np.random.Generator) -> FootShape:
    volumes = {
        label: float(np.clip(volume * np.exp(rng.normal(0, 0.3)), 0.2, 60))
        for label, volume in shape.muscle_volumes_cm3.items()
    }
    waves = []
    for _ in range(5):
        vector = rng.normal(size=3)
        vector *= 2 * np.pi / rng.uniform(0.25, 0.9) / np.linalg.norm(vector)
        amplitude = rng.normal(0, _WAVE_SD, 3) * rng.uniform(0.2, 1.0)
        waves.append((*amplitude.tolist(), *vector.tolist(), float(rng.uniform(0, 2 * np.pi))))
    return replace(
        shape,
        muscle_volumes_cm3=MappingProxyType(volumes),
        width=float(rng.uniform(0.82, 1.2)),
        height=float(rng.uniform(0.82, 1.2)),
        arch=float(rng.uniform(-0.03, 0.035)),
        adduction=float(rng.uniform(-0.05, 0.06)),
        toe_length=float(rng.uniform(0.7, 1.3)),
        hallux_valgus_deg=float(rng.uniform(0, 40)),
        toe_splay_deg=float(rng.uniform(-3, 6)),
        metatarsal_parabola=tuple(rng.uniform(-0.07, 0.07, 5).tolist()),
        plantarflexion_deg=float(rng.uniform(-10, 52)),
        pad_scale=float(rng.uniform(0.5, 1.8)),
        skin_scale=float(rng.uniform(0.5, 2.2)),
        septum_mm=float(rng.uniform(0.0, 2.2)),
        cortex_mm=float(rng.uniform(0.6, 2.4)),
        fascia_thickening_mm=float(rng.choice((0.0, rng.uniform(0, 5)))),
        oedema_mm=float(rng.choice((0.0, rng.uniform(0, 6)))),
        waves=(*shape.waves, *waves),
    )


def _septate(foot: Foot, rng: np.random.Generator) -> Foot:
    """Add septa of a random tissue to the fat, along the zero level of smoothed noise.

    Notes
    -----
    The gradient of noise of SD 1 after smoothing by a Gaussian of SD s is about 1.13 / s.
    """
    width_mm, thickness_mm = rng.uniform(2.0, 6.0), rng.uniform(0.4, 1.2)
    noise = rng.standard_normal(foot.grid.shape, dtype=np.float32)
    noise = ndimage.gaussian_filter(noise, width_mm / SPACING_MM)
    is_septum = np.abs(noise) < noise.std() * thickness_mm / 2 * 1.13 / width_mm
    tissue = rng.choice((Tissue.TENDON, Tissue.SKIN, Tissue.BLOOD, Tissue.NERVE))
    tissues = np.where(is_septum & (foot.tissues == Tissue.FAT), tissue, foot.tissues)
    return replace(foot, tissues=tissues)


def by_muscle(rng: np.random.Generator, largest: float) -> Mapping[int, float]:
    """Draw an amount up to the largest for each muscle, half of the time the same for all."""
    shared = rng.uniform(0, largest)
    own = rng.uniform(0, largest, len(MUSCLE_NAMES))
    is_shared = rng.random() < 0.5
    return MappingProxyType(
        {
            label: float(shared if is_shared else amount)
            for label, amount in zip(MUSCLE_NAMES, own, strict=True)
        }
    )


def _write(path: Path, foot: Foot) -> None:
    fat = foot.fat_fraction
    with written_whole(path) as scratch:
        np.savez_compressed(
            scratch,
            tissues=foot.tissues,
            muscles=foot.truth.muscles.voxels,
            bones=foot.truth.bones.voxels,
            fat=np.zeros(foot.tissues.shape, np.uint8) if fat is None else _bytes(fat),
            affine=foot.grid.matrix,
        )


def _bytes(fraction: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.rint(fraction * 255).astype(np.uint8)


def _read(path: Path) -> Foot:
    with np.load(path, allow_pickle=False) as file:
        grid = Grid.from_arrays(file["tissues"].shape, file["affine"])
        truth = Segmentation(
            LabelMap(file["muscles"], grid, MUSCLE_NAMES),
            LabelMap(file["bones"], grid, BONE_NAMES),
            Side.RIGHT,
            PHANTOM,
        )
        return Foot(file["tissues"], truth, file["fat"].astype(np.float32) / 255)
