"""A results folder of nnU-Net v2: checked, rebuilt from its plans and applied to scans."""

import contextlib
import io
import json
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipeline.domain.scan import Scan
from pipeline.domain.segmenter_names import NNUNET
from pipeline.errors import ConfigError
from pipeline.segmenters.network.patch import Patch
from pipeline.segmenters.network.prediction import OTHER, Prediction
from pipeline.segmenters.orientation import axes_toward, axis_directions
from pipeline.segmenters.user_model.manifest import DATASET, PLANS, NnunetManifest, check_sha256

_ARCHITECTURES = "dynamic_network_architectures."
_LAYERS = "torch.nn."


@dataclass(frozen=True, slots=True, eq=False)
class NnunetModel:
    """A network that fits its manifest.

    Parameters
    ----------
    predictor
        nnU-Net's own, which normalises, resamples to its spacing and back, and tiles.

    Notes
    -----
    Isensee et al. 2021 (Nat Methods 18:203). The input is the scan's own voxels, with the axes
    in the orientation of the manifest. There is no test-time mirroring.
    """

    manifest: NnunetManifest
    predictor: Any

    @property
    def name(self) -> str:
        """Kind, name and version, for provenance."""
        return f"{NNUNET}:{self.manifest.name}-{self.manifest.version}"

    def predict(self, scan: Scan) -> Prediction:
        """Predict the whole scan.

        Raises
        ------
        ConfigError
            If the network does not run.
        """
        axes, signs = axes_toward(scan.grid, self.manifest.orientation)
        directions = tuple(slice(None, None, int(sign)) for sign in signs)
        oriented = scan.intensity.transpose(axes)[directions]
        spacing_mm = np.array(scan.grid.spacing_mm)[axes]
        channels = self.probabilities(oriented, spacing_mm)
        probabilities = np.zeros((OTHER + 1, *oriented.shape), dtype=np.float32)
        for structure, probability in zip(self.manifest.classes, channels, strict=True):
            probabilities[structure] += probability
        pose = np.eye(4)
        pose[:3, :3] = axis_directions(scan.grid)[:, axes] * signs * spacing_mm
        pose[:3, 3] = scan.grid.centre_mm
        is_interior = ndimage.binary_erosion(np.ones(oriented.shape, dtype=bool))
        patch = Patch(oriented.shape, (1.0, 1.0, 1.0))  # the pose scales
        return Prediction(probabilities, patch, pose, is_interior)

    def probabilities(
        self, voxels: NDArray[np.float32], spacing_mm: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """Give the probability of each channel at each voxel, channels first.

        Raises
        ------
        ConfigError
            If the network does not run.
        """
        # nnU-Net's arrays are in the order k, j, i
        image = np.ascontiguousarray(voxels.T[None], dtype=np.float32)
        try:
            with _silently():
                _, channels = self.predictor.predict_single_npy_array(
                    image, {"spacing": spacing_mm[::-1].tolist()}, None, None, True
                )
        except Exception as error:  # of whatever code the plans name
            msg = (
                f"The model {self.manifest.folder!r} must run on a scan of {voxels.shape} "
                f"voxels: got {_fault(error)}. Try it with nnU-Net's own nnUNetv2_predict."
            )
            raise ConfigError(msg) from error
        probabilities: NDArray[np.float32] = np.asarray(channels, np.float32).transpose(
            0, 3, 2, 1
        )
        return probabilities


def load_nnunet(manifest: NnunetManifest, contents: Mapping[str, bytes]) -> NnunetModel:
    """Load a network and check it against its manifest.

    Parameters
    ----------
    contents
        Of each file that the manifest names, by name.

    Raises
    ------
    ConfigError
        If nnU-Net is not installed; if a file is not that of the manifest, or holds more than
        weights; if the plans do not give a network for one image with one channel per label.
    """
    for file, content in contents.items():
        check_sha256(content, file, manifest.files[file])
    try:
        with _silently():
            return NnunetModel(manifest, _predictor(manifest, contents))
    except ModuleNotFoundError as error:
        msg = (
            f"The segmenter {NNUNET!r} needs nnU-Net v2 and torch: got no module named "
            f"{error.name!r}. Install them as docs/own_model.md describes."
        )
        raise ConfigError(msg) from error
    except pickle.UnpicklingError as error:
        msg = (
            f"The checkpoints of {manifest.folder!r} must hold weights and plain values only, "
            f"as anything else could run a program: got {_fault(error)}. Save them again "
            "with nnU-Net v2 itself."
        )
        raise ConfigError(msg) from error
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        RuntimeError,
        AssertionError,
    ) as error:
        msg = (
            f"The folder {manifest.folder!r} must be a result of nnU-Net v2 for one image: got "
            f"{_fault(error)}. Take the folder as nnU-Net wrote it, or correct it."
        )
        raise ConfigError(msg) from error


