"""Measure the sample scans and write the golden table that a test compares with.

Run with ``make golden``, after a change that moves a number on purpose; CHANGELOG.md says
which numbers move and why.
"""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pandas as pd

from pipeline.cli import main as footvol
from pipeline.store.tables import read_table

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "sample_scans"
LABELS = tuple(f"sub-0{number}" for number in range(1, 7))
GOLDEN = ROOT / "tests" / "golden" / "volumes.tsv"


class Tolerance(NamedTuple):
    """How far a cell may lie from the golden one, and why; the larger of the two counts."""

    relative: float
    absolute: float
    reason: str


_EXACT = "copied from the dataset or the settings, so it never changes"
_VOXELS = "sums in another order, as on another CPU, move single voxels at boundaries"
_RATIO = "a volume over an exact number has the volume's tolerance"
_FAT = "differs by the voxels that it is averaged over"
_POSITION = "rests on bone voxels of 0.7 x 0.7 x 4 mm, of which a few at a face may change"
_CHOSEN = ("participant_id", "group", "side", "body_mass_kg", "border", "muscles", "segmenter")
_REGIONS = ("rearfoot", "forefoot", "total")

TOLERANCES: Mapping[str, Tolerance] = MappingProxyType(
    {
        **dict.fromkeys(_CHOSEN, Tolerance(0, 0, _EXACT)),
        "scan_sha256": Tolerance(0, 0, _EXACT),
        "status": Tolerance(0, 0, "every sample scan can be measured"),
        "cautions": Tolerance(0, 0, "no sample scan lies close to the limit of a caution"),
        **{f"{region}_cm3": Tolerance(5e-3, 0, _VOXELS) for region in _REGIONS},
        **{f"{region}_mm3_per_kg": Tolerance(5e-3, 0, _RATIO) for region in _REGIONS},
        **{f"{region}_mm3_per_mm": Tolerance(5e-3, 0, _RATIO) for region in _REGIONS},
        **{
            f"{region}_ci95_{end}_cm3": Tolerance(5e-3, 0, "the volume times a constant")
            for region in _REGIONS
            for end in ("low", "high")
        },
        "contractile_cm3": Tolerance(5e-3, 0, _VOXELS),
        "fat_fraction": Tolerance(0, 2e-3, _FAT),
        "fat_fraction_low": Tolerance(0, 2e-3, _FAT),
        "fat_fraction_high": Tolerance(0, 2e-3, _FAT),
        "forefoot_share": Tolerance(0, 2e-3, "rests on the border and on both volumes"),
        "foot_length_mm": Tolerance(0, 0.5, _POSITION),
        "border_position_mm": Tolerance(0, 0.5, _POSITION),
        "border_sensitivity_cm3_per_mm": Tolerance(
            1e-2, 0, "rests on the muscle at the border"
        ),
    }
)


def measure_samples(folder: Path, labels: Sequence[str] = LABELS) -> pd.DataFrame:
    """Measure sample scans with default settings, below a folder.

    Parameters
    ----------
    labels
        Of the participants.

    Returns
    -------
    pandas.DataFrame
        The columns of ``volumes.tsv`` that are in `TOLERANCES`, in their order there.

    Raises
    ------
    RuntimeError
        If the command fails.
    """
    chosen = [word for label in labels for word in ("--participant-label", label)]
    code = footvol(["run", str(SAMPLES), str(folder), "--quiet", *chosen])
    if code:
        msg = f"footvol run must exit with 0: got {code}"
        raise RuntimeError(msg)
    volumes = read_table(folder / "volumes.tsv")
    return volumes.set_index("participant_id", drop=False).loc[list(labels), list(TOLERANCES)]


def main() -> None:
    """Write the golden table."""
    with tempfile.TemporaryDirectory() as scratch:
        table = measure_samples(Path(scratch, "out"))
    table.to_csv(GOLDEN, sep="\t", index=False, na_rep="n/a", lineterminator="\n")
    sys.stderr.write(f"Written to {GOLDEN.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
