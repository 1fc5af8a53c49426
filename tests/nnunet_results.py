"""Results folders of nnU-Net v2, as it writes them, of untrained networks."""

import io
import json
from typing import Any

import numpy as np
from user_models import CHANNELS

_NETWORK: dict[str, Any] = {
    "network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet",
    "arch_kwargs": {
        "n_stages": 2,
        "features_per_stage": [8, 16],
        "conv_op": "torch.nn.modules.conv.Conv3d",
        "kernel_sizes": [[3, 3, 3], [3, 3, 3]],
        "strides": [[1, 1, 1], [2, 2, 2]],
        "n_conv_per_stage": [1, 1],
        "n_conv_per_stage_decoder": [1],
        "conv_bias": True,
        "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d",
        "norm_op_kwargs": {"eps": 1e-05, "affine": True},
        "dropout_op": None,
        "dropout_op_kwargs": None,
        "nonlin": "torch.nn.LeakyReLU",
        "nonlin_kwargs": {"inplace": True},
    },
    "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
}
_RESAMPLING = "resample_data_or_seg_to_shape"
_SETTING = {
    "data_identifier": "nnUNetPlans_3d_fullres",
    "preprocessor_name": "DefaultPreprocessor",
    "batch_size": 2,
    "patch_size": [16, 16, 16],
    "spacing": [2.0, 1.0, 1.0],
    "normalization_schemes": ["ZScoreNormalization"],
    "use_mask_for_norm": [False],
    "resampling_fn_data": _RESAMPLING,
    "resampling_fn_seg": _RESAMPLING,
    "resampling_fn_probabilities": _RESAMPLING,
    "resampling_fn_data_kwargs": {"is_seg": False, "order": 3, "order_z": 0},
    "resampling_fn_seg_kwargs": {"is_seg": True, "order": 1, "order_z": 0},
    "resampling_fn_probabilities_kwargs": {"is_seg": False, "order": 1, "order_z": 0},
    "architecture": _NETWORK,
}
_PLANS = {
    "dataset_name": "Dataset001_Feet",
    "plans_name": "nnUNetPlans",
    "image_reader_writer": "SimpleITKIO",
    "transpose_forward": [0, 1, 2],
    "transpose_backward": [0, 1, 2],
    "label_manager": "LabelManager",
    "foreground_intensity_properties_per_channel": {"0": {}},
}


def make_results(
    *,
    extra: object = 0.5,
    network_class_name: str | None = None,
    channels: int = CHANNELS,
    images: int = 1,
    previous_stage: str | None = None,
    width: int = 8,
) -> dict[str, bytes]:
    """Make ``plans.json``, ``dataset.json`` and a checkpoint; needs nnU-Net and torch.

    Parameters
    ----------
    extra
        What the checkpoint holds beside weights, such as the log of nnU-Net.
    network_class_name, width
        In the plans only, so that the weights do not fit.
    """
    import torch  # noqa: PLC0415 - optional
    from nnunetv2.utilities.get_network_from_plans import (  # noqa: PLC0415
        get_network_from_plans,
    )

    torch.manual_seed(0)
    network = get_network_from_plans(
        _NETWORK["network_class_name"],
        _NETWORK["arch_kwargs"],
        _NETWORK["_kw_requires_import"],
        1,
        channels,
        deep_supervision=False,
    )
    checkpoint = io.BytesIO()
    state = {
        "network_weights": network.state_dict(),
        "init_args": {"configuration": "3d_fullres"},
        "trainer_name": "nnUNetTrainer",
        "logging": {"ema_fg_dice": [np.float64(0.25)], "extra": extra},
    }
    torch.save(state, checkpoint)
    architecture = _NETWORK | {
        "arch_kwargs": _NETWORK["arch_kwargs"] | {"features_per_stage": [width, 16]}
    }
    if network_class_name:
        architecture["network_class_name"] = network_class_name
    setting = _SETTING | {"architecture": architecture}
    if previous_stage:
        setting["previous_stage"] = previous_stage
    plans = _PLANS | {"configurations": {"3d_fullres": setting}}
    dataset = {
        "channel_names": {str(k): "MRI" for k in range(images)},
        "labels": {"background": 0} | {f"structure{k}": k for k in range(1, channels)},
        "numTraining": 1,
        "file_ending": ".nii.gz",
    }
    return {
        "plans.json": json.dumps(plans).encode(),
        "dataset.json": json.dumps(dataset).encode(),
        "fold_0/checkpoint_final.pth": checkpoint.getvalue(),
    }
