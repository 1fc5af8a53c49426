"""A user model as an ONNX file: checked against its manifest, and applied to scans."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from pipeline.domain.grid import Grid
from pipeline.domain.scan import Scan
from pipeline.domain.segmenter_names import ONNX
from pipeline.errors import ConfigError
from pipeline.segmenters.network.patch import Array, Patch
from pipeline.segmenters.network.placed_image import PlacedImage
from pipeline.segmenters.network.prediction import OTHER, Prediction
from pipeline.segmenters.network.weights import session_of
from pipeline.segmenters.orientation import axes_toward, axis_directions
from pipeline.segmenters.user_model.manifest import BACKGROUND_NAME, OnnxManifest, check_sha256

_SUM_TOLERANCE = 0.01  # of probabilities that were rounded to half precision


@dataclass(frozen=True, slots=True, eq=False)
class OnnxModel:
    """A network that fits its manifest.

    Parameters
    ----------
    session
        An onnxruntime session.
    size
        Voxels of the input; None if any size will do.

    Notes
    -----
    The input lies along the scan's own axes, in the orientation and spacing of the manifest.
    """

    manifest: OnnxManifest
    session: Any
    size: tuple[int, int, int] | None

    @property
    def name(self) -> str:
        """Kind, name and version, for provenance."""
        return f"{ONNX}:{self.manifest.name}-{self.manifest.version}"

    def predict(self, scan: Scan) -> Prediction:
        """Predict the whole scan, in overlapping tiles if the input has a fixed size.

        Raises
        ------
        ConfigError
            If the network does not run, or its output is not what the manifest says.
        """
        pose, shape, target_mm = input_lattice(scan.grid, self.manifest)
        whole = -shape % self.manifest.multiple_of + shape
        padded = np.maximum(shape, self.size) if self.size else whole
        pose[:3, 3] += pose[:3, :3] @ ((padded - shape) % 2 / 2)  # voxels stay in place
        patch = Patch(tuple(padded.tolist()), (1.0, 1.0, 1.0))  # the pose scales
        image = PlacedImage.from_scan(scan).downsampled(target_mm)
        values = normalised(image.resampled(patch, pose), scan.intensity, self.manifest)
        probabilities = np.zeros((OTHER + 1, *patch.shape), dtype=np.float32)
        for tile, weight in _tiles(patch.shape, self.size or patch.shape):
            channels = self.probabilities(np.ascontiguousarray(values[tile]))
            for structure, probability in zip(self.manifest.classes, channels, strict=True):
                probabilities[structure][tile] += probability * weight
        probabilities /= probabilities.sum(axis=0)
        return Prediction(probabilities, patch, pose, image.interior(patch, pose))

    def probabilities(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give the probability of each channel at each voxel of an input, channels first.

        Raises
        ------
        ConfigError
            If the network does not run, or its output is not what the manifest says.
        """
        name = self.session.get_inputs()[0].name
        try:
            (output,) = self.session.run(None, {name: image[None, None]})
        except Exception as error:  # onnxruntime's errors have no common base
            msg = (
                f"The model {self.manifest.file!r} must run on {image.shape} voxels: got "
                f"{_first_line(error)}. Set size_voxels or multiple_of in its manifest."
            )
            raise ConfigError(msg) from error
        expected = (1, len(self.manifest.labels), *image.shape)
        if output.shape != expected:
            msg = (
                f"The model {self.manifest.file!r} must give its labels at every voxel of its "
                f"input, {expected}: got {output.shape}. Correct the model or its labels."
            )
            raise ConfigError(msg)
        channels: NDArray[np.float32] = output[0].astype(np.float32)
        if self.manifest.output == "scores":
            channels = softmax(channels, axis=0)
        total = channels.sum(axis=0)
        if not (np.abs(total - 1) < _SUM_TOLERANCE).all() or channels.min() < -_SUM_TOLERANCE:
            msg = (
                f"The model {self.manifest.file!r} must give probabilities that sum to 1 at "
                f"every voxel: got {total.min():.3g} to {total.max():.3g}. "
                'Set output = "scores" in its manifest if they are scores.'
            )
            raise ConfigError(msg)
        return channels


