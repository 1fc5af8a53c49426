"""A scan as the quality gates look at it: slices last, and small, with the feet marked."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_multiotsu, threshold_otsu

from pipeline.domain.scan import Contrast, Scan
from pipeline.segmenters.components import large_components
from pipeline.segmenters.downsampling import block_factors, block_means
from pipeline.segmenters.network.foot_masks import candidate_masks, filled
from pipeline.segmenters.network.isotropic_image import IsotropicImage

_SMALL_MM = 3.0
_FEET_MM = 4.0
_LEAST_SHARE = 0.2  # of the largest piece's volume, for another piece to be a limb, too
_INNER_MM = 4.0  # below the skin


@dataclass(frozen=True, eq=False)
class View:
    """A scan with its slice axis last, and what the gates share.

    Parameters
    ----------
    intensity
        As scanned.
    spacing_mm
        Along its axes.
    small
        Block means of about 3 mm.
    small_mm
        Their spacing.
    """

    intensity: NDArray[np.float32]
    spacing_mm: tuple[float, float, float]
    contrast: Contrast
    small: NDArray[np.float32]
    small_mm: tuple[float, float, float]

    @classmethod
    def of(cls, scan: Scan) -> "View":
        """Look at a scan; the coarsest axis is that of the slices, else the last."""
        spacing = np.array(scan.grid.spacing_mm)
        slice_axis = int(2 - np.argmax(spacing[::-1] > 0.99 * spacing.max()))
        order = [*(axis for axis in range(3) if axis != slice_axis), slice_axis]
        intensity = np.transpose(scan.intensity, order)
        spacing = spacing[order]
        factors = block_factors(spacing, _SMALL_MM)
        return cls(
            intensity,
            _three(spacing),
            scan.contrast,
            block_means(intensity, factors),
            _three(spacing * factors),
        )

    @cached_property
    def limbs(self) -> NDArray[np.bool_]:
        """Everything on the small lattice that is no air: the largest pieces, filled."""
        # the root, as one part of a foot may be several times as bright as another
        smooth = np.sqrt(np.clip(ndimage.gaussian_filter(self.small, 1.0), 0, None))
        try:
            low = threshold_multiotsu(smooth, classes=3)[0]
        except ValueError:  # fewer than three grey levels
            low = float(smooth.mean())
        bright = ndimage.binary_opening(smooth > low)
        return filled(large_components(bright, _LEAST_SHARE, connectivity=1))

    @cached_property
    def inner(self) -> NDArray[np.bool_]:
        """What of the limbs lies below the skin."""
        depth = ndimage.distance_transform_edt(self.limbs, sampling=self.small_mm)
        inner: NDArray[np.bool_] = depth > _INNER_MM
        return inner

    @cached_property
    def classes(self) -> tuple[float, float]:
        """Typical brightness of the darker and of the brighter half of the inner tissue."""
        values = self.small[self.inner]
        if values.size == 0 or values.min() == values.max():
            return 0.0, 0.0
        middle = threshold_otsu(values)
        dark, bright = values[values <= middle], values[values > middle]
        return float(np.median(dark)), float(np.median(bright))

    @cached_property
    def feet(self) -> int:
        """Pieces of tissue that are as large as a foot."""
        scale = self.classes[1] or 1.0
        lattice = IsotropicImage.from_image(
            self.small / np.float32(scale), self.small_mm, _FEET_MM
        )
        return sum(1 for _ in candidate_masks(lattice))

    @cached_property
    def long_axis(self) -> int:
        """Array axis along which the limbs reach farthest."""
        return int(np.argmax(self.reach_mm))

    @cached_property
    def reach_mm(self) -> tuple[float, float, float]:
        """How far the limbs reach along each axis."""
        spans = []
        for axis, step in enumerate(self.small_mm):
            planes = np.flatnonzero(self.limbs.any(axis=_others(axis)))
            spans.append((planes[-1] - planes[0] + 1) * step if planes.size else 0.0)
        return _three(spans)


def _others(axis: int) -> tuple[int, ...]:
    return tuple(other for other in range(3) if other != axis)


def _three(values: Any) -> tuple[float, float, float]:
    a, b, c = (float(v) for v in values)
    return a, b, c
