"""Segmenters: anything that turns a scan into muscle and bone labels, behind one Protocol."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pipeline.errors import ConfigError
from pipeline.segmenters.base import Segmenter
from pipeline.segmenters.network.network_segmenter import NetworkSegmenter
from pipeline.segmenters.user_model.nnunet import NNUNET
from pipeline.segmenters.user_model.onnx import ONNX
from pipeline.segmenters.user_model.user_segmenter import UserModel, UserModelSegmenter

USER_MODELS = (NNUNET, ONNX)
"""Segmenters that run a model of the user's own."""
SEGMENTERS: Mapping[str, Callable[[], Segmenter]] = MappingProxyType(
    {"network": NetworkSegmenter}
)


def segmenter_names() -> tuple[str, ...]:
    """Give the names that the settings may use: built-in segmenters and user models."""
    return (*SEGMENTERS, *USER_MODELS)


def make_segmenter(name: str, model: UserModel | None = None) -> Segmenter:
    """Make the segmenter that the settings name.

    Parameters
    ----------
    model
        The user's own model, if `name` is one of `USER_MODELS`.

    Raises
    ------
    ConfigError
        If the name is unknown, or the model is missing.
    """
    if name in USER_MODELS and model is not None:
        return UserModelSegmenter(model)
    if name in USER_MODELS:
        msg = f"The segmenter {name!r} needs a model: got none. Set segment.model."
        raise ConfigError(msg)
    if name not in SEGMENTERS:
        known = ", ".join(sorted(segmenter_names()))
        msg = f"There is no segmenter named {name!r}. Known: {known}."
        raise ConfigError(msg)
    return SEGMENTERS[name]()
