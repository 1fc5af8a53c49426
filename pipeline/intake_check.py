"""Look at what came from the scanner and tell what would be refused; nothing is written."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.config import PipelineConfig
from pipeline.domain.participant import Participant
from pipeline.domain.quality import Verdict
from pipeline.domain.scan import Side
from pipeline.errors import PipelineError
from pipeline.stages.intake import IntakeClaims, intake
from pipeline.stages.preprocess import preprocess
from pipeline.stages.quality import GATE_NAMES, assess, cautioned
from pipeline.stages.segment import recognise
from pipeline.store.bids import find_sources, opened_source
from pipeline.store.dicom import FoundImage
from pipeline.store.images import facts_beside, read_scan, side_of
from pipeline.store.names import bare_label, find_participants, find_scan, without_ending
from pipeline.store.tables import read_participants_table

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


def check_source(
    source: Path, participants_tsv: Path | None, side: Side | None, config: PipelineConfig
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
    if participants_tsv is None and (source / _DESCRIPTION).is_file():
        beside = source / "participants.tsv"
        participants_tsv = beside if beside.is_file() else None
    table = read_participants_table(participants_tsv) if participants_tsv else {}
    for label, path in _sources(source).items():
        participant = table.get(label, Participant(label))
        yield _checked(path, participant, side, config)


def _sources(source: Path) -> dict[str, Path]:
    if (source / _DESCRIPTION).is_file():
        return {label: source / f"sub-{label}" for label in find_participants(source)}
    loose = sorted(source.glob("*.nii*")) if source.is_dir() else []
    if len(loose) > 1 and not all(path.name.startswith("sub-") for path in loose):
        return {bare_label("".join(filter(str.isalnum, without_ending(p)))): p for p in loose}
    return find_sources(source)


@contextmanager
def _opened(path: Path, label: str, config: PipelineConfig) -> Iterator[FoundImage]:
    if (path.parent / _DESCRIPTION).is_file():
        image = find_scan(path.parent, label)
        facts = facts_beside(image)
        yield FoundImage(image, facts, side_of(facts), "Laterality in the JSON sidecar")
        return
    with opened_source(path, series_number=config.intake.series_number) as found:
        yield found


def _checked(
    path: Path, participant: Participant, side: Side | None, config: PipelineConfig
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
        with _opened(path, participant.label, config) as found:
            scan = read_scan(found.image)
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
        cells |= {"anatomy": str(seen.side), "likeness": f"{seen.similarity:.2f}"}
        if scan.side is None:
            claims = IntakeClaims(header=seen.side, header_text="the anatomy")
            intake(scan, claims, config.intake)
        reasons += [caution.message for caution in (*scan.cautions, *seen.cautions)]
        verdict = Verdict.CAUTION if reasons else verdict
    except PipelineError as error:
        reasons, verdict = [str(error)], Verdict.REFUSAL
    return Check({**cells, "verdict": str(verdict)}, tuple(reasons), verdict is Verdict.REFUSAL)
