"""Look at what came from the scanner and tell what would be refused; nothing is written."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.config import PipelineConfig
from pipeline.domain.participant import Participant
from pipeline.domain.quality_reading import Verdict
from pipeline.domain.scan import Side
from pipeline.errors import PipelineError
from pipeline.stages.laterality import IntakeClaims, intake
from pipeline.stages.preprocess import preprocess
from pipeline.stages.quality import GATE_NAMES, assess, cautioned
from pipeline.stages.segment import recognise
from pipeline.store.bids import name_found, read_source_table
from pipeline.store.contrast import contrast_of
from pipeline.store.dicom.import_series import FoundImage
from pipeline.store.images import facts_beside, read_scan, side_of
from pipeline.store.junk import without_junk
from pipeline.store.names import find_participants
from pipeline.store.participants import read_participants_table, read_patient_map
from pipeline.store.raw_scans import find_scan
from pipeline.store.sources import Files, label_of, opened_participants, opened_source

_UNKNOWN = str(Verdict.UNKNOWN)
_DESCRIPTION = "dataset_description.json"


@dataclass(frozen=True, slots=True)
class Check:
    """What came of one participant's source.

    Parameters
    ----------
    cells
        Text by column: who, series, geometry, side, each gate, verdict.
    reasons
        Why it is refused or doubted, one sentence or more each.
    """

    cells: dict[str, str]
    reasons: tuple[str, ...]
    is_refused: bool


@dataclass(frozen=True, slots=True)
class Tables:
    """Files that say who the participants are; None where there is none.

    Parameters
    ----------
    participants
        As ``participants.tsv``.
    patients
        Which patient ID is which participant.
    """

    participants: Path | None = None
    patients: Path | None = None


def check_source(
    source: Path, tables: Tables, side: Side | None, config: PipelineConfig
) -> Iterator[Check]:
    """Check each participant of a source, as intake and the first stages would.

    Parameters
    ----------
    source
        What `intake_source` takes, or a raw BIDS dataset, or a folder of images.

    Raises
    ------
    ConfigError
        If paths or tables cannot be used.
    """
    beside, is_raw = source / "participants.tsv", (source / _DESCRIPTION).is_file()
    if tables.participants:
        people = read_source_table(tables.participants)
    else:
        people = read_participants_table(beside) if is_raw and beside.is_file() else {}
    patients = read_patient_map(tables.patients) if tables.patients else None
    with ExitStack() as opened:
        sources = _here(source) or opened.enter_context(
            opened_participants(source, people, patients)
        )
        for label, files in sources.items():
            yield _checked(files, people.get(label, Participant(label)), side, config)


def _here(source: Path) -> dict[str, Files]:
    """Tell the participants of a raw BIDS dataset or of a folder of images, else none."""
    if (source / _DESCRIPTION).is_file():
        return {label: (source / f"sub-{label}",) for label in find_participants(source)}
    images = without_junk(sorted(source.glob("*.nii*")), source) if source.is_dir() else []
    if len(images) < 2 or all(path.name.startswith("sub-") for path in images):
        return {}
    return {label_of(path): (path,) for path in images}


@contextmanager
def _opened(files: Files, label: str, config: PipelineConfig) -> Iterator[FoundImage]:
    dataset = files[0].parent
    if (dataset / _DESCRIPTION).is_file():
        image = find_scan(dataset, label)
        facts = facts_beside(image)
        yield FoundImage(image, facts, side_of(facts), "Laterality in the JSON sidecar")
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
    cells["participant_id"] = participant.participant_id
    reasons: list[str] = []
    verdict = Verdict.PASSED
    try:
        with _opened(files, participant.label, config) as found:
            suffix = config.intake.suffix
            name = name_found(participant.label, found, files[0], suffix=suffix)
            scan = read_scan(found.image, contrast_of(name.raw(), found.fields))
            cells["series"] = str(found.fields.get("SeriesNumber", _UNKNOWN))
            cells["voxels"] = "x".join(map(str, scan.grid.shape))
            cells["spacing_mm"] = "x".join(f"{s:.3g}" for s in scan.grid.spacing_mm)
            readings = assess(scan, config.quality)
            cells |= {reading.gate: reading.told() for reading in readings}
            claims = IntakeClaims(side, participant.side, found.side, found.side_text)
            scan = intake(scan, claims, config.intake)
            cells["side"] = str(scan.side or _UNKNOWN)
            scan = replace(scan, cautions=cautioned(scan, readings))
        even = config.preprocess.model_copy(update={"bias_correction": False})
        seen = recognise(preprocess(scan, even))
        cells |= {"anatomy": str(seen.side), "likeness": f"{seen.likeness:.2f}"}
        if scan.side is None:
            claims = IntakeClaims(header=seen.side, header_text="the anatomy")
            intake(scan, claims, config.intake)
        reasons += [caution.message for caution in (*scan.cautions, *seen.cautions)]
        verdict = Verdict.CAUTION if reasons else verdict
    except PipelineError as error:
        reasons, verdict = [str(error)], Verdict.REFUSAL
    return Check({**cells, "verdict": str(verdict)}, tuple(reasons), verdict is Verdict.REFUSAL)