def load_onnx(manifest: OnnxManifest, content: bytes) -> OnnxModel:
    """Load a network and check it against its manifest.

    Raises
    ------
    ConfigError
        If it is not the file of the manifest, not ONNX, or does not have one image as input
        and one output with a channel for each label.
    """
    check_sha256(content, manifest.file, manifest.sha256)
    try:
        session = session_of(content)
    except Exception as error:  # onnxruntime's errors have no common base
        msg = (
            f"The model {manifest.file!r} must be ONNX, weights included: got "
            f"{_first_line(error)}. Export it again, in one file."
        )
        raise ConfigError(msg) from error
    image, labels = _input_and_output(session, manifest)
    sizes = image.shape[2:]
    fixed = tuple(sizes) if all(isinstance(n, int) for n in sizes) else None
    wanted = manifest.size_voxels
    if wanted and any(
        isinstance(n, int) and n != w for n, w in zip(sizes, wanted, strict=True)
    ):
        msg = (
            f"The size_voxels of a manifest must be those of the model: got {list(wanted)}, "
            f"where {manifest.file!r} takes {sizes}. Leave size_voxels out."
        )
        raise ConfigError(msg)
    channels = labels.shape[1]
    if isinstance(channels, int) and channels != len(manifest.labels):
        msg = (
            "The labels of a manifest must name every output channel: got "
            f"{len(manifest.labels)} labels, where {manifest.file!r} has {channels} channels. "
            f"Name the others {BACKGROUND_NAME!r}."
        )
        raise ConfigError(msg)
    return OnnxModel(manifest, session, wanted or fixed)


def _input_and_output(session: Any, manifest: OnnxManifest) -> tuple[Any, Any]:
    inputs, outputs = session.get_inputs(), session.get_outputs()
    fits = all(len(ends) == 1 and len(ends[0].shape) == 5 for ends in (inputs, outputs))
    fits = fits and all(n == 1 for n in inputs[0].shape[:2] if isinstance(n, int))
    if not fits or inputs[0].type != "tensor(float)":
        listed = (
            ", ".join(f"{e.name} {e.type} {e.shape}" for e in ends)
            for ends in (inputs, outputs)
        )
        msg = (
            f"The model {manifest.file!r} must take one float image (1, 1, x, y, z) and give "
            f"one output (1, channels, x, y, z): got inputs {next(listed)}; outputs "
            f"{next(listed)}. Export it so."
        )
        raise ConfigError(msg)
    return inputs[0], outputs[0]


def _first_line(error: Exception) -> str:
    text = re.sub(r"^\[\w+\] : \d+ : ", "", str(error))  # name and number of the error
    return next(iter(text.splitlines()), "no reason").rstrip(".")[:200]


def input_lattice(grid: Grid, manifest: OnnxManifest) -> tuple[Array, NDArray[np.int_], Array]:
    """Give the lattice of the network's input, along the axes of the scan.

    Returns
    -------
    pose, shape, target_mm
        Voxels from the centre of the input to world RAS in mm, 4 x 4; voxels that hold the
        scan; the network's spacing along each array axis of the scan.
    """
    axes, signs = axes_toward(grid, manifest.orientation)
    spacing_mm = np.array(manifest.spacing_mm)
    pose = np.eye(4)
    pose[:3, :3] = axis_directions(grid)[:, axes] * signs * spacing_mm
    pose[:3, 3] = grid.centre_mm
    extent_mm = (np.array(grid.shape) * np.array(grid.spacing_mm))[axes]
    target_mm = np.empty(3)
    target_mm[axes] = spacing_mm
    return pose, np.ceil(extent_mm / spacing_mm - 1e-6).astype(int), target_mm


def normalised(
    values: NDArray[np.float32], intensity: NDArray[np.float32], manifest: OnnxManifest
) -> NDArray[np.float32]:
    """Normalise the input as in training, by the statistics of the whole scan.

    Parameters
    ----------
    values
        To be normalised.
    intensity
        Of the scan.
    """
    if manifest.normalisation == "none":
        return values
    if manifest.normalisation == "zscore":
        mean, sd = intensity.mean(dtype=float), intensity.std(dtype=float)
        scores: NDArray[np.float32] = ((values - mean) / sd).astype(np.float32)
        return scores
    low, high = np.percentile(intensity, manifest.percentiles)
    span = max(high - low, np.finfo(np.float32).tiny)
    clipped: NDArray[np.float32] = np.clip((values - low) / span, 0, 1).astype(np.float32)
    return clipped


def _tiles(
    shape: tuple[int, ...], size: tuple[int, ...]
) -> Iterator[tuple[tuple[slice, ...], NDArray[np.float32]]]:
    """Yield tiles that overlap by half or more, and weights that fall off from the centre."""
    starts = [
        np.unique(np.linspace(0, n - s, 1 + -(-2 * (n - s) // s)).astype(int))
        for n, s in zip(shape, size, strict=True)
    ]
    w0, w1, w2 = (1 - np.abs(np.linspace(-1, 1, s + 2)[1:-1]) for s in size)
    weight = (w0[:, None, None] * w1[:, None] * w2).astype(np.float32)
    for first in product(*starts):
        yield tuple(slice(int(f), int(f) + s) for f, s in zip(first, size, strict=True)), weight
