"""Rows of ``volumes.tsv`` and tables of measurements, for the pages that show them."""

import pandas as pd

from pipeline.domain.cautions import Caution
from pipeline.domain.landmarks import Border
from pipeline.domain.measurement_table import Measurement, MeasurementTable
from pipeline.domain.participant import Participant
from pipeline.domain.scan import Side
from pipeline.stages.compare.volume_row import VOLUME_COLUMNS, volume_row

CUT = Caution("muscle-truncated", "FDB touches the edge of the image.", "measure")


def table_of(scale: float = 1.0) -> MeasurementTable:
    """Give one plantar and one dorsal muscle."""
    rows = tuple(
        Measurement(
            muscle,
            region,
            mm3 * scale,
            0.8 * mm3 * scale,
            0.2,
            190.0,
            61.0,
            88.0,
            muscle == "FDB",
        )
        for muscle in ("FDB", "EHB")
        for region, mm3 in (("rearfoot", 7130.0), ("forefoot", 3000.0), ("total", 10130.0))
    )
    return MeasurementTable(
        rows, ("FDB",), Side.RIGHT, "network", Border("tmt1", 131.5), 0.63, 241.0, (CUT,)
    )


def row_of(
    label: str, group: str, scale: float | None, mass: float | None = 62.5
) -> dict[str, object]:
    """Give one row; without a scale it failed."""
    return volume_row(
        Participant(label, group, mass, Side.RIGHT),
        None if scale is None else table_of(scale),
        status="failed" if scale is None else "ok",
        reason="The heel <must> be seen: got none." if scale is None else None,
        footvol_version="0.1.0",
        run_id="run-7",
        scan_sha256="ab12",
    )


def volumes_of() -> pd.DataFrame:
    """Give three healthy participants, two patients and one who failed."""
    rows = [row_of(f"0{i}", "healthy", 1 + i / 10) for i in (1, 2, 3)]
    rows += [row_of("04", "patient", 1.05), row_of("05", "patient", 1.3, mass=None)]
    rows.append(row_of("06", "patient", None))
    return pd.DataFrame(rows, columns=list(VOLUME_COLUMNS))
