"""Work whose time and memory are measured, in a process of its own.

``python -m validation.measured_process KIND IMAGE OUT COUNT`` prints JSON: for each of COUNT
repetitions, a list of `Usage`.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import TypedDict

import pandas as pd
import SimpleITK as sitk

from pipeline.config import load_config
from pipeline.run.cohort import Cohort, open_scan
from pipeline.run.outcome import OK
from pipeline.run.plan import stage_names
from pipeline.run.process_participant import process_participant
from pipeline.segmenters.network.prediction import OTHER

FEET, N4, NNUNET = "feet", "n4", "nnunet"
_PEAK_OF_PROCESS = Path("/proc/self/clear_refs")
_RESET = "5"  # proc(5): VmHWM becomes the memory in use
_LONGEST_PATCH = 256  # voxels, where nnU-Net's planner starts
_FEATURES, _MOST_FEATURES = 32, 320  # channels of nnU-Net's default network


class Usage(TypedDict):
    """Time and memory of one piece of work."""

    stage: str
    wall_s: float
    cpu_s: float
    peak_gb: float


def run_measured(kind: str, image: Path, out: Path, count: int = 1) -> list[pd.DataFrame]:
    """Do work in a new process.

    Parameters
    ----------
    kind
        ``feet``: the stages of one scan. ``n4``, ``nnunet``: the same work of a peer.
    out
        Folder for what is written.

    Returns
    -------
    list of pandas.DataFrame
        For each repetition, the fields of `Usage` by stage.

    Raises
    ------
    subprocess.CalledProcessError
        If the work fails.
    """
    words = ["-m", "validation.measured_process", kind, str(image), str(out), str(count)]
    done = subprocess.run([sys.executable, *words], check=True, stdout=subprocess.PIPE)
    *_, printed = done.stdout.splitlines()  # peers print, too
    return [pd.DataFrame(usages).set_index("stage") for usages in json.loads(printed)]


def _feet(image: Path, out: Path) -> Iterator[Usage]:
    cohort = open_scan(image, out, load_config(), None, None)
    for stage in stage_names():
        yield _measured(stage, partial(_process, cohort, stage))


def _process(cohort: Cohort, stage: str) -> None:
    (outcome,) = map(process_participant, cohort.jobs((stage,)))
    if outcome.status != OK:
        sys.exit(f"{outcome.participant.participant_id}: {outcome.reason}")


def _n4(image: Path, _: Path) -> Iterator[Usage]:
    import ants  # noqa: PLC0415 a peer, where it is installed

    scan = ants.image_read(str(image))
    yield _measured("preprocess", partial(ants.n4_bias_field_correction, scan))


def _nnunet(image: Path, _: Path) -> Iterator[Usage]:
    """Apply nnU-Net's default 3d_fullres network with random weights, without mirroring.

    The patch is the one at which its planner starts, before it is shrunk to fit a GPU: fewer
    patches, so less time.
    """
    import torch  # noqa: PLC0415
    from dynamic_network_architectures.architectures.unet import PlainConvUNet  # noqa: PLC0415
    from nnunetv2.experiment_planning.experiment_planners import (  # noqa: PLC0415
        network_topology,
    )
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor  # noqa: PLC0415

    scan = sitk.ReadImage(str(image), sitk.sitkFloat32)
    voxels = torch.from_numpy(sitk.GetArrayFromImage(scan))[None]
    spacing_mm = scan.GetSpacing()[::-1]
    longest = [min(size, _LONGEST_PATCH) for size in voxels.shape[1:]]
    _, strides, kernels, patch, _ = network_topology.get_pool_and_conv_props(
        spacing_mm, longest, 4, 999_999
    )
    depth = len(strides)
    network = PlainConvUNet(
        input_channels=1,
        n_stages=depth,
        features_per_stage=[min(_FEATURES * 2**k, _MOST_FEATURES) for k in range(depth)],
        conv_op=torch.nn.Conv3d,
        kernel_sizes=kernels,
        strides=strides,
        n_conv_per_stage=2,
        num_classes=OTHER,
        n_conv_per_stage_decoder=2,
        conv_bias=True,
        norm_op=torch.nn.InstanceNorm3d,
        norm_op_kwargs={"eps": 1e-5, "affine": True},
        nonlin=torch.nn.LeakyReLU,
        nonlin_kwargs={"inplace": True},
    )
    predictor = nnUNetPredictor(
        use_mirroring=False,
        perform_everything_on_device=False,
        device=torch.device("cpu"),
        allow_tqdm=False,
    )
    predictor.network = network.eval()
    predictor.configuration_manager = SimpleNamespace(patch_size=tuple(map(int, patch)))
    predictor.label_manager = SimpleNamespace(num_segmentation_heads=OTHER)
    predictor.allowed_mirroring_axes = None
    yield _measured("segment", partial(predictor.predict_sliding_window_return_logits, voxels))


def _measured(stage: str, work: Callable[[], object]) -> Usage:
    _PEAK_OF_PROCESS.write_text(_RESET, encoding="ascii")
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall_s, cpu_s = time.perf_counter() - wall, time.process_time() - cpu
    return Usage(stage=stage, wall_s=wall_s, cpu_s=cpu_s, peak_gb=_peak_gb())


def _peak_gb() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    kilobytes = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(kilobytes.split()[1]) * 1024 / 1e9


KINDS: Mapping[str, Callable[[Path, Path], Iterator[Usage]]] = MappingProxyType(
    {FEET: _feet, N4: _n4, NNUNET: _nnunet}
)


def main() -> None:
    """Print the usage of each repetition."""
    kind, image, out, count = sys.argv[1:]
    rows = [[*KINDS[kind](Path(image), Path(out, str(k)))] for k in range(int(count))]
    print(json.dumps(rows))  # noqa: T201


if __name__ == "__main__":
    main()
