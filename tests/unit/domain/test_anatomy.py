"""Labels that users rely on; a change here needs a new version."""

import re
from dataclasses import astuple

from pipeline.domain.anatomy import (
    BONE_COLOUR,
    BONE_NAMES,
    MUSCLE_COLOURS,
    MUSCLE_NAMES,
    MUSCLES,
    PLANTAR_LABELS,
    PLANTAR_MUSCLES,
    REGION_NAMES,
    REGIONS,
)

CONTRACT = """
1 | abductor hallucis | ABH | 37459 | 1 | yes
2 | flexor digitorum brevis | FDB | 37461 | 1 | yes
3 | abductor digiti minimi | ADM | 37463 | 1 | yes
4 | quadratus plantae | QP | 37465 | 2 | yes
5 | lumbricals | LUM | | 2 | yes
6 | flexor hallucis brevis | FHB | | 3 | yes
7 | adductor hallucis oblique head | ADHO | 46018 | 3 | yes
8 | adductor hallucis transverse head | ADHT | 46020 | 3 | yes
9 | flexor digiti minimi brevis | FDMB | 37471 | 3 | yes
10 | interossei | INT | | 4 | yes
11 | extensor digitorum brevis | EDB | 51142 | dorsal | no
12 | extensor hallucis brevis | EHB | 51144 | dorsal | no
"""
ROWS = [[cell.strip() for cell in line.split("|")] for line in CONTRACT.strip().splitlines()]


def test_muscles_are_those_of_the_contract() -> None:
    """Index, name, abbreviation, FMA number and layer, in order of the index."""
    assert [astuple(m)[:5] for m in MUSCLES] == [
        (int(index), name, abbreviation, int(fma) if fma else None, layer)
        for index, name, abbreviation, fma, layer, _ in ROWS
    ]


def test_the_plantar_total_is_that_of_the_contract() -> None:
    """It does not include the two dorsal muscles."""
    plantar = [row for row in ROWS if row[5] == "yes"]

    assert tuple(row[2] for row in plantar) == PLANTAR_MUSCLES
    assert tuple(int(row[0]) for row in plantar) == PLANTAR_LABELS


def test_every_index_has_the_name_of_its_muscle() -> None:
    """`MUSCLE_NAMES` and `MUSCLES` agree."""
    assert dict(MUSCLE_NAMES) == {int(row[0]): row[1] for row in ROWS}


def test_bones_are_those_of_the_contract() -> None:
    """Sixteen, numbered from the heel."""
    names = (
        *("calcaneus", "talus", "navicular", "cuboid"),
        *("medial cuneiform", "intermediate cuneiform", "lateral cuneiform"),
        *(f"metatarsal {ray}" for ray in range(1, 6)),
        *("phalanges", "tibia", "fibula", "sesamoids"),
    )

    assert dict(BONE_NAMES) == dict(enumerate(names, start=1))


def test_regions_are_two() -> None:
    """The rearfoot is 1; tables also have their total."""
    assert dict(REGION_NAMES) == {1: "rearfoot", 2: "forefoot"}
    assert REGIONS == ("rearfoot", "forefoot", "total")


def test_every_muscle_has_a_colour_of_its_own() -> None:
    """Hexadecimal, as tables and DICOM need it."""
    colours = list(MUSCLE_COLOURS.values())

    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in (*colours, BONE_COLOUR))
    assert len(set(colours)) == len(MUSCLES)
