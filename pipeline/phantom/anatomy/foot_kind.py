"""How the muscles of a digital foot are made."""

from enum import StrEnum


class FootKind(StrEnum):
    """Kinds that differ in construction, not in the range of a number."""

    TAPERED = "tapered"  # tapered tubes, each grown by its own distance
    FILLED = "filled"  # thin cores that share out a full compartment
    SPARSE = "sparse"  # separate spindles in much fat, on long tendons
    CONTOURED = "contoured"  # free outlines, wrapped about one another and about bone
