"""What is kept of sidecars and tables: never a name, a place or a date."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pipeline.domain.dixon import DIXON_IMAGES
from pipeline.domain.participant import MISSING, number_in
from pipeline.errors import ConfigError

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
# Of text, only words of closed lists (DICOM PS3.3 C.7.6.1.1.2, C.8.3.1 and C.8.13.1, and
# manufacturers as dcm2niix names them): any other text may name a person or place.
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
             *(word for words in DIXON_IMAGES.values() for word in words))
        ),
        "BodyPart": frozenset(("FOOT", "FOREFOOT", "ANKLE", "HEEL", "TOE")),
    }
)  # fmt: skip
# None of these numbers comes near 100 000; a date, or a time of six digits, exceeds it.
_LARGEST = 1e5
# Wide enough for any person, too narrow for a year of birth.
_PERSONAL_NUMBERS: Mapping[str, tuple[float, float, str]] = MappingProxyType(
    {
        "age": (0, 120, "years"),
        "height_cm": (50, 250, "cm"),
        "symptom_years": (0, 100, "years"),
    }
)
# BIDS's words for sex, and the digits of ISO/IEC 5218.
_SEXES = frozenset(("male", "m", "female", "f", "other", "o", "0", "1", "2", "9"))


def acquisition_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sidecar fields that describe the acquisition.

    Numeric fields are kept up to 100 000; text fields keep only words of closed lists. All
    else is dropped, such as the scanner's model, station and serial number.
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


def check_personal(cells: Mapping[str, str], where: str) -> None:
    """Check that no personal field of a participant's row can be a name or a date.

    Raises
    ------
    ConfigError
        If an age, height or duration is not a plausible number, or the sex is not a known
        word. The message does not quote the value.
    """
    for name, (low, high, unit) in _PERSONAL_NUMBERS.items():
        cell = cells.get(name, MISSING)
        number = number_in(cell)
        if cell != MISSING and (number is None or not low <= number <= high):
            msg = (
                f"{where}: {name} must be a number from {low:g} to {high:g} {unit} or n/a: got "
                f"{_unquoted(cell)}. Correct it; dates are never copied."
            )
            raise ConfigError(msg)
    sex = cells.get("sex", MISSING)
    if sex != MISSING and sex.lower() not in _SEXES:
        msg = (
            f"{where}: sex must be male, female, other (or m, f, o; or 0, 1, 2, 9) or n/a: got "
            f"{_unquoted(sex)}. Correct it."
        )
        raise ConfigError(msg)


def _unquoted(cell: str) -> str:
    return f"{len(cell)} other characters" if cell else "a blank cell"


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) <= _LARGEST  # NaN is not
    )


def _known(value: Any, words: frozenset[str]) -> str | list[str]:
    if isinstance(value, list):
        return [word for word in value if isinstance(word, str) and word in words]
    if not isinstance(value, str):
        return ""
    if value in words:
        return value
    return "_".join(word for word in re.split(r"[\\_]", value) if word in words)
