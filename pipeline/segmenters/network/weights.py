"""The networks that come with the program, and their manifest."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.errors import ArtefactError
from pipeline.segmenters.network.bone_shape import BoneShape
from pipeline.segmenters.network.boundary import BoundaryNet
from pipeline.segmenters.network.patch import COARSE, FINE, Array, Patch

_PACKAGE = "pipeline.segmenters.network.models"
MANIFEST = "network.toml"
PATCHES = {"coarse": COARSE, "fine": FINE}
BONE_SHAPE = "bone_shape"
MUSCLE_BOUNDARY, BONE_BOUNDARY = "muscle_boundary", "bone_boundary"
BOUNDARY_LABELS = {MUSCLE_BOUNDARY: max(MUSCLE_NAMES) + 1, BONE_BOUNDARY: max(BONE_NAMES) + 1}
"""Number of labels that each boundary network knows, 0 included."""


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """One trained network and its patch.

    Parameters
    ----------
    session
        An onnxruntime session.
    """

    session: Any
    patch: Patch

    def probabilities(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give the probability of each class at each voxel of the patch, classes first.

        Parameters
        ----------
        image
            On the voxels of ``patch.input``.
        """
        return self._run(["chances"], image)[0]

    def probabilities_and_muscles(
        self, image: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Give also the probability of each muscle at each voxel of ``patch.input``.

        Returns
        -------
        probabilities, muscles
            Classes first; class 0 of the second is everything that is not muscle.
        """
        probabilities, muscles = self._run(["chances", "muscles"], image)
        return probabilities, muscles

    def muscles(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give the second output of `probabilities_and_muscles` alone, in less time."""
        return self._run(["muscles"], image)[0]

    def _run(self, outputs: list[str], image: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        return [batch[0] for batch in self.session.run(outputs, {"image": image[None, None]})]


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """The trained networks and their manifest.

    Parameters
    ----------
    muscle_boundary, bone_boundary
        Place the boundaries in the scan's own voxels.
    bone_shape
        How the bone centres of feet vary.
    centres_mm, half_sizes_mm
        Of each bone that the pose is fitted to, by label, in mm of the fine patch, on the mean
        foot.
    manifest
        Name, version, licence, sha256 of each file, and how it was trained.
    """

    coarse: Network
    fine: Network
    muscle_boundary: BoundaryNet
    bone_boundary: BoundaryNet
    bone_shape: BoneShape
    centres_mm: Mapping[int, Array]
    half_sizes_mm: Mapping[int, Array]
    manifest: Mapping[str, Any]


@cache
def load_weights() -> Weights:
    """Load the packaged networks, once per process.

    Raises
    ------
    ArtefactError
        If a file is missing or its sha256 is not that of the manifest.
    """
    manifest = tomllib.loads(_read(MANIFEST).decode())
    files, bones = manifest["files"], manifest["bones"]
    networks = {
        name: Network(session_of(_checked(files[name])), patch)
        for name, patch in PATCHES.items()
    }
    boundaries = {
        name: BoundaryNet(session_of(_checked(files[name]))) for name in BOUNDARY_LABELS
    }
    return Weights(
        networks["coarse"],
        networks["fine"],
        boundaries[MUSCLE_BOUNDARY],
        boundaries[BONE_BOUNDARY],
        BoneShape.from_tsv(_checked(files[BONE_SHAPE])),
        {int(label): np.array(bone["centre_mm"]) for label, bone in bones.items()},
        {int(label): np.array(bone["half_size_mm"]) for label, bone in bones.items()},
        manifest,
    )


def _read(name: str) -> bytes:
    try:
        return resources.files(_PACKAGE).joinpath(name).read_bytes()
    except OSError as error:
        msg = (
            f"The network's weights must lie in the package: got no {name} in {_PACKAGE}. "
            "Install footvol again, or make them with make train."
        )
        raise ArtefactError(msg) from error


def _checked(file: Mapping[str, str]) -> bytes:
    content = _read(file["name"])
    got = hashlib.sha256(content).hexdigest()
    if got != file["sha256"]:
        msg = (
            f"The network's {file['name']} must be the file of its manifest: got sha256 "
            f"{got[:12]}, where {MANIFEST} says {file['sha256'][:12]}. Install footvol again."
        )
        raise ArtefactError(msg)
    return content


def session_of(content: bytes) -> Any:
    """Make an onnxruntime session whose results do not depend on the number of threads."""
    import onnxruntime  # noqa: PLC0415 - a fifth of a second that only this segmenter needs

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # a fixed order of sums gives the same bytes
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it would keep the memory of the largest layer
    options.log_severity_level = 4  # errors are raised, so they need not be printed too
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
