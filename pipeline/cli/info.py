"""Version, labels, segmenters, protocols and effects; imports nothing heavy."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pipeline import __version__
from pipeline.domain.anatomy import BONE_NAMES, MUSCLES, REGION_NAMES
from pipeline.domain.segmenter_names import SEGMENTER_NAMES
from pipeline.phantom.acquisition.protocols import PROTOCOL_NAMES
from pipeline.phantom.cohort.effects import effect_names


def facts() -> dict[str, Any]:
    """Give version, labels, segmenters, protocols and effects."""
    return {
        "version": __version__,
        "muscles": [
            asdict(muscle) | {"in_plantar_total": muscle.is_plantar} for muscle in MUSCLES
        ],
        "bones": {str(index): name for index, name in BONE_NAMES.items()},
        "regions": {str(index): name for index, name in REGION_NAMES.items()},
        "segmenters": list(SEGMENTER_NAMES),
        "protocols": list(PROTOCOL_NAMES),
        "effects": list(effect_names()),
    }


def describe(known: Mapping[str, Any]) -> str:
    """Format these facts as text."""
    lines = [f"footvol {known['version']}", "", "Muscles (* counts in the plantar total):"]
    for muscle in known["muscles"]:
        mark = "*" if muscle["in_plantar_total"] else " "
        lines.append(
            f"  {muscle['index']:>2} {muscle['abbreviation']:<4} {mark} {muscle['name']}"
        )
    for title in ("bones", "regions"):
        listed = ", ".join(f"{index} {name}" for index, name in known[title].items())
        lines.append(f"{title.capitalize()}: {listed}")
    for title in ("segmenters", "protocols", "effects"):
        lines.append(f"{title.capitalize()}: {', '.join(known[title])}")
    return "\n".join(lines)