def _predictor(manifest: NnunetManifest, contents: Mapping[str, bytes]) -> Any:
    import torch  # noqa: PLC0415 - both are heavy and optional
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor  # noqa: PLC0415
    from nnunetv2.utilities.get_network_from_plans import (  # noqa: PLC0415
        get_network_from_plans,
    )
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager  # noqa: PLC0415

    states = [_checkpoint(contents[name]) for name in manifest.checkpoints]
    plans, dataset = (json.loads(contents[name]) for name in (PLANS, DATASET))
    manager = PlansManager(plans)
    setting = manager.get_configuration(states[0]["init_args"]["configuration"])
    channels = manager.get_label_manager(dataset).num_segmentation_heads
    _check_plans(manifest, setting, dataset, channels)
    if manager.get_label_manager(dataset).has_regions:
        msg = "labels that are regions, which may overlap"
        raise ValueError(msg)
    network = get_network_from_plans(
        setting.network_arch_class_name,
        setting.network_arch_init_kwargs,
        setting.network_arch_init_kwargs_req_import,
        1,
        channels,
        deep_supervision=False,
    )
    weights = [state["network_weights"] for state in states]
    torch.set_num_threads(1)  # a fixed order of sums gives the same bytes
    for fold in weights:
        network.load_state_dict(fold)
    predictor = nnUNetPredictor(
        use_mirroring=False,
        perform_everything_on_device=False,
        device=torch.device("cpu"),
        allow_tqdm=False,
    )
    predictor.manual_initialization(network, manager, setting, weights, dataset, "", None)
    return predictor


def _check_plans(manifest: NnunetManifest, setting: Any, dataset: Any, channels: int) -> None:
    settings = setting.network_arch_init_kwargs
    layers = [settings[key] for key in setting.network_arch_init_kwargs_req_import]
    strange = [name for name in layers if name is not None and not name.startswith(_LAYERS)]
    if not setting.network_arch_class_name.startswith(_ARCHITECTURES):
        strange.append(setting.network_arch_class_name)
    problems = {
        f"a network made of {', '.join(strange)}": strange,
        "a cascade": setting.previous_stage_name,
        f"{len(dataset['channel_names'])} images": len(dataset["channel_names"]) != 1,
        f"{channels} channels where the manifest names {len(manifest.labels)}": (
            channels != len(manifest.labels)
        ),
    }
    for problem, is_there in problems.items():
        if is_there:
            raise ValueError(problem)


def _checkpoint(content: bytes) -> Any:
    """Read tensors and plain values; nothing that could run code is unpickled."""
    import torch  # noqa: PLC0415

    scalar = np.float64(0).__reduce__()[0]  # nnU-Net keeps its losses as NumPy's
    plain = [np.dtype, *(type(np.dtype(kind)) for kind in (np.float32, np.float64, np.int64))]
    plain += [scalar, (scalar, "numpy.core.multiarray.scalar")]
    with torch.serialization.safe_globals(plain):
        return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)


def _silently() -> contextlib.redirect_stdout[io.StringIO]:
    """Suppress what nnU-Net prints."""
    return contextlib.redirect_stdout(io.StringIO())


def _fault(error: Exception) -> str:
    """Describe an error in terms of the files, not of Python."""
    if isinstance(error, KeyError):
        return f"no {error}"
    if isinstance(error, (TypeError, AttributeError, IndexError, AssertionError)):
        return "plans, labels or checkpoints of another shape"
    return next(iter(str(error).splitlines()), "no reason").rstrip(".:")[:200]
