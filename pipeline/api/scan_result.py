"""What was measured of one scan, in memory."""

from base64 import b64encode
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import pandas as pd

from pipeline.domain.anatomy import REGION_NAMES, REGIONS
from pipeline.domain.cautions import Caution
from pipeline.domain.labels import LabelMap
from pipeline.domain.landmarks import Landmarks
from pipeline.domain.scan import Scan
from pipeline.domain.scan_key import ScanKey
from pipeline.errors import (
    ArtefactError,
    ConfigError,
    PipelineError,
    ScanError,
    SegmentationError,
)
from pipeline.run.cohort import Cohort
from pipeline.run.outcome import OK, Outcome
from pipeline.run.outputs import BONES, LANDMARKS, MUSCLES, OVERLAY, PREPROC, VOLUMES
from pipeline.run.outputs import REGIONS as REGION_MAP
from pipeline.stages.compare.volume_row import body_mass_missing
from pipeline.store.images import read_labels, read_scan, read_segmentation
from pipeline.store.landmarks_file import read_landmarks
from pipeline.store.tables import read_measurements, read_table

# Text, even if every cell of the column is a number.
TEXT_COLUMNS = ("participant_id", "session", "run", "group", "group_a", "group_b")
_ERRORS = {
    error.exit_code: error
    for error in (ConfigError, ScanError, SegmentationError, ArtefactError)
}


@dataclass(frozen=True, slots=True, eq=False)
class ScanResult:
    """What was measured of one scan; nothing of it is read from disk later.

    In a notebook it shows its picture, its volumes and its cautions.

    Parameters
    ----------
    name
        Participant, session and run as in BIDS names; of a single image, ``sub-`` and the
        letters and digits of the file's name.
    scan
        The scan as it was segmented: bias-corrected, and subcutaneous fat is near 1 on
        T1-weighted images.
    muscles, bones
        Labels on the scan's own voxels.
    regions
        1 rearfoot and 2 forefoot, on the voxels of muscles.
    landmarks
        Landmarks, foot frame and border, in world coordinates (RAS+, mm).
    volumes
        The row of ``volumes.tsv``, shape (1, columns): volumes in cm3 and per body mass.
    by_muscle
        One row per muscle and region, shape (36, columns): volumes in mm3, fat, largest
        cross-section, length and 95 % intervals.
    cautions
        Doubts about these numbers, each with a code and a sentence.
    picture
        The labels drawn over the scan, as PNG.
    out
        The folder with all files; None if it was temporary.
    """

    name: str
    scan: Scan
    muscles: LabelMap
    bones: LabelMap
    regions: LabelMap
    landmarks: Landmarks
    volumes: pd.DataFrame
    by_muscle: pd.DataFrame
    cautions: tuple[Caution, ...]
    picture: bytes = field(repr=False)
    out: Path | None = None

    def _repr_html_(self) -> str:
        row = self.volumes.iloc[0]
        parts = ", ".join(f"{name} {row[f'{name}_cm3']:.1f} cm<sup>3</sup>" for name in REGIONS)
        doubts = "".join(f"<li>{escape(caution.message)}</li>" for caution in self.cautions)
        picture = b64encode(self.picture).decode()
        return (
            f"<p><b>{escape(self.name)}</b>: {parts}</p><ul>{doubts}</ul>"
            f'<img alt="Labels over the scan" style="max-width:100%" '
            f'src="data:image/png;base64,{picture}">'
        )


def read_result(cohort: Cohort, outcome: Outcome, out: Path | None) -> ScanResult:
    """Read what was measured of one scan.

    Parameters
    ----------
    out
        The folder to name in the result; None if it will be removed.

    Raises
    ------
    PipelineError
        If it was not measured, with the reason and of the class that belongs to its code.
    """
    participant = outcome.participant
    if outcome.code or outcome.status != OK:
        raise _ERRORS.get(outcome.code, PipelineError)(outcome.reason)
    located = cohort.job(participant).locate()
    segmentation = read_segmentation(located.path(MUSCLES), located.path(BONES))
    cautions = read_measurements(located.path(VOLUMES)).cautions
    volumes = read_table(cohort.out / "volumes.tsv", TEXT_COLUMNS)
    is_this = [ScanKey.of_row(row) == participant.key for row in volumes.to_dict("records")]
    return ScanResult(
        participant.key.name,
        read_scan(located.path(PREPROC)),
        segmentation.muscles,
        segmentation.bones,
        read_labels(located.path(REGION_MAP), REGION_NAMES),
        read_landmarks(located.path(LANDMARKS)),
        volumes[is_this].reset_index(drop=True),
        read_table(located.path(VOLUMES)),
        cautions if participant.body_mass_kg else (*cautions, body_mass_missing()),
        located.path(OVERLAY).read_bytes(),
        out,
    )
