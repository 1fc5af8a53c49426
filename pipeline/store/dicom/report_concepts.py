"""Concepts and units of the structured report."""

from dataclasses import dataclass

from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from pipeline.domain.anatomy import FOREFOOT, REARFOOT, REGION_NAMES
from pipeline.store.dicom.coded_anatomy import SCHEME

_CM3: Code = codes.UCUM.CubicCentimeter
_CM2: Code = codes.UCUM.SquareCentimeter
_FRACTION: Code = codes.UCUM.NoUnits


def _own(value: str, meaning: str) -> Code:
    return Code(value, SCHEME, meaning)


CHOSEN_MUSCLES = _own("CHOSEN", "Chosen intrinsic muscles of the foot")
REGION_CODES = {
    REGION_NAMES[REARFOOT]: _own("REARFOOT", "Rearfoot, on the heel side of the border"),
    REGION_NAMES[FOREFOOT]: _own("FOREFOOT", "Forefoot, on the toe side of the border"),
}
BORDER = _own("BORDER", "Border between rearfoot and forefoot")
MUSCLES_USED = _own("MUSCLES", "Muscles in the sum")
CAUTION = _own("CAUTION", "Caution")
LEFT_OUT = _own("LEFT_OUT", "Measurement left out")
TRUNCATED = _own("TRUNCATED", "Muscle cut by the edge of the image")


@dataclass(frozen=True, slots=True)
class ReportedQuantity:
    """A measured quantity.

    Parameters
    ----------
    column
        Its name in the table of measurements.
    factor
        From the unit of the table to `unit`.
    absence
        Why it may be unknown.
    """

    column: str
    concept: Code
    unit: Code
    factor: float
    absence: str


_NOT_CALIBRATED = "the errors of the segmenter on such a scan are not known"
_NO_FAT = "the image or the size of the muscle does not allow for a fat fraction"
_NOT_MEASURED = "it could not be measured"
_PREDICTION = "limit of the 95 % prediction interval of the volume"
_CALIBRATION = "limit of the fat fraction by its calibration"
QUANTITIES = (
    ReportedQuantity("volume_mm3", codes.SCT.Volume, _CM3, 1e-3, _NOT_MEASURED),
    ReportedQuantity(
        "volume_ci95_low_mm3",
        _own("VOLUME_LOW", f"Lower {_PREDICTION}"),
        _CM3,
        1e-3,
        _NOT_CALIBRATED,
    ),
    ReportedQuantity(
        "volume_ci95_high_mm3",
        _own("VOLUME_HIGH", f"Upper {_PREDICTION}"),
        _CM3,
        1e-3,
        _NOT_CALIBRATED,
    ),
    ReportedQuantity(
        "contractile_mm3", _own("CONTRACTILE", "Contractile volume"), _CM3, 1e-3, _NO_FAT
    ),
    ReportedQuantity("fat_fraction", codes.DCM.FatFraction, _FRACTION, 1, _NO_FAT),
    ReportedQuantity(
        "fat_fraction_low", _own("FAT_LOW", f"Lower {_CALIBRATION}"), _FRACTION, 1, _NO_FAT
    ),
    ReportedQuantity(
        "fat_fraction_high", _own("FAT_HIGH", f"Upper {_CALIBRATION}"), _FRACTION, 1, _NO_FAT
    ),
    ReportedQuantity(
        "acsa_max_mm2",
        _own("ACSA_MAX", "Largest anatomical cross-sectional area"),
        _CM2,
        1e-2,
        _NOT_MEASURED,
    ),
)
FOOT_LENGTH = ReportedQuantity(
    "foot_length_mm",
    _own("FOOT_LENGTH", "Length of the foot along its long axis"),
    codes.UCUM.Millimeter,
    1,
    _NOT_MEASURED,
)
BORDER_SENSITIVITY = ReportedQuantity(
    "border_sensitivity_cm3_per_mm",
    _own("BORDER_SENSITIVITY", "Change of the rearfoot volume by border position"),
    Code("cm3/mm", "UCUM", "cubic centimeter per millimeter"),
    1,
    _NOT_MEASURED,
)
