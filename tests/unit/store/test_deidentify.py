"""What of a sidecar is kept."""

import pytest

from pipeline.store.deidentify import acquisition_fields


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("EchoTime", 0.012, 0.012),
        ("EchoTrainLength", 8, 8),
        ("EchoTime", "0.012", None),
        ("EchoTime", float("nan"), None),
        ("EchoTime", True, None),
        ("EchoTime", [0.012], None),
        ("EchoTime", 19570413, None),
        ("ImageType", ["M", ["P"], None], ["M"]),
        ("Manufacturer", "Siemens", "Siemens"),
        ("Manufacturer", "St. Elsewhere", None),
        ("ManufacturersModelName", "Skyra", None),
        ("ScanningSequence", "SE", "SE"),
        ("ScanningSequence", r"SE\IR", "SE_IR"),
        ("ScanningSequence", "GR_MUSTERMANN", "GR"),
        ("ImageType", ["ORIGINAL", "PRIMARY", "M", "MUSTERMANN"], ["ORIGINAL", "PRIMARY", "M"]),
        ("ImageType", {"SE": 1}, None),
        ("ImageType", ["M", ["P"], {"R": 1}, None], ["M"]),
        ("ScanOptions", None, None),
        ("EchoTime", 10**400, None),
        ("EchoTime", float("-inf"), None),
        ("PhaseEncodingDirection", "j-", "j-"),
        ("PatientName", "M", None),
    ],
)
def test_numbers_and_words_of_closed_lists_stay(name: str, value: object, kept: object) -> None:
    """Any other text may name a person, whatever its field."""
    assert acquisition_fields({name: value}) == ({} if kept is None else {name: kept})
