"""How a foot lies in an image, and which foot it is, from the anatomy alone."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import ndimage
from scipy.optimize import minimize
from scipy.spatial.transform import Rotation

from pipeline.segmenters.network.foot_masks import TISSUE_SIGNAL, largest_piece, tissue_mask
from pipeline.segmenters.network.isotropic_image import Array, Volume

_PITCHES_DEG = (-25.0, 0.0, 25.0)  # the leg's share in the image turns the principal axes
_SHIFTS_MM = (-25.0, 0.0, 25.0)  # a cut-off heel or toe moves the centroid
_STARTS_KEPT = 3
_MIN_OVERLAP = 0.6
_MAX_STRETCH = 1.0  # log scale: far beyond any foot
_UNITS = np.array([0.1] * 3 + [5.0] * 3 + [0.05] * 6)  # rad, mm, log scale and shear


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """Affine map from the template to an image, both in mm about their middles.

    Parameters
    ----------
    similarity
        Correlation of intensities over the overlap, -1 to 1.
    is_mirrored
        Whether the template, a right foot, was mirrored.
    """

    matrix: Array
    offset_mm: Array
    similarity: float
    is_mirrored: bool

    def to_image(self, points_mm: Array) -> Array:
        """Carry template points into the image."""
        carried: Array = points_mm @ self.matrix.T + self.offset_mm
        return carried

    def to_template(self, points_mm: Array) -> Array:
        """Carry image points into the template."""
        carried: Array = (points_mm - self.offset_mm) @ np.linalg.inv(self.matrix).T
        return carried


class _Matcher:
    """Correlation of a template with an image, as a function of twelve numbers."""

    def __init__(self, image: Volume, template: Volume, blur_mm: float, stride: int) -> None:
        near = ndimage.binary_dilation(template.values > TISSUE_SIGNAL, iterations=2)
        self.points = template.positions_mm(near)[::stride]
        self.centre = template.positions_mm(template.values > TISSUE_SIGNAL).mean(axis=0)
        self.expected, _ = template.smoothed(blur_mm).sample(self.points)
        self.image = image.smoothed(blur_mm)

    def affine(
        self, numbers: Array, turn: Array, centre_mm: Array, *, is_mirrored: bool
    ) -> tuple[Array, Array]:
        """Make matrix and offset from numbers in `_UNITS`, seven or twelve of them."""
        rigid, stretches = numbers[:6], numbers[6:]
        shape = stretches if len(stretches) == 6 else (*np.repeat(stretches, 3), 0, 0, 0)
        given = np.concatenate((rigid, shape)) * _UNITS
        # a step of the search may overshoot by far
        stretch = np.diag(np.exp(np.clip(given[6:9], -_MAX_STRETCH, _MAX_STRETCH)))
        stretch[0, 1], stretch[0, 2], stretch[1, 2] = given[9:]
        mirror = np.diag((-1.0 if is_mirrored else 1.0, 1.0, 1.0))
        matrix = Rotation.from_rotvec(given[:3]).as_matrix() @ turn @ stretch @ mirror
        return matrix, centre_mm + given[3:6] - matrix @ self.centre

    def mismatch(self, numbers: Array, start: "_Start") -> float:
        matrix, offset = self.affine(
            numbers, start.turn, start.centre_mm, is_mirrored=start.is_mirrored
        )
        seen, inside = self.image.sample(self.points @ matrix.T + offset)
        if inside.mean() < _MIN_OVERLAP:
            return 1.0
        ours, theirs = self.expected[inside], seen[inside]
        ours, theirs = ours - ours.mean(), theirs - theirs.mean()
        power = float(ours @ ours) * float(theirs @ theirs)
        return -float(ours @ theirs) / math.sqrt(max(power, 1e-12))

    def refine(self, start: "_Start", iterations: int) -> "_Start":
        """Follow the gradient from a start, over as many numbers as it has."""
        found = minimize(
            self.mismatch,
            start.numbers,
            args=(start,),
            method="L-BFGS-B",
            options={"maxiter": iterations, "eps": 0.02},
        )
        return _Start(
            start.turn,
            start.centre_mm,
            start.is_mirrored,
            np.asarray(found.x),
            float(found.fun),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Start:
    turn: Array
    centre_mm: Array
    is_mirrored: bool
    numbers: Array
    mismatch: float = 1.0


def find_pose(image: Volume, template: Volume) -> tuple[Alignment, Alignment]:
    """Align the template to the image, as it is and mirrored; better one first.

    Parameters
    ----------
    image, template
        Preprocessed intensities at about 4 mm; the template is a right foot.

    Notes
    -----
    Starts from every way to lay the template's principal axes on those of the tissue,
    so nothing is taken from the header's orientation. The best starts of either side are
    refined, first rotation, shift and size, then the full affine.
    """
    coarse = _Matcher(image, template, blur_mm=6.0, stride=4)
    fine = _Matcher(image, template, blur_mm=3.0, stride=1)
    starts = [
        _Start(s.turn, s.centre_mm, s.is_mirrored, s.numbers, coarse.mismatch(s.numbers, s))
        for s in _starts(image, template)
    ]
    aligned = []
    for is_mirrored in (False, True):
        own = sorted(
            (s for s in starts if s.is_mirrored == is_mirrored), key=lambda s: s.mismatch
        )
        rough = min(
            (coarse.refine(s, 12) for s in own[:_STARTS_KEPT]), key=lambda s: s.mismatch
        )
        numbers = np.concatenate((rough.numbers[:6], [rough.numbers[6]] * 3, [0.0] * 3))
        full = fine.refine(
            _Start(rough.turn, rough.centre_mm, is_mirrored, numbers), iterations=50
        )
        matrix, offset = fine.affine(
            full.numbers, full.turn, full.centre_mm, is_mirrored=is_mirrored
        )
        aligned.append(Alignment(matrix, offset, -full.mismatch, is_mirrored))
    first, second = sorted(aligned, key=lambda a: -a.similarity)
    return first, second


def _starts(image: Volume, template: Volume) -> Iterator[_Start]:
    centre, axes = _principal_axes(image.positions_mm(largest_piece(tissue_mask(image))))
    _, own_axes = _principal_axes(template.positions_mm(template.values > TISSUE_SIGNAL))
    for is_mirrored, order, signs in product(
        (False, True), ((0, 1, 2), (0, 2, 1)), product((1, -1), repeat=3)
    ):
        mirror = np.array((-1.0 if is_mirrored else 1.0, 1.0, 1.0))
        turn = (axes[:, order] * np.array(signs)) @ (own_axes * mirror[:, None]).T
        if np.linalg.det(turn) < 0:
            continue
        for pitch_deg, shift_mm in product(_PITCHES_DEG, _SHIFTS_MM):
            pitch = Rotation.from_euler("x", pitch_deg, degrees=True).as_matrix()
            shifted = centre + shift_mm * axes[:, 0]
            yield _Start(turn @ pitch, shifted, is_mirrored, np.zeros(7))


def _principal_axes(points: Array) -> tuple[Array, Array]:
    centre = points.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov((points - centre).T))
    return centre, vectors[:, ::-1]
