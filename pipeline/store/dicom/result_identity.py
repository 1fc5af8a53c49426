"""Identifiers, dates and provenance of the DICOM objects of one result."""

import hashlib
from dataclasses import dataclass, replace
from typing import Any

from highdicom.coding_schemes import CodingSchemeIdentificationItem
from pydicom import Dataset
from pydicom.uid import UID, generate_uid

from pipeline.store.dicom.coded_anatomy import SCHEME

MANUFACTURER = "footvol"
# Far above the numbers that scanners give.
_SERIES_NUMBERS = {"muscles": 9001, "bones": 9002, "report": 9003}
_SCHEME_NAME = "Concepts of footvol"
_BY_HAND = "corrected"
_UNKNOWN_DATE, _UNKNOWN_TIME = "19000101", "000000"
_MOMENTS = ("Acquisition", "Series", "Study")


@dataclass(frozen=True, slots=True)
class ResultIdentity:
    """What the identifiers of an object are derived from, and who made it.

    Parameters
    ----------
    name
        ``muscles``, ``bones`` or ``report``.
    version
        Of the footvol that measured the foot.
    segmenter
        Name of the segmenter; it ends in ``corrected`` if a person changed the labels.
    content
        Hash of all that the object is made from.
    """

    name: str
    version: str
    segmenter: str
    content: str

    @property
    def algorithm(self) -> str:
        """Name of the algorithm."""
        return f"{MANUFACTURER} {self.segmenter}"

    @property
    def algorithm_type(self) -> str:
        """Whether a person changed or made the labels, in DICOM's words."""
        if self.segmenter == _BY_HAND:
            return "MANUAL"
        return "SEMIAUTOMATIC" if self.segmenter.endswith(_BY_HAND) else "AUTOMATIC"

    def uid(self, entity: str) -> UID:
        """Give the UID of an entity; equal content gives equal UIDs."""
        return generate_uid(entropy_srcs=[self.content, self.version, self.name, entity])

    def of(self, name: str, content: bytes) -> "ResultIdentity":
        """Give the identity of another object of the same result, with content of its own."""
        digest = hashlib.sha256(self.content.encode() + content).hexdigest()
        return replace(self, name=name, content=digest)

    def general(self, header: Dataset) -> dict[str, Any]:
        """Give the attributes that all objects share.

        The date is that of the scan, so that an object with the same UID has the same bytes
        whenever it is made.
        """
        dates = (header.get(f"{moment}Date") for moment in _MOMENTS)
        times = (header.get(f"{moment}Time") for moment in _MOMENTS)
        return {
            "series_instance_uid": self.uid("series"),
            "series_number": _SERIES_NUMBERS[self.name],
            "sop_instance_uid": self.uid("instance"),
            "instance_number": 1,
            "manufacturer": MANUFACTURER,
            "manufacturer_model_name": MANUFACTURER,
            "software_versions": self.version,
            "device_serial_number": self.version,
            "content_date": next(filter(None, dates), _UNKNOWN_DATE),
            "content_time": next(filter(None, times), _UNKNOWN_TIME),
            "specific_character_set": "ISO_IR 192",
            "coding_schemes": [CodingSchemeIdentificationItem(SCHEME, name=_SCHEME_NAME)],
        }

    def make_repeatable(self, made: Dataset) -> None:
        """Replace what highdicom takes from the clock or draws at random."""
        for keyword in ("InstanceCreationDate", "InstanceCreationTime"):
            if keyword in made:
                delattr(made, keyword)
        for item in made.get("ContributingEquipmentSequence", ()):
            item.pop("ContributionDateTime", None)
        for keyword in ("DimensionOrganizationSequence", "DimensionIndexSequence"):
            for item in made.get(keyword, ()):
                item.DimensionOrganizationUID = self.uid("dimensions")
