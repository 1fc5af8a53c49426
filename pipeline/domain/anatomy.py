"""The muscles that are measured, the bones, and the regions of the foot."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Muscle:
    """One label of the muscle map.

    Parameters
    ----------
    fma
        Identifier of the right-side structure in the Foundational Model of Anatomy,
        as BodyParts3D 3.0 uses it; None for pooled labels.
    layer
        Plantar layer 1 to 4, or ``dorsal``.
    colour
        Hexadecimal; neighbours also differ in lightness, for colour-blind readers.
    """

    index: int
    name: str
    abbreviation: str
    fma: int | None
    layer: str
    colour: str

    @property
    def is_plantar(self) -> bool:
        """Whether the muscle is in the plantar total by default."""
        return self.layer != "dorsal"


MUSCLES = (
    Muscle(1, "abductor hallucis", "ABH", 37459, "1", "#e69f00"),
    Muscle(2, "flexor digitorum brevis", "FDB", 37461, "1", "#56b4e9"),
    Muscle(3, "abductor digiti minimi", "ADM", 37463, "1", "#ff8fd0"),
    Muscle(4, "quadratus plantae", "QP", 37465, "2", "#f0e442"),
    Muscle(5, "lumbricals", "LUM", None, "2", "#00d79a"),
    Muscle(6, "flexor hallucis brevis", "FHB", None, "3", "#ff5a36"),
    Muscle(7, "adductor hallucis oblique head", "ADHO", 46018, "3", "#7ba2ff"),
    Muscle(8, "adductor hallucis transverse head", "ADHT", 46020, "3", "#ffb199"),
    Muscle(9, "flexor digiti minimi brevis", "FDMB", 37471, "3", "#b6e34b"),
    Muscle(10, "interossei", "INT", None, "4", "#c58cff"),
    Muscle(11, "extensor digitorum brevis", "EDB", 51142, "dorsal", "#ff4f9a"),
    Muscle(12, "extensor hallucis brevis", "EHB", 51144, "dorsal", "#7fe7e7"),
)
MUSCLE_NAMES: Mapping[int, str] = MappingProxyType({m.index: m.name for m in MUSCLES})
MUSCLE_COLOURS: Mapping[int, str] = MappingProxyType({m.index: m.colour for m in MUSCLES})
BONE_COLOUR = "#e2dccb"
PLANTAR_LABELS = tuple(m.index for m in MUSCLES if m.is_plantar)
PLANTAR_MUSCLES = tuple(m.abbreviation for m in MUSCLES if m.is_plantar)

CALCANEUS, TALUS, NAVICULAR, CUBOID = 1, 2, 3, 4
MEDIAL_CUNEIFORM = 5
METATARSAL_1, METATARSAL_2, METATARSAL_5 = 8, 9, 12
PHALANGES, TIBIA, FIBULA, SESAMOIDS = 13, 14, 15, 16
# Without any of these the foot frame cannot be defined.
FRAME_BONES = (CALCANEUS, TALUS, METATARSAL_1, METATARSAL_2, METATARSAL_5)
BONE_NAMES: Mapping[int, str] = MappingProxyType(
    {
        CALCANEUS: "calcaneus",
        TALUS: "talus",
        NAVICULAR: "navicular",
        CUBOID: "cuboid",
        5: "medial cuneiform",
        6: "intermediate cuneiform",
        7: "lateral cuneiform",
        8: "metatarsal 1",
        9: "metatarsal 2",
        10: "metatarsal 3",
        11: "metatarsal 4",
        12: "metatarsal 5",
        PHALANGES: "phalanges",
        TIBIA: "tibia",
        FIBULA: "fibula",
        SESAMOIDS: "sesamoids",
    }
)

REARFOOT, FOREFOOT = 1, 2
REGION_NAMES: Mapping[int, str] = MappingProxyType({REARFOOT: "rearfoot", FOREFOOT: "forefoot"})
TOTAL = "total"
REGIONS = (*REGION_NAMES.values(), TOTAL)
"""The two regions and their sum, as tables name them."""
