"""One participant's measurement as one row of the comparison table."""

from collections.abc import Mapping
from types import MappingProxyType

from pipeline.domain.anatomy import REGIONS
from pipeline.domain.cautions import Caution, join_codes
from pipeline.domain.measurement_table import MeasurementTable
from pipeline.domain.participant import Participant

OK, FAILED = "ok", "failed"

SCAN_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "session": "session of the scan, as ses-<label>; n/a if its name has none",
        "run": "run of the scan, as run-<index>; n/a if its name has none",
    }
)
VOLUME_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "participant_id": "participant, as in participants.tsv",
        "group": "group, as in participants.tsv",
        "side": "side of the body that was measured: right or left",
        "body_mass_kg": "body mass, in kg",
        "foot_length_mm": "calcaneus to the farthest phalanx along the long axis, in mm",
        "rearfoot_cm3": "volume of the chosen muscles on the heel side of the border, in cm3",
        "forefoot_cm3": "volume of the chosen muscles on the toe side of the border, in cm3",
        "total_cm3": "volume of the chosen muscles, in cm3",
        "rearfoot_mm3_per_kg": "rearfoot volume per body mass, in mm3/kg",
        "forefoot_mm3_per_kg": "forefoot volume per body mass, in mm3/kg",
        "total_mm3_per_kg": "total volume per body mass, in mm3/kg",
        "contractile_cm3": "total volume without the fat in it, in cm3",
        "fat_fraction": "fraction of the total volume that is fat, 0 to 1",
        "border": "landmark rule of the border between rearfoot and forefoot",
        "muscles": "abbreviations of the muscles in the volumes, separated by semicolons",
        "segmenter": "segmenter of the muscles, or who drew them",
        "status": "ok, or failed; then nothing was measured, and reason says why",
        "cautions": "codes of the cautions of this row, separated by semicolons",
        "border_position_mm": "position of the border on the long axis, from the heel, in mm",
        "border_sensitivity_cm3_per_mm": "change of the rearfoot volume when the border moves "
        "1 mm toward the toes, in cm3/mm",
        "forefoot_share": "forefoot volume over total volume, 0 to 1",
        **{
            f"{region}_ci95_{end}_cm3": f"{side} end of the 95 % prediction interval of the "
            f"{region} volume, in cm3; n/a where the segmenter is not calibrated for the scan"
            for region in REGIONS
            for end, side in (("low", "lower"), ("high", "upper"))
        },
        "fat_fraction_low": "lowest fat fraction that the calibration allows, 0 to 1",
        "fat_fraction_high": "highest fat fraction that the calibration allows, 0 to 1",
        "rearfoot_mm3_per_mm": "rearfoot volume per foot length, in mm3/mm",
        "forefoot_mm3_per_mm": "forefoot volume per foot length, in mm3/mm",
        "total_mm3_per_mm": "total volume per foot length, in mm3/mm",
        "reason": "why the participant failed",
        **SCAN_COLUMNS,
        "footvol_version": "version of footvol that made the row",
        "run_id": "identifier of settings and code that made the row",
        "scan_sha256": "SHA-256 of the raw scan",
    }
)


def body_mass_missing() -> Caution:
    """Give the caution of a participant whose body mass is unknown."""
    return Caution(
        "body-mass-missing",
        "Body mass is unknown, so the volumes per kg are n/a; enter it in participants.tsv.",
        "compare",
    )


def volume_row(
    participant: Participant,
    table: MeasurementTable | None,
    *,
    status: str,
    reason: str | None,
    footvol_version: str,
    run_id: str,
    scan_sha256: str | None,
) -> dict[str, object]:
    """Give the row of one scan in ``volumes.tsv``.

    Parameters
    ----------
    table
        None where nothing was measured; ignored if `status` is ``failed``.
    status
        ``ok`` or ``failed``.
    reason
        Why the participant failed.

    Returns
    -------
    dict
        One value per column of `VOLUME_COLUMNS`, in order; None is n/a.
    """
    measured = None if status == FAILED else table
    cautions = () if measured is None else measured.cautions
    if participant.body_mass_kg is None:
        cautions = (*cautions, body_mass_missing())
    cells: dict[str, object] = {
        "participant_id": participant.participant_id,
        "group": participant.group,
        "side": None if participant.side is None else str(participant.side),
        "body_mass_kg": participant.body_mass_kg,
        "status": status,
        "cautions": join_codes(cautions) or None,
        "reason": reason,
        **participant.key.cells,
        "footvol_version": footvol_version,
        "run_id": run_id,
        "scan_sha256": scan_sha256,
    }
    if measured is not None:
        cells |= _measured_cells(measured, participant.body_mass_kg)
    return {name: cells.get(name) for name in VOLUME_COLUMNS}


def _measured_cells(table: MeasurementTable, body_mass_kg: float | None) -> dict[str, object]:
    """Give the cells that come from the measurement."""
    volumes = {region: table.volume_cm3(region) for region in REGIONS}
    contractile = table.contractile_cm3("total")
    lean_fraction = _ratio(contractile, volumes["total"])
    mm3 = {name: None if cm3 is None else 1000 * cm3 for name, cm3 in volumes.items()}
    return {
        "side": str(table.side),
        "foot_length_mm": table.foot_length_mm,
        **{f"{name}_cm3": cm3 for name, cm3 in volumes.items()},
        **{f"{name}_mm3_per_kg": _ratio(mm3[name], body_mass_kg) for name in volumes},
        **{f"{name}_mm3_per_mm": _ratio(mm3[name], table.foot_length_mm) for name in volumes},
        "contractile_cm3": contractile,
        "fat_fraction": None if lean_fraction is None else 1 - lean_fraction,
        "border": table.border.definition,
        "muscles": ";".join(table.muscles),
        "segmenter": table.segmenter,
        "border_position_mm": table.border.position_mm,
        "border_sensitivity_cm3_per_mm": table.border_sensitivity_cm3_per_mm,
        "forefoot_share": _ratio(volumes["forefoot"], volumes["total"]),
        **{
            f"{region}_ci95_{end}_cm3": ends[k]
            for region, ends in table.ci95_cm3.items()
            for k, end in enumerate(("low", "high"))
        },
        "fat_fraction_low": table.fat_fraction("_low"),
        "fat_fraction_high": table.fat_fraction("_high"),
    }


def _ratio(numerator: float | None, denominator: float | None) -> float | None:
    """Divide; None where either is None or the denominator is 0."""
    return None if numerator is None or not denominator else numerator / denominator
