"""The table of segmenters, and the making of the one that the settings name."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pipeline.domain.segmenter_names import NETWORK, SEGMENTER_NAMES, USER_MODELS
from pipeline.errors import ConfigError
from pipeline.segmenters.base import Segmenter
from pipeline.segmenters.network.network_segmenter import NetworkSegmenter
from pipeline.segmenters.user_model.user_segmenter import UserModel, UserModelSegmenter

SEGMENTERS: Mapping[str, Callable[[], Segmenter]] = MappingProxyType(
    {NETWORK: NetworkSegmenter}
)


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
        known = ", ".join(sorted(SEGMENTER_NAMES))
        msg = f"There is no segmenter named {name!r}. Known: {known}."
        raise ConfigError(msg)
    return SEGMENTERS[name]()
