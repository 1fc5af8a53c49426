"""Landmarks of a foot, its frame and its border, from the labels of its bones."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import KDTree

from pipeline.domain import anatomy
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap
from pipeline.domain.landmarks import Border, FootFrame, Landmarks, to_point
from pipeline.errors import ConfigError, ScanError
from pipeline.segmenters.components import Box, label_boxes

Points = NDArray[np.float64]

_END_MM = 10.0  # most posterior part of the calcaneus, distal part of metatarsal 2
_HEAD_FRACTION = 0.25  # of the length of a metatarsal
_CONTACT_MM = 1.0  # points this near the lowest one are averaged
_FACE_QUANTILE = 0.01  # of the positions of a bone's points: robust to single voxels
_JOINT_MM = 2.0  # points of an articular face are at most this much farther than the nearest
_POINTS_SKIPPED = 50  # of a bone, when the gap of a joint is estimated
_POINT_SPACING_MM = 1.0  # finer than slices, so that faces do not move by whole slices
_LANDMARK_BONES = {
    *anatomy.FRAME_BONES,
    anatomy.SESAMOIDS,
    anatomy.PHALANGES,
    anatomy.NAVICULAR,
    anatomy.CUBOID,
    anatomy.MEDIAL_CUNEIFORM,
}  # bones that define a landmark, the foot length or a border


def find_landmarks(bones: LabelMap, *, border: str, fraction: float | None = None) -> Landmarks:
    """Find the foot frame, its landmarks and the border.

    Parameters
    ----------
    border
        One of `BORDERS`, or ``fraction``.
    fraction
        Position in foot lengths from the heel, for the border of that name.

    Raises
    ------
    ScanError
        If a bone that defines the frame is missing, or a border needs a foot length that
        the image does not show.
    ConfigError
        If the name of the border is unknown.

    Notes
    -----
    Plantar plane and long axis depend on each other, so they are estimated in turn until
    they converge. Coordinates are relative to the centre of the grid, so that the result
    does not depend on the order of the voxels on disk.
    """
    boxes = label_boxes(bones)
    missing = [bones.names[label] for label in anatomy.FRAME_BONES if label not in boxes]
    if missing:
        msg = (
            "The foot frame needs calcaneus, talus and metatarsals 1, 2 and 5: "
            f"got no voxels of {', '.join(missing)}. "
            "Scan from the heel to the toes, or correct the bone labels."
        )
        raise ScanError(msg)
    shift = bones.grid.centre_mm
    points = {
        label: _points(bones.voxels[boxes[label]] == label, boxes[label], bones.grid.centred())
        for label in _LANDMARK_BONES & boxes.keys()
    }
    frame, marks = _fit_frame(points)
    length_mm = _foot_length_mm(bones, points, frame)
    position_mm = _border_position_mm(border, fraction, points, frame, length_mm)
    return Landmarks(
        **{name: to_point(mark + shift) for name, mark in marks.items()},
        metatarsal_1_base=to_point(_base(points[anatomy.METATARSAL_1], frame) + shift),
        frame=FootFrame(
            to_point(np.array(frame.origin) + shift), frame.long, frame.lateral, frame.dorsal
        ),
        border=Border(border, position_mm),
        foot_length_mm=length_mm,
    )


def _points(mask: NDArray[np.bool_], box: Box, grid: Grid) -> Points:
    """Give evenly spaced points of a structure, in mm, interpolated between thick slices.

    `mask` is cropped to `box`, and `grid` is that of the whole image.

    Shape-based interpolation (Raya and Udupa 1990, IEEE Trans Med Imaging 9:32): with whole
    slices, an oblique face would protrude by half a slice.
    """
    counts = [max(1, round(s / _POINT_SPACING_MM)) for s in grid.spacing_mm]
    cropped = np.pad(mask, 1)
    inside, outside = (
        ndimage.distance_transform_edt(side, grid.spacing_mm) for side in (cropped, ~cropped)
    )
    depth = ndimage.zoom(inside - outside, counts, order=1, mode="nearest", grid_mode=True)
    kept = np.argwhere(depth >= min(0.0, depth.max()))  # at least the deepest
    first = np.array([extent.start - 1 for extent in box])
    return grid.to_world((kept + 0.5) / counts - 0.5 + first)


def _unit(vector: Points) -> Points:
    return vector / float(np.linalg.norm(vector))


@dataclass(frozen=True, slots=True)
class _Axes:
    long: Points
    dorsal: Points

    def lowest(self, points: Points) -> Points:
        height = points @ self.dorsal
        contact: Points = points[height <= height.min() + _CONTACT_MM].mean(axis=0)
        return contact

    def distal(self, points: Points, reach_mm: float) -> Points:
        along = points @ self.long
        end: Points = points[along >= along.max() - reach_mm]
        return end

    def proximal(self, points: Points, reach_mm: float) -> Points:
        along = points @ self.long
        end: Points = points[along <= along.min() + reach_mm]
        return end

    def head(self, points: Points) -> Points:
        return self.distal(points, _HEAD_FRACTION * float(np.ptp(points @ self.long)))


def _fit_frame(points: Mapping[int, Points]) -> tuple[FootFrame, dict[str, Points]]:
    calcaneus, talus = points[anatomy.CALCANEUS], points[anatomy.TALUS]
    first, second, fifth = (
        points[label]
        for label in (anatomy.METATARSAL_1, anatomy.METATARSAL_2, anatomy.METATARSAL_5)
    )
    sesamoids = points.get(anatomy.SESAMOIDS, first[:0])

    long = _unit(second.mean(axis=0) - calcaneus.mean(axis=0))
    across = fifth.mean(axis=0) - first.mean(axis=0)
    upward = talus.mean(axis=0) - calcaneus.mean(axis=0)
    dorsal = np.cross(long, _unit(across))
    axes = _Axes(long, _unit(dorsal * np.sign(dorsal @ upward)))
    marks: dict[str, Points] = {}
    for _ in range(10):
        marks = {
            "heel": axes.proximal(calcaneus, _END_MM).mean(axis=0),
            "calcaneal_tuberosity": axes.lowest(calcaneus),
            "metatarsal_1_head": axes.lowest(np.concatenate((axes.head(first), sesamoids))),
            "metatarsal_5_head": axes.lowest(axes.head(fifth)),
            "metatarsal_2_head": axes.distal(second, _END_MM).mean(axis=0),
        }
        tuberosity = marks["calcaneal_tuberosity"]
        normal = np.cross(
            marks["metatarsal_1_head"] - tuberosity, marks["metatarsal_5_head"] - tuberosity
        )
        normal = _unit(normal * np.sign(normal @ axes.dorsal))
        ray = marks["metatarsal_2_head"] - marks["heel"]
        axes = _Axes(_unit(ray - (ray @ normal) * normal), normal)

    lateral = np.cross(axes.long, axes.dorsal)
    lateral *= np.sign(lateral @ across)
    on_plane = marks["heel"] - ((marks["heel"] - tuberosity) @ axes.dorsal) * axes.dorsal
    back_mm = _face(calcaneus @ axes.long) - on_plane @ axes.long
    origin = on_plane + back_mm * axes.long
    frame = FootFrame(*(to_point(v) for v in (origin, axes.long, lateral, axes.dorsal)))
    return frame, marks


def _face(along: NDArray[np.float64]) -> float:
    return float(np.quantile(along, _FACE_QUANTILE))


def _base(points: Points, frame: FootFrame) -> Points:
    """Give the centre of a bone's proximal face."""
    along = frame.coordinates(points)[:, 0]
    near = points[along <= _face(along) + 2 * _POINT_SPACING_MM].mean(axis=0)
    back_mm = _face(along) - frame.coordinates(near)[0]
    base: Points = near + back_mm * np.array(frame.long)
    return base


