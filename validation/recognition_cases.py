"""Images to recognise feet in: digital feet, and images that do not show one whole foot."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.grid import Grid
from pipeline.domain.scan import Contrast, Scan, Side
from pipeline.phantom.acquisition.acquire import acquire, acquire_all
from pipeline.phantom.acquisition.protocols import get_protocol
from pipeline.phantom.anatomy.digital_foot import make_foot
from pipeline.phantom.anatomy.foot import Foot
from pipeline.phantom.anatomy.foot_kind import FootKind
from pipeline.phantom.anatomy.kind_shapes import draw_kind_shape
from pipeline.phantom.anatomy.positioning import place_beside, random_pose
from validation.trials import VARIED, trial

PROTOCOLS = ("t1_se_4mm", "t1_tse_3mm", "vibe_0p8", "dixon_2pt", "pd_tse", "t2_fs")
_SPACING_MM = 1.0  # of the feet's own voxels
_LONG = 2  # array axis of the simulated scans that points to the toes
_HALVES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"rearfoot": (0.0, 0.5), "forefoot": (0.5, 1.0)}
)
_STRETCH = 1.6
_PHANTOM_MM = 1.3  # voxels of the blocks and ellipsoids
_PHANTOM_SHAPE = (92, 200, 90)


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """An image and the group that it is counted in."""

    group: str
    name: str
    scan: Scan


def feet(seed: int) -> Iterator[Case]:
    """Yield feet of all kinds in all protocols, of either side, fatty, noisy and tilted."""
    pairs = [(kind, protocol) for kind in FootKind for protocol in PROTOCOLS]
    for k, (kind, protocol) in enumerate(pairs):
        foot, scan = trial(
            k,
            seed=seed,
            protocol=protocol,
            conditions=VARIED,
            spacing_mm=_SPACING_MM,
            kind=kind,
        )
        yield Case(f"{kind} feet", f"{protocol}, {foot.side}", scan)


def no_feet(seed: int) -> Iterator[Case]:
    """Yield parts of feet, legs, swapped and stretched feet, two feet, and blocks."""
    protocols = ("t1_se_4mm", "vibe_0p8", "dixon_2pt", "pd_tse")
    for k, (kind, protocol) in enumerate(zip(FootKind, protocols, strict=True)):
        rng = np.random.default_rng((seed, k))
        right = _foot(rng, kind, Side.RIGHT).moved(random_pose(rng))
        scan = acquire(right, get_protocol(protocol), rng)
        yield from _halves(scan, rng)
        yield Case("legs", f"extended, {protocol}", _leg(scan))
        for axis, direction in enumerate(("across", "along", "upward")):
            yield Case("stretched feet", f"{direction}, {protocol}", _stretched(scan, axis))
        swapped = acquire_all(right, get_protocol("dixon_2pt"), rng)["fat"]
        yield Case("swapped Dixon", kind, replace(swapped, contrast=Contrast.WATER))
        left = place_beside(_foot(rng, kind, Side.LEFT), right)
        pair = acquire(right, get_protocol(protocol), rng, beside=left)
        yield Case("two feet, no side", protocol, pair)
        for name in ("block", "ellipsoid"):
            yield Case("blocks and ellipsoids", name, _phantom(name == "block", rng))


def _foot(rng: np.random.Generator, kind: FootKind, side: Side) -> Foot:
    return make_foot(draw_kind_shape(rng, kind, side), _SPACING_MM)


def _halves(scan: Scan, rng: np.random.Generator) -> Iterator[Case]:
    """Yield each half of a foot, cut off by the image's edge and surrounded by air."""
    planes = np.arange(scan.grid.shape[_LONG]) / scan.grid.shape[_LONG]
    air = np.abs(rng.normal(0, np.percentile(scan.intensity, 5), scan.grid.shape))
    for name, (start, stop) in _HALVES.items():
        kept = (planes >= start) & (planes < stop)
        affine = scan.grid.matrix
        affine[:3, 3] = scan.grid.to_world((0, 0, int(np.argmax(kept))))
        voxels = scan.intensity[..., kept]
        cut = replace(scan, intensity=voxels, grid=Grid.from_arrays(voxels.shape, affine))
        yield Case("halves of feet, cut by the image", name, cut)
        alone = np.where(kept, scan.intensity, air)
        yield Case("halves of feet, in air", name, replace(scan, intensity=alone))


def _leg(scan: Scan) -> Scan:
    """Extend the topmost plane of the leg to the length of a limb."""
    up = int(np.abs(scan.grid.matrix[2, :3]).argmax())
    top = -3 if scan.grid.matrix[2, up] > 0 else 2
    limb = np.repeat(np.take(scan.intensity, [top], axis=up), 90, axis=up)
    spacing = [2.0 if axis == up else s for axis, s in enumerate(scan.grid.spacing_mm)]
    return replace(
        scan, intensity=limb, grid=Grid.from_arrays(limb.shape, np.diag((*spacing, 1.0)))
    )


def _stretched(scan: Scan, axis: int) -> Scan:
    affine = scan.grid.matrix
    affine[axis] *= _STRETCH
    return replace(scan, grid=Grid.from_arrays(scan.grid.shape, affine))


def _phantom(is_block: bool, rng: np.random.Generator) -> Scan:
    """Make a block or an ellipsoid of the size of a foot, of uneven tissue, rimmed by fat."""
    axes = np.ix_(*(np.linspace(-1, 1, n) / rng.uniform(0.6, 0.9) for n in _PHANTOM_SHAPE))
    radius = np.maximum.reduce(np.broadcast_arrays(*map(np.abs, axes)))
    squares = axes[0] ** 2 + axes[1] ** 2 + axes[2] ** 2
    mask: NDArray[np.bool_] = (radius if is_block else squares) < 1
    texture = sum(
        sd**1.5 * ndimage.gaussian_filter(rng.standard_normal(mask.shape), sd)
        for sd in (1.0, 3.0, 8.0)
    )
    values = np.where(mask, np.clip(400 + 120 * texture / np.std(texture), 30, None), 0.0)
    values[mask & ~ndimage.binary_erosion(mask, iterations=4)] = 900.0
    values = np.abs(values + rng.normal(0, 15, mask.shape))
    return Scan(values, Grid.from_arrays(mask.shape, np.diag((*[_PHANTOM_MM] * 3, 1.0))))
