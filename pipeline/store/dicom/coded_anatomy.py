"""Codes and colours of muscles and bones in DICOM objects."""

from dataclasses import dataclass

from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from pipeline.domain.anatomy import (
    BONE_COLOUR,
    BONE_NAMES,
    CALCANEUS,
    CUBOID,
    FIBULA,
    MUSCLES,
    NAVICULAR,
    SESAMOIDS,
    TALUS,
    TIBIA,
)
from pipeline.domain.scan import Side

SCHEME = "99FOOTVOL"
"""Coding scheme of concepts that no published scheme has."""
FOOT: Code = codes.SCT.Foot
SIDES: dict[Side, Code] = {Side.RIGHT: codes.SCT.Right, Side.LEFT: codes.SCT.Left}

_SNOMED_BONES: dict[int, Code] = {
    CALCANEUS: codes.SCT.Calcaneus,
    TALUS: codes.SCT.Talus,
    NAVICULAR: codes.SCT.NavicularOfHindfoot,
    TIBIA: codes.SCT.Tibia,
    FIBULA: codes.SCT.Fibula,
    SESAMOIDS: codes.SCT.SesamoidBonesOfFoot,
}
# FMA identifiers of the right-side bones that DICOM has no SNOMED CT code for, as
# BodyParts3D 3.0 uses them.
_FMA_BONES = {CUBOID: 24528, 5: 24521, 6: 24523, 7: 24525} | dict(
    zip(range(8, 13), range(24507, 24516, 2), strict=True)
)


@dataclass(frozen=True, slots=True)
class Structure:
    """A muscle or bone as DICOM describes it.

    Parameters
    ----------
    tracking_id
        Unique among the structures of one foot.
    code
        What it is; a wider term for pooled labels, which have no code.
    colour
        Hexadecimal.
    """

    label: int
    name: str
    tracking_id: str
    code: Code
    colour: str


def muscles_of(side: Side) -> tuple[Structure, ...]:
    """Describe the muscles of a foot, by label."""
    pooled: Code = codes.SCT.MuscleOfLowerLimb
    return tuple(
        Structure(
            muscle.index,
            muscle.name,
            f"{muscle.abbreviation} {side}",
            pooled if muscle.fma is None else _fma(muscle.fma, muscle.name, side),
            muscle.colour,
        )
        for muscle in MUSCLES
    )


def bones_of(side: Side) -> tuple[Structure, ...]:
    """Describe the bones of a foot, by label."""
    return tuple(
        Structure(label, name, f"{name} {side}", _bone_code(label, side), BONE_COLOUR)
        for label, name in BONE_NAMES.items()
    )


def _bone_code(label: int, side: Side) -> Code:
    if label in _FMA_BONES:
        return _fma(_FMA_BONES[label], BONE_NAMES[label], side)
    pooled: Code = codes.SCT.BoneOfLowerLimb
    return _SNOMED_BONES.get(label, pooled)


def _fma(right: int, name: str, side: Side) -> Code:
    """Give the code of one side; in FMA, left parts have the number after the right ones."""
    number = right if side is Side.RIGHT else right + 1
    return Code(str(number), "FMA", f"{side.capitalize()} {name}")