def _foot_length_mm(
    bones: LabelMap, points: Mapping[int, Points], frame: FootFrame
) -> float | None:
    toes = points.get(anatomy.PHALANGES)
    cut = any(bones.touches_edge(label) for label in (anatomy.CALCANEUS, anatomy.PHALANGES))
    if toes is None or cut:
        return None
    return float(frame.coordinates(toes)[:, 0].max())


_Rule = Callable[[Mapping[int, Points], FootFrame], float]


def _at_joints(*joints: tuple[int, int]) -> _Rule:
    """Make the rule that places the border at the mean of the faces of bones to neighbours."""

    def position_mm(points: Mapping[int, Points], frame: FootFrame) -> float:
        _check_present(chain(*joints), points)
        faces = [
            _articular_face(points[bone], points[neighbour]).mean(axis=0)
            for bone, neighbour in joints
        ]
        return float(frame.coordinates(faces)[:, 0].mean())

    return position_mm


def _at_proximal_end(bone: int) -> _Rule:
    """Make the rule that places the border at the most proximal point of a bone."""

    def position_mm(points: Mapping[int, Points], frame: FootFrame) -> float:
        _check_present([bone], points)
        return _face(frame.coordinates(points[bone])[:, 0])

    return position_mm


def _articular_face(bone: Points, neighbour: Points) -> Points:
    """Give the points of a bone's surface that face its neighbour within the joint."""
    tree = KDTree(bone)
    some_mm, _ = tree.query(neighbour[::_POINTS_SKIPPED])
    within_mm = float(np.min(some_mm)) + 2 * _JOINT_MM  # farther points need no search
    distance_mm, nearest = map(
        np.asarray, tree.query(neighbour, distance_upper_bound=within_mm)
    )
    face: Points = bone[np.unique(nearest[distance_mm <= distance_mm.min() + _JOINT_MM])]
    return face


def _check_present(labels: Iterable[int], points: Mapping[int, Points]) -> None:
    absent = [anatomy.BONE_NAMES[label] for label in labels if label not in points]
    if absent:
        msg = (
            f"This border needs the {' and the '.join(absent)}: "
            "got no voxels of it in the bone labels. "
            "Choose another regions.border, or correct the bone labels."
        )
        raise ScanError(msg)


BORDERS: Mapping[str, _Rule] = MappingProxyType(
    {
        "tmt1": _at_joints((anatomy.METATARSAL_1, anatomy.MEDIAL_CUNEIFORM)),
        "tmt1_proximal": _at_proximal_end(anatomy.METATARSAL_1),
        "chopart": _at_joints(
            (anatomy.NAVICULAR, anatomy.TALUS), (anatomy.CUBOID, anatomy.CALCANEUS)
        ),
        "naviculocuneiform": _at_joints((anatomy.MEDIAL_CUNEIFORM, anatomy.NAVICULAR)),
        "mt5_base": _at_proximal_end(anatomy.METATARSAL_5),
    }
)
"""Rules that place the border, by the names of ``regions.border``."""


def _border_position_mm(
    border: str,
    fraction: float | None,
    points: Mapping[int, Points],
    frame: FootFrame,
    length_mm: float | None,
) -> float:
    if border in BORDERS:
        return BORDERS[border](points, frame)
    if border != "fraction" or fraction is None:
        known = ", ".join((*BORDERS, "fraction (with regions.fraction)"))
        msg = f"There is no border named {border!r}. Known: {known}."
        raise ConfigError(msg)
    if length_mm is None:
        msg = (
            "A border at a fraction of the foot length needs heel and toes in the image: "
            "got a foot cut by the image. Choose another regions.border."
        )
        raise ScanError(msg)
    return fraction * length_mm
