"""A results folder of nnU-Net v2: held to its record, rebuilt from its plans, shown scans."""

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
from pipeline.errors import ConfigError
from pipeline.segmenters.network.isotropic_image import axes_toward, axis_directions
from pipeline.segmenters.network.patch import Patch
from pipeline.segmenters.network.prediction import OTHER, Prediction
from pipeline.segmenters.user_model.manifest import DATASET, PLANS, NnunetManifest, check_sha256

NNUNET = "nnunet"
_ARCHITECTURES = "dynamic_network_architectures."
_PARTS = "torch.nn."


@dataclass(frozen=True, slots=True, eq=False)
class NnunetModel:
    """A network that fits its record.

    Parameters
    ----------
    predictor
        nnU-Net's own, which resamples, normalises, tiles and brings back.

    Notes
    -----
    Isensee et al. 2021 (Nat Methods 18:203). It sees the scan's own voxels, in the order and
    the directions that its record names; mirrored copies are not looked at.
    """

    record: NnunetManifest
    predictor: Any

    @property
    def name(self) -> str:
        """Kind, name and version, for provenance."""
        return f"{NNUNET}:{self.record.name}-{self.record.version}"

    def predict(self, scan: Scan) -> Prediction:
        """See the whole scan.

        Raises
        ------
        ConfigError
            If the network does not run.
        """
        own, signs = axes_toward(scan.grid, self.record.orientation)
        ways = tuple(slice(None, None, int(sign)) for sign in signs)
        turned = scan.intensity.transpose(own)[ways]
        spacing_mm = np.array(scan.grid.spacing_mm)[own]
        found = self.probabilities(turned, spacing_mm)
        probabilities = np.zeros((OTHER + 1, *turned.shape), dtype=np.float32)
        for structure, probability in zip(self.record.classes, found, strict=True):
            probabilities[structure] += probability
        pose = np.eye(4)
        pose[:3, :3] = axis_directions(scan.grid)[:, own] * signs * spacing_mm
        pose[:3, 3] = scan.grid.centre_mm
        is_inner = ndimage.binary_erosion(np.ones(turned.shape, dtype=bool))
        return Prediction(probabilities, Patch(turned.shape, (1.0, 1.0, 1.0)), pose, is_inner)

    def probabilities(
        self, shown: NDArray[np.float32], spacing_mm: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """Give the probability of each channel at each voxel, channels first.

        Raises
        ------
        ConfigError
            If the network does not run.
        """
        # its arrays are z, y, x, as its readers make them
        image = np.ascontiguousarray(shown.T[None], dtype=np.float32)
        try:
            with _silently():
                _, found = self.predictor.predict_single_npy_array(
                    image, {"spacing": spacing_mm[::-1].tolist()}, None, None, True
                )
        except Exception as error:  # of whatever the plans name
            msg = (
                f"The model {self.record.folder!r} must run on a scan of {shown.shape} voxels: "
                f"got {_fault(error)}. Try it with nnU-Net's own nnUNetv2_predict."
            )
            raise ConfigError(msg) from error
        probabilities: NDArray[np.float32] = np.asarray(found, np.float32).transpose(0, 3, 2, 1)
        return probabilities


def load_nnunet(record: NnunetManifest, contents: Mapping[str, bytes]) -> NnunetModel:
    """Make a network ready, and hold it to its record.

    Parameters
    ----------
    contents
        Of each file that the record names.

    Raises
    ------
    ConfigError
        If nnU-Net is not installed; if a file is not that of the record, or holds more than
        weights; if the plans do not make a network of one image and of as many channels as
        there are labels.
    """
    for file, content in contents.items():
        check_sha256(content, file, record.files[file])
    try:
        with _silently():
            return NnunetModel(record, _predictor(record, contents))
    except ModuleNotFoundError as error:
        msg = (
            f"The segmenter {NNUNET!r} needs nnU-Net v2 and torch: got no module named "
            f"{error.name!r}. Install them as docs/usage.md tells."
        )
        raise ConfigError(msg) from error
    except pickle.UnpicklingError as error:
        msg = (
            f"The checkpoints of {record.folder!r} must hold weights and plain facts alone, as "
            f"anything else could run a program: got {_fault(error)}. Save them again "
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
            f"The folder {record.folder!r} must be a result of nnU-Net v2 for one image: got "
            f"{_fault(error)}. Take the folder as nnU-Net wrote it, or correct it."
        )
        raise ConfigError(msg) from error


def _predictor(record: NnunetManifest, contents: Mapping[str, bytes]) -> Any:
    import torch  # noqa: PLC0415 - both are heavy, optional, and needed by this segmenter alone
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor  # noqa: PLC0415
    from nnunetv2.utilities.get_network_from_plans import (  # noqa: PLC0415
        get_network_from_plans,
    )
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager  # noqa: PLC0415

    states = [_checkpoint(contents[name]) for name in record.checkpoints]
    plans, dataset = (json.loads(contents[name]) for name in (PLANS, DATASET))
    manager = PlansManager(plans)
    setting = manager.get_configuration(states[0]["init_args"]["configuration"])
    channels = manager.get_label_manager(dataset).num_segmentation_heads
    _check_plans(record, setting, dataset, channels)
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
    torch.set_num_threads(1)  # sums run in one order, so the same bytes come out
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


def _check_plans(record: NnunetManifest, setting: Any, dataset: Any, channels: int) -> None:
    parts = setting.network_arch_init_kwargs
    named = [parts[key] for key in setting.network_arch_init_kwargs_req_import]
    strange = [part for part in named if part is not None and not part.startswith(_PARTS)]
    if not setting.network_arch_class_name.startswith(_ARCHITECTURES):
        strange.append(setting.network_arch_class_name)
    problems = {
        f"a network made of {', '.join(strange)}": strange,
        "a cascade": setting.previous_stage_name,
        f"{len(dataset['channel_names'])} images": len(dataset["channel_names"]) != 1,
        f"{channels} channels where the record names {len(record.labels)}": (
            channels != len(record.labels)
        ),
    }
    for problem, is_there in problems.items():
        if is_there:
            raise ValueError(problem)


def _checkpoint(content: bytes) -> Any:
    """Read tensors and plain facts; nothing that could run is unpickled."""
    import torch  # noqa: PLC0415

    scalar = np.float64(0).__reduce__()[0]  # nnU-Net keeps its losses as NumPy's
    plain = [np.dtype, *(type(np.dtype(kind)) for kind in (np.float32, np.float64, np.int64))]
    plain += [scalar, (scalar, "numpy.core.multiarray.scalar")]
    with torch.serialization.safe_globals(plain):
        return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)


def _silently() -> contextlib.redirect_stdout[io.StringIO]:
    """Keep what nnU-Net prints from our own output."""
    return contextlib.redirect_stdout(io.StringIO())


def _fault(error: Exception) -> str:
    """Say what is wrong in words of the files, not of Python."""
    if isinstance(error, KeyError):
        return f"no {error}"
    if isinstance(error, (TypeError, AttributeError, IndexError, AssertionError)):
        return "plans, labels or checkpoints of another shape"
    return next(iter(str(error).splitlines()), "no reason").rstrip(".:")[:200]
