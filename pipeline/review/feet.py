"""The feet of an output folder that can be reviewed, most doubtful first."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.domain.anatomy import MUSCLE_NAMES, TOTAL
from pipeline.domain.cautions import Caution
from pipeline.domain.labels import LabelMap
from pipeline.domain.measurement_table import MeasurementTable
from pipeline.domain.scan import Scan
from pipeline.domain.scan_key import ENTITIES, ScanKey
from pipeline.errors import ConfigError, ScanError
from pipeline.run.outputs import MUSCLES, PREPROC, VOLUMES, path_of
from pipeline.stages.report.doubt import codes_in, weight_of
from pipeline.store.files import sha256_of
from pipeline.store.images import read_labels, read_scan
from pipeline.store.names import ScanName, is_label
from pipeline.store.tables import read_measurements, read_table

_PREPROC = "_desc-preproc_"


@dataclass(frozen=True, slots=True)
class Foot:
    """One measured scan of an output folder."""

    out: Path
    name: ScanName
    row: Mapping[str, Any]

    @property
    def key(self) -> ScanKey:
        """Participant, session and run."""
        return self.name.key

    def path(self, output: str) -> Path:
        """Give the file of an output."""
        return self.out / path_of(output, self.name)

    def labels_sha256(self) -> str:
        """Give the SHA-256 of the muscle label map as it is now."""
        return sha256_of(self.path(MUSCLES))

    def scan(self) -> Scan:
        """Read the preprocessed scan."""
        return read_scan(self.path(PREPROC))

    def labels(self) -> LabelMap:
        """Read the muscle label map."""
        return read_labels(self.path(MUSCLES), MUSCLE_NAMES)

    def table(self) -> MeasurementTable:
        """Read the measurements."""
        return read_measurements(self.path(VOLUMES))

    def cautions(self) -> tuple[Caution, ...]:
        """Give the cautions about the measurements."""
        return self.table().cautions if self.path(VOLUMES).exists() else ()


def find_feet(out: Path) -> tuple[Foot, ...]:
    """Find the feet that have a scan and a label map in OUT, most doubtful first.

    Files that a link places outside OUT and names that BIDS does not allow are left out.

    Raises
    ------
    ConfigError
        If the folder has no ``volumes.tsv``.
    """
    rows = read_rows_of_volumes(out)
    root = out.resolve()
    feet = []
    for path in sorted(out.glob(f"sub-*/**/anat/*{_PREPROC}*.nii.gz")):
        try:
            name = ScanName.parse(path.with_name(path.name.replace(_PREPROC, "_")))
        except ScanError:
            continue
        if not is_label(name.participant):
            continue
        foot = Foot(out, name, rows.get(name.key, {}))
        files = [foot.path(output) for output in (PREPROC, MUSCLES)]
        if all(f.is_file() and f.resolve().is_relative_to(root) for f in files):
            feet.append(foot)
    return tuple(sorted(feet, key=lambda foot: (-doubt(foot), foot.key.order)))


def without_labels(out: Path, feet: Sequence[Foot]) -> list[dict[str, str]]:
    """Give name, status and reason of the rows of ``volumes.tsv`` without labels."""
    known = {foot.key for foot in feet}
    return [
        {
            "name": key.name,
            "status": str(row["status"]),
            "reason": str(row.get("reason") or ""),
        }
        for key, row in read_rows_of_volumes(out).items()
        if key not in known
    ]


def doubt(foot: Foot) -> float:
    """Say how doubtful the labels of a foot are: cautions, then relative interval width."""
    raised = weight_of(codes_in(foot.row.get("cautions")))
    low, high, total = (
        _number(foot.row.get(name))
        for name in ("total_ci95_low_cm3", "total_ci95_high_cm3", "total_cm3")
    )
    width = (high - low) / total if total else math.inf
    return raised + (1 - math.exp(-width) if math.isfinite(width) else 1.0)


def volumes_of(foot: Foot) -> dict[str, dict[str, float | None]]:
    """Give the volumes in cm3 by structure and region; the sums are named ``total``."""
    table = foot.table()
    volumes: dict[str, dict[str, float | None]] = {
        TOTAL: {region: table.volume_cm3(region) for region in ("rearfoot", "forefoot", TOTAL)}
    }
    for row in table.rows:
        cm3 = None if row.volume_mm3 is None else row.volume_mm3 / 1000
        volumes.setdefault(row.muscle, {})[row.region] = cm3
    return volumes


def read_rows_of_volumes(out: Path) -> dict[ScanKey, dict[str, Any]]:
    """Read ``volumes.tsv`` by scan; None for what is missing.

    Raises
    ------
    ConfigError
        If there is no such table.
    """
    path = out / "volumes.tsv"
    if not path.is_file():
        msg = (
            f"A folder to review must have a volumes.tsv: got none in {str(out)!r}. Make it "
            "with footvol run or footvol scan."
        )
        raise ConfigError(msg)
    words = ("participant_id", "group", "status", "cautions", "reason", *ENTITIES)
    table = read_table(path, words)
    table = table.astype(object).where(table.notna(), None)
    return {ScanKey.of_row(row): row for row in map(_named, table.to_dict("records"))}


def _named(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): value for name, value in row.items()}


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float | np.number) else math.nan
