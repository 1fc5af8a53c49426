"""Anything that turns a scan into muscle and bone labels, behind one Protocol."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pipeline.errors import ConfigError
from pipeline.segmenters.atlas import AtlasSegmenter
from pipeline.segmenters.base import Segmenter
from pipeline.segmenters.network import NetworkSegmenter

SEGMENTERS: Mapping[str, Callable[[], Segmenter]] = MappingProxyType(
    {"atlas": AtlasSegmenter, "network": NetworkSegmenter}
)


def make_segmenter(name: str) -> Segmenter:
    """Make the segmenter that the settings name.

    Raises
    ------
    ConfigError
        If there is none of that name.
    """
    if name not in SEGMENTERS:
        known = ", ".join(sorted(SEGMENTERS))
        msg = f"There is no segmenter named {name!r}. Known: {known}."
        raise ConfigError(msg)
    return SEGMENTERS[name]()
