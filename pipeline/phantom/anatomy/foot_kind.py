"""The kinds of digital feet."""

from enum import StrEnum


class FootKind(StrEnum):
    """How the muscles of a foot are modelled; each kind is a different geometric model."""

    TAPERED = "tapered"  # generalised cylinders, each grown by its own offset
    FILLED = "filled"  # compartments filled with muscle and divided among thin cores
    SPARSE = "sparse"  # separate spindles in fat, with long tendons
    CONTOURED = "contoured"  # free outlines, wrapped around one another and around bone
