"""What is kept of a sidecar: how the image was taken, never who was in it, where or when."""

import re
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pipeline.domain.dixon import DIXON_PARTS

_NUMBERS = (
    "MagneticFieldStrength",
    "EchoTime",
    "RepetitionTime",
    "InversionTime",
    "FlipAngle",
    "EchoTrainLength",
    "NumberOfAverages",
    "SliceThickness",
    "SpacingBetweenSlices",
    "PixelBandwidth",
    "ParallelReductionFactorInPlane",
    "PartialFourier",
)
# Of text, words of closed lists (DICOM PS3.3 C.7.6.1.1.2, C.8.3.1 and C.8.13.1, and makers'
# names as dcm2niix has them): any other text may name a person or place.
_WORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "Manufacturer": frozenset(
            ("Siemens", "GE", "Philips", "Toshiba", "Canon", "UIH", "Bruker", "Hitachi",
             "Hyperfine", "MRSolutions", "Esaote")
        ),
        "ScanningSequence": frozenset(("SE", "IR", "GR", "EP", "RM")),
        "SequenceVariant": frozenset(
            ("SK", "MTC", "SS", "TRSS", "SP", "MP", "OSP", "TOF", "NONE")
        ),
        "ScanOptions": frozenset(
            ("PER", "RG", "CG", "PPG", "FC", "PFF", "PFP", "SP", "FS", "IR", "WE", "SAT1")
        ),
        "MRAcquisitionType": frozenset(("2D", "3D")),
        "InPlanePhaseEncodingDirectionDICOM": frozenset(("ROW", "COL", "COLUMN")),
        "PhaseEncodingDirection": frozenset(("i", "j", "k", "i-", "j-", "k-")),
        "ImageType": frozenset(
            ("ORIGINAL", "DERIVED", "PRIMARY", "SECONDARY", "OTHER", "NONE", "MIXED",
             "M", "P", "R", "I", "MAGNITUDE", "PHASE", "REAL", "IMAGINARY",
             "IN_PHASE", "OUT_PHASE", "OPP_PHASE", "FAT_FRACTION", "FRACTION",
             "T1", "T2", "PROTON_DENSITY", "SE", "FFE", "IR", "M_SE", "M_FFE", "M_IR",
             "ND", "NORM", "DIS2D", "DIS3D", "FM2D", "FM3D", "FIL", "MFSPLIT", "MOSAIC",
             "MPR", "DIXON", "SPIN_ECHO", "GRADIENT_ECHO",
             *(word for words in DIXON_PARTS.values() for word in words))
        ),
        "BodyPart": frozenset(("FOOT", "FOREFOOT", "ANKLE", "HEEL", "TOE")),
    }
)  # fmt: skip


def kept_facts(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the sidecar fields that say how an image was taken.

    Finite numbers stay under names of numbers; of text, the words of closed lists stay.
    A scanner's model, its station and its serial number are left behind with the rest.
    """
    kept: dict[str, Any] = {}
    for name, value in fields.items():
        if name in _NUMBERS and _is_number(value):
            kept[name] = value
        elif name in _WORDS:
            words = _known(value, _WORDS[name])
            if words:
                kept[name] = words
    return kept


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and abs(value) <= sys.float_info.max  # a whole number may be any size


def _known(value: Any, words: frozenset[str]) -> str | list[str]:
    if isinstance(value, list):
        return [word for word in value if isinstance(word, str) and word in words]
    if not isinstance(value, str):
        return ""
    if value in words:
        return value
    return "_".join(word for word in re.split(r"[\\_]", value) if word in words)
