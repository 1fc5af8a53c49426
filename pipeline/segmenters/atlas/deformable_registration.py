"""From an aligned template to the individual foot: a smooth displacement."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.grid import Grid
from pipeline.itk import sitk
from pipeline.segmenters.atlas.affine_registration import Alignment
from pipeline.segmenters.network.isotropic_image import Array, Volume

SPACING_MM = 2.0
_LEVELS = ((2, 40), (1, 25))  # shrink factor, iterations
_FIELD_SIGMA = 1.2  # voxels: how smooth the displacement is held
_TEMPLATE_BLUR_MM = 0.8  # of the atlas image, as the scan has its own point spread
_BRIGHTEST = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Deformation:
    """Where each point of an image lies in the template.

    Parameters
    ----------
    displacement_mm
        Added to an image position before the alignment is undone; on the lattice of
        `lattice`, last axis the three components.
    """

    alignment: Alignment
    lattice: Volume
    displacement_mm: NDArray[np.float32]

    def carry(
        self, labels: NDArray[np.integer[Any]], template: Grid, image: Grid
    ) -> NDArray[np.uint8]:
        """Bring template labels to the voxels of an image."""
        planes = (
            step * (np.arange(n) - (n - 1) / 2)
            for step, n in zip(image.spacing_mm, image.shape, strict=True)
        )
        offsets = zip(np.ix_(*planes), self.alignment.offset_mm, strict=True)
        moved = [
            replace(self.lattice, values=self.displacement_mm[..., axis]).on_grid(image)
            + (plane - offset).astype(np.float32)
            for axis, (plane, offset) in enumerate(offsets)
        ]
        inverse = np.linalg.inv(self.alignment.matrix)
        indices = [
            sum(np.float32(inverse[row, axis]) * moved[axis] for axis in range(3))
            / np.float32(template.spacing_mm[row])
            + np.float32((template.shape[row] - 1) / 2)
            for row in range(3)
        ]
        carried: NDArray[np.uint8] = ndimage.map_coordinates(labels, indices, order=0, cval=0)
        return carried


def deform(image: Volume, template: Volume, alignment: Alignment) -> Deformation:
    """Register the aligned template to the image by symmetric-forces demons.

    Parameters
    ----------
    image
        Preprocessed intensities at `SPACING_MM`.
    template
        The atlas image.

    Notes
    -----
    Vercauteren et al. 2009 (NeuroImage 45:S61), SimpleITK's fast symmetric forces.
    Brightness is matched by histogram first, as a contrast is never quite the atlas's.
    """
    points = image.positions_mm(np.ones(image.values.shape, dtype=bool))
    mapped = alignment.to_template(points)
    blurred = template.smoothed(_TEMPLATE_BLUR_MM)
    values, inside = blurred.sample(mapped)
    # where the template's leg ends the image's may go on: neither is compared there
    top = -template.origin_mm[2] - template.spacing_mm
    is_leg = (mapped[:, 2] > top).reshape(image.values.shape)
    moving_values = np.where(inside, values, 0).reshape(image.values.shape)
    fixed = _itk(np.where(is_leg, 0, np.clip(image.values, 0, _BRIGHTEST)))
    moving = _itk(np.where(is_leg, 0, moving_values))
    moving = sitk.HistogramMatching(moving, fixed, 256, 10, thresholdAtMeanIntensity=False)

    field = None
    for shrink, iterations in _LEVELS:
        demons = sitk.FastSymmetricForcesDemonsRegistrationFilter()
        demons.SetNumberOfIterations(iterations)
        demons.SetSmoothDisplacementField(True)
        demons.SetStandardDeviations(_FIELD_SIGMA)
        pair = [_shrunk(i, shrink) for i in (fixed, moving)]
        if field is None:
            field = demons.Execute(*pair)
        else:
            resampled = sitk.Resample(field, pair[0], sitk.Transform(), sitk.sitkLinear)
            field = demons.Execute(*pair, resampled)
    displacement = sitk.GetArrayFromImage(field).transpose(2, 1, 0, 3).astype(np.float32)
    return Deformation(alignment, image, displacement)


def _itk(values: Array | NDArray[np.float32]) -> "sitk.Image":
    image = sitk.GetImageFromArray(np.ascontiguousarray(values.T, dtype=np.float32))
    image.SetSpacing((SPACING_MM,) * 3)
    return image


def _shrunk(image: "sitk.Image", factor: int) -> "sitk.Image":
    if factor == 1:
        return image
    return sitk.Shrink(sitk.SmoothingRecursiveGaussian(image, SPACING_MM), [factor] * 3)
