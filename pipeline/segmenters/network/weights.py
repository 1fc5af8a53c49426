"""The networks that come with the program, and what is known of them."""

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
from pipeline.segmenters.network.boundary import BoundaryNet
from pipeline.segmenters.network.patch import COARSE, FINE, Array, Patch

_PACKAGE = "pipeline.segmenters.network.models"
RECORD = "network.toml"
PATCHES = {"coarse": COARSE, "fine": FINE}
MUSCLE_BOUNDARY, BONE_BOUNDARY = "muscle_boundary", "bone_boundary"
BOUNDARY_LABELS = {MUSCLE_BOUNDARY: max(MUSCLE_NAMES) + 1, BONE_BOUNDARY: max(BONE_NAMES) + 1}
"""How many labels the networks for borders know, 0 among them."""


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """One trained network.

    Parameters
    ----------
    session
        An onnxruntime session.
    """

    session: Any
    patch: Patch

    def probabilities(self, shown: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give the probability of each class at each voxel of a patch, classes first.

        Parameters
        ----------
        shown
            In the voxels of ``patch.input``.
        """
        return self._run(["chances"], shown)[0]

    def probabilities_and_muscles(
        self, shown: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Give, beside those, the probability of each muscle at each voxel that is shown.

        The first is the probability of no muscle.
        """
        probabilities, muscles = self._run(["chances", "muscles"], shown)
        return probabilities, muscles

    def _run(self, outputs: list[str], shown: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        return [found[0] for found in self.session.run(outputs, {"image": shown[None, None]})]


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """The networks and the record that came with them.

    Parameters
    ----------
    muscle_boundary, bone_boundary
        What draws borders in the scan's own voxels.
    centres_mm, half_sizes_mm
        Of each bone that the fine patch is laid by, in the patch's own mm, on a foot of
        mean proportions; by bone label.
    record
        Name, version, licence, sha256 of each file, and how it was trained.
    """

    coarse: Network
    fine: Network
    muscle_boundary: BoundaryNet
    bone_boundary: BoundaryNet
    centres_mm: Mapping[int, Array]
    half_sizes_mm: Mapping[int, Array]
    record: Mapping[str, Any]


@cache
def load_weights() -> Weights:
    """Load the packaged networks, once per process.

    Raises
    ------
    ArtefactError
        If a file is missing or is not the one that the record tells of.
    """
    record = tomllib.loads(_read(RECORD).decode())
    networks = {
        name: Network(session_of(_checked(name, record["files"][name])), patch)
        for name, patch in PATCHES.items()
    }
    borders = {
        name: BoundaryNet(session_of(_checked(name, record["files"][name])))
        for name in BOUNDARY_LABELS
    }
    sizes = {int(label): bone for label, bone in record["bones"].items()}
    return Weights(
        networks["coarse"],
        networks["fine"],
        borders[MUSCLE_BOUNDARY],
        borders[BONE_BOUNDARY],
        {label: np.array(bone["centre_mm"]) for label, bone in sizes.items()},
        {label: np.array(bone["half_size_mm"]) for label, bone in sizes.items()},
        record,
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


def _checked(name: str, file: Mapping[str, str]) -> bytes:
    content = _read(file["name"])
    got = hashlib.sha256(content).hexdigest()
    if got != file["sha256"]:
        msg = (
            f"The weights of the {name} network must be those of the record: got sha256 "
            f"{got[:12]} for {file['name']}, where {RECORD} says {file['sha256'][:12]}. "
            "Install footvol again."
        )
        raise ArtefactError(msg)
    return content


def session_of(content: bytes) -> Any:
    """Make an onnxruntime session that gives the same bytes whatever the machine's threads."""
    import onnxruntime  # noqa: PLC0415 - a fifth of a second that only this segmenter needs

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # sums run in one order, so the same bytes come out
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it would keep what the largest layer took
    options.log_severity_level = 4  # what is wrong is raised, so it need not be printed, too
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
