"""Check scans before their import and report what would be refused; nothing is written."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.config import PipelineConfig
from pipeline.domain.participant import Participant
from pipeline.domain.quality_reading import Verdict
from pipeline.domain.scan import Side
from pipeline.domain.scan_key import ScanKey
from pipeline.errors import PipelineError
from pipeline.stages.laterality import SideClaims, settle_laterality
from pipeline.stages.preprocess import preprocess
from pipeline.stages.quality import GATE_NAMES, assess, cautioned
from pipeline.stages.segment import recognise
from pipeline.store.bids import name_source_image, read_source_table
from pipeline.store.contrast import contrast_of
from pipeline.store.dicom.import_series import SourceImage
from pipeline.store.images import read_scan
from pipeline.store.junk import without_junk
from pipeline.store.participants import read_participants_table, read_patient_map
from pipeline.store.raw_scans import find_keys, find_participants, find_scan
from pipeline.store.sources import (
    Files,
    image_with_sidecar,
    label_of,
    opened_participants,
    opened_source,
)

_UNKNOWN = str(Verdict.UNKNOWN)
_DESCRIPTION = "dataset_description.json"


@dataclass(frozen=True, slots=True)
class Check:
    """The result of checking one participant's source.

    Parameters
    ----------
    cells
        Text by column: participant, series, geometry, side, each gate, verdict.
    reasons
        Why it is refused or gets a caution, one or more sentences each.
    """

    cells: dict[str, str]
    reasons: tuple[str, ...]
    is_refused: bool


@dataclass(frozen=True, slots=True)
class Tables:
    """Tables that describe the participants; None for a missing one.

    Parameters
    ----------
    participants
        In the format of ``participants.tsv``.
    patients
        Participant of each patient ID.
    """

    participants: Path | None = None
    patients: Path | None = None


def check_source(
    source: Path, tables: Tables, side: Side | None, config: PipelineConfig
) -> Iterator[Check]:
    """Check each participant of a source as import and the first stages would.

    Parameters
    ----------
    source
        A source for `intake_source`, a raw BIDS dataset, or a folder of images.

    Raises
    ------
    ConfigError
        If a path or table is invalid.
    """
    beside, is_raw = source / "participants.tsv", (source / _DESCRIPTION).is_file()
    if tables.participants:
        people = read_source_table(tables.participants)
    else:
        people = read_participants_table(beside) if is_raw and beside.is_file() else {}
    patients = read_patient_map(tables.patients) if tables.patients else None
    with ExitStack() as opened:
        sources = _participants_of(source) or opened.enter_context(
            opened_participants(source, people, patients)
        )
        for label, files in sources.items():
            who = people.get(label, Participant(label))
            for scan in _scans_of(who, files[0].parent):
                yield _checked(files, scan, side, config)


def _scans_of(who: Participant, dataset: Path) -> list[Participant]:
    """Give a participant once for each scan in a raw BIDS dataset; elsewhere once."""
    is_raw = (dataset / _DESCRIPTION).is_file()
    keys = find_keys(dataset, who.label) if is_raw else (who.key,)
    return [replace(who, session=key.session, run=key.run) for key in keys]


def _participants_of(source: Path) -> dict[str, Files]:
    """Find the participants of a raw BIDS dataset or a folder of images; else none."""
    if (source / _DESCRIPTION).is_file():
        return {label: (source / f"sub-{label}",) for label in find_participants(source)}
    images = without_junk(sorted(source.glob("*.nii*")), source) if source.is_dir() else []
    if len(images) < 2 or all(path.name.startswith("sub-") for path in images):
        return {}
    return {label_of(path): (path,) for path in images}


@contextmanager
def _opened(files: Files, key: ScanKey, config: PipelineConfig) -> Iterator[SourceImage]:
    dataset = files[0].parent
    if (dataset / _DESCRIPTION).is_file():
        yield image_with_sidecar(find_scan(dataset, key))
        return
    with opened_source(files, config.intake) as found:
        yield found


def _checked(
    files: Files, participant: Participant, side: Side | None, config: PipelineConfig
) -> Check:
    columns = (
        "participant_id",
        "series",
        "voxels",
        "spacing_mm",
        "side",
        "anatomy",
        "likeness",
    )
    cells = dict.fromkeys((*columns, *GATE_NAMES), _UNKNOWN)
    cells["participant_id"] = participant.key.name
    reasons: list[str] = []
    verdict = Verdict.PASSED
    try:
        with _opened(files, participant.key, config) as found:
            suffix = config.intake.suffix
            name = name_source_image(participant.label, found, files[0], suffix=suffix)
            scan = read_scan(found.image, contrast_of(name.raw(), found.fields))
            cells["series"] = str(found.fields.get("SeriesNumber", _UNKNOWN))
            cells["voxels"] = "x".join(map(str, scan.grid.shape))
            cells["spacing_mm"] = "x".join(f"{s:.3g}" for s in scan.grid.spacing_mm)
            readings = assess(scan, config.quality)
            cells |= {reading.gate: reading.summary() for reading in readings}
            claims = SideClaims(side, participant.side, found.sides)
            scan = settle_laterality(scan, claims, config.intake)
            cells["side"] = str(scan.side or _UNKNOWN)
            scan = replace(scan, cautions=cautioned(scan, readings))
        even = config.preprocess.model_copy(update={"bias_correction": False})
        recognised = recognise(preprocess(scan, even))
        cells |= {"anatomy": str(recognised.side), "likeness": f"{recognised.likeness:.2f}"}
        if scan.side is None:
            claims = SideClaims(others=(("the anatomy", recognised.side),))
            settle_laterality(scan, claims, config.intake)
        reasons += [caution.message for caution in (*scan.cautions, *recognised.cautions)]
        verdict = Verdict.CAUTION if reasons else verdict
    except PipelineError as error:
        reasons, verdict = [str(error)], Verdict.REFUSAL
    return Check({**cells, "verdict": str(verdict)}, tuple(reasons), verdict is Verdict.REFUSAL)
