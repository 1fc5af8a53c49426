"""A network of the user's own as an ONNX file: held to its record, and shown scans."""

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
from pipeline.errors import ConfigError
from pipeline.segmenters.network.isotropic_image import axes_toward, axis_directions
from pipeline.segmenters.network.patch import Array, Patch, averaged, seen
from pipeline.segmenters.network.prediction import OTHER, Prediction, inner
from pipeline.segmenters.network.weights import session_of
from pipeline.segmenters.user_model.manifest import BACKGROUND_NAME, OnnxManifest, check_sha256

ONNX = "onnx"
_OFF_ONE = 0.01  # of probabilities that were rounded to half precision


@dataclass(frozen=True, slots=True, eq=False)
class OnnxModel:
    """A network that fits its record.

    Parameters
    ----------
    session
        An onnxruntime session.
    size
        Voxels of the input; None if any will do.

    Notes
    -----
    It sees the scan along the scan's own axes, in the order and the directions that its
    record names, at its own spacing.
    """

    record: OnnxManifest
    session: Any
    size: tuple[int, int, int] | None

    @property
    def name(self) -> str:
        """Kind, name and version, for provenance."""
        return f"{ONNX}:{self.record.name}-{self.record.version}"

    def predict(self, scan: Scan) -> Prediction:
        """See the whole scan, tile by tile if the input has a size.

        Raises
        ------
        ConfigError
            If the network does not run, or gives other than its record says.
        """
        pose, shape, target_mm = laid(scan.grid, self.record)
        whole = -shape % self.record.multiple_of + shape
        padded = np.maximum(shape, self.size) if self.size else whole
        pose[:3, 3] += pose[:3, :3] @ ((padded - shape) % 2 / 2)  # voxels stay in place
        patch = Patch(tuple(padded.tolist()), (1.0, 1.0, 1.0))  # the pose scales
        values, affine = averaged(scan.intensity, scan.grid, target_mm)
        shown = normalised(seen(values, affine, patch, pose), scan.intensity, self.record)
        probabilities = np.zeros((OTHER + 1, *patch.shape), dtype=np.float32)
        for place, weight in _tiles(patch.shape, self.size or patch.shape):
            found = self.probabilities(np.ascontiguousarray(shown[place]))
            for structure, probability in zip(self.record.classes, found, strict=True):
                probabilities[structure][place] += probability * weight
        probabilities /= probabilities.sum(axis=0)
        return Prediction(probabilities, patch, pose, inner(values, affine, patch, pose))

    def probabilities(self, shown: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give the probability of each channel at each voxel, channels first.

        Raises
        ------
        ConfigError
            If the network does not run, or gives other than its record says.
        """
        name = self.session.get_inputs()[0].name
        try:
            (output,) = self.session.run(None, {name: shown[None, None]})
        except Exception as error:  # onnxruntime's errors have no base of their own
            msg = (
                f"The model {self.record.file!r} must run on {shown.shape} voxels: got "
                f"{_first_line(error)}. Set size_voxels or multiple_of in its record."
            )
            raise ConfigError(msg) from error
        expected = (1, len(self.record.labels), *shown.shape)
        if output.shape != expected:
            msg = (
                f"The model {self.record.file!r} must give its labels at every voxel it is "
                f"shown, {expected}: got {output.shape}. Correct the model or its labels."
            )
            raise ConfigError(msg)
        found: NDArray[np.float32] = output[0].astype(np.float32)
        if self.record.output == "scores":
            found = softmax(found, axis=0)
        if not (np.abs(found.sum(axis=0) - 1) < _OFF_ONE).all() or found.min() < -_OFF_ONE:
            msg = (
                f"The model {self.record.file!r} must give probabilities that add up to 1 at "
                f"every voxel: got {found.sum(axis=0).min():.3g} to "
                f"{found.sum(axis=0).max():.3g}. "
                'Set output = "scores" in its record if they are scores.'
            )
            raise ConfigError(msg)
        return found


def load_onnx(record: OnnxManifest, content: bytes) -> OnnxModel:
    """Make a network ready, and hold it to its record.

    Raises
    ------
    ConfigError
        If it is not the file of the record, not ONNX, or not of one image and one output of
        as many channels as there are labels.
    """
    check_sha256(content, record.file, record.sha256)
    try:
        session = session_of(content)
    except Exception as error:  # onnxruntime's errors have no base of their own
        msg = (
            f"The model {record.file!r} must be ONNX, weights included: got "
            f"{_first_line(error)}. Export it again, in one file."
        )
        raise ConfigError(msg) from error
    image, labels = _ends(session, record)
    own = image.shape[2:]
    fixed = tuple(own) if all(isinstance(n, int) for n in own) else None
    asked = record.size_voxels
    if asked and any(isinstance(n, int) and n != a for n, a in zip(own, asked, strict=True)):
        msg = (
            f"The size_voxels of a record must be those of the model: got {list(asked)}, where "
            f"{record.file!r} takes {own}. Leave size_voxels out."
        )
        raise ConfigError(msg)
    channels = labels.shape[1]
    if isinstance(channels, int) and channels != len(record.labels):
        msg = (
            f"The labels of a record must name every output channel: got {len(record.labels)} "
            f"labels, where {record.file!r} has {channels} channels. Name the others "
            f"{BACKGROUND_NAME!r}."
        )
        raise ConfigError(msg)
    return OnnxModel(record, session, asked or fixed)


def _ends(session: Any, record: OnnxManifest) -> tuple[Any, Any]:
    """Give the one input and the one output."""
    ends = session.get_inputs(), session.get_outputs()
    fits = all(len(e) == 1 and len(e[0].shape) == 5 for e in ends)
    fits = fits and all(n == 1 for n in ends[0][0].shape[:2] if isinstance(n, int))
    if not fits or ends[0][0].type != "tensor(float)":
        told = (", ".join(f"{e.name} {e.type} {e.shape}" for e in end) for end in ends)
        msg = (
            f"The model {record.file!r} must take one float image (1, 1, x, y, z) and give one "
            f"output (1, channels, x, y, z): got inputs {next(told)}; outputs {next(told)}. "
            "Export it so."
        )
        raise ConfigError(msg)
    return ends[0][0], ends[1][0]


def _first_line(error: Exception) -> str:
    text = re.sub(r"^\[\w+\] : \d+ : ", "", str(error))  # the name of its error, and a number
    return next(iter(text.splitlines()), "no reason").rstrip(".")[:200]


def laid(grid: Grid, record: OnnxManifest) -> tuple[Array, NDArray[np.int_], Array]:
    """Lay the network's axes along those of the scan.

    Returns
    -------
    pose, shape, target_mm
        Voxels about the middle to world, 4 x 4; voxels that hold the scan; the network's
        spacing along each array axis of the scan.
    """
    own, signs = axes_toward(grid, record.orientation)
    spacing_mm = np.array(record.spacing_mm)
    pose = np.eye(4)
    pose[:3, :3] = axis_directions(grid)[:, own] * signs * spacing_mm
    pose[:3, 3] = grid.centre_mm
    extent_mm = (np.array(grid.shape) * np.array(grid.spacing_mm))[own]
    target_mm = np.empty(3)
    target_mm[own] = spacing_mm
    return pose, np.ceil(extent_mm / spacing_mm - 1e-6).astype(int), target_mm


def normalised(
    shown: NDArray[np.float32], intensity: NDArray[np.float32], record: OnnxManifest
) -> NDArray[np.float32]:
    """Scale brightness as the network was trained, by the scan's own voxels."""
    if record.normalisation == "none":
        return shown
    if record.normalisation == "zscore":
        zero, span = intensity.mean(dtype=float), intensity.std(dtype=float)
        scaled: NDArray[np.float32] = ((shown - zero) / span).astype(np.float32)
        return scaled
    low, high = np.percentile(intensity, record.percentiles)
    span = max(high - low, np.finfo(np.float32).tiny)
    held: NDArray[np.float32] = np.clip((shown - low) / span, 0, 1).astype(np.float32)
    return held


def _tiles(
    shape: tuple[int, ...], size: tuple[int, ...]
) -> Iterator[tuple[tuple[slice, ...], NDArray[np.float32]]]:
    """Yield tiles that overlap by half or more, and weights that fall off from the middle."""
    starts = [
        np.unique(np.linspace(0, n - s, 1 + -(-2 * (n - s) // s)).astype(int))
        for n, s in zip(shape, size, strict=True)
    ]
    x, y, z = (1 - np.abs(np.linspace(-1, 1, s + 2)[1:-1]) for s in size)
    weight = (x[:, None, None] * y[:, None] * z).astype(np.float32)
    for first in product(*starts):
        yield tuple(slice(int(f), int(f) + s) for f, s in zip(first, size, strict=True)), weight
