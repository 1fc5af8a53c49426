"""Codes of muscles and bones."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.domain.anatomy import BONE_NAMES, MUSCLES
from pipeline.domain.scan import Side
from pipeline.store.dicom.coded_anatomy import Structure, bones_of, muscles_of

Describe = Callable[[Side], tuple[Structure, ...]]
DOCS = Path(__file__).parents[4] / "docs" / "dicom.md"
# Identifiers of BodyParts3D 3.0 for right and left parts.
FMA = {
    1: ("37459", "37460"),
    7: ("46018", "46019"),
    11: ("51142", "51143"),
}
BONES_FMA = {4: ("24528", "24529"), 5: ("24521", "24522"), 12: ("24515", "24516")}


@pytest.mark.parametrize("side", Side)
def test_muscles_have_the_codes_of_their_side(side: Side) -> None:
    """As in the published lists."""
    codes = {muscle.label: muscle.code for muscle in muscles_of(side)}

    for label, sided in FMA.items():
        assert codes[label].value == sided[side is Side.LEFT]
        assert codes[label].scheme_designator == "FMA"
        assert codes[label].meaning.startswith(side.capitalize())


def test_pooled_muscles_have_a_wider_code() -> None:
    """No scheme has one for them."""
    wide = {m.name for m in muscles_of(Side.RIGHT) if m.code.scheme_designator == "SCT"}

    assert wide == {"lumbricals", "flexor hallucis brevis", "interossei"}


@pytest.mark.parametrize("side", Side)
def test_bones_have_codes_of_snomed_or_of_their_side(side: Side) -> None:
    """Only the phalanges, which are pooled, have a wider one."""
    bones = {bone.label: bone for bone in bones_of(side)}

    assert [bone.name for bone in bones.values()] == list(BONE_NAMES.values())
    for label, sided in BONES_FMA.items():
        assert bones[label].code.value == sided[side is Side.LEFT]
    assert bones[1].code.value == "80144004"
    wide = [b.name for b in bones.values() if b.code.meaning == "Bone of lower limb"]
    assert wide == ["phalanges"]


@pytest.mark.parametrize("describe", [muscles_of, bones_of])
def test_every_code_is_in_the_docs(describe: Describe) -> None:
    """In the row of the structure, for either side."""
    rows = DOCS.read_text(encoding="utf-8").splitlines()
    for right, left in zip(describe(Side.RIGHT), describe(Side.LEFT), strict=True):
        (row,) = (row for row in rows if row.startswith(f"| {right.name} |"))

        assert right.code.value in row
        assert left.code.value in row


@pytest.mark.parametrize("describe", [muscles_of, bones_of])
def test_tracking_identifiers_are_unique(describe: Describe) -> None:
    """Among the structures of both sides."""
    names = [one.tracking_id for side in Side for one in describe(side)]

    assert len(set(names)) == len(names) >= 2 * len(MUSCLES)
