"""The decisions of reviewers, ``review.tsv``, and who they leave out."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

from pipeline.domain.decision import REJECT, VERDICTS, Decision, Verdict
from pipeline.domain.participant import MISSING
from pipeline.domain.scan_key import ENTITIES, ScanKey
from pipeline.errors import ConfigError, shown
from pipeline.store.content import read_text
from pipeline.store.files import written_whole
from pipeline.store.participants import key_in, read_reasons
from pipeline.store.tsv import read_rows

REVIEW_TABLE = "review.tsv"
COLUMNS = ("participant_id", "decision", "comment", "reviewer", "time", "labels_sha256")
_NEEDED = ("participant_id", "decision")


def read_decisions(path: Path) -> tuple[Decision, ...]:
    """Read the decisions; none if there is no such file.

    Raises
    ------
    ConfigError
        If it is not such a table, or a decision is not one of `VERDICTS`.
    """
    if not path.exists():
        return ()
    return tuple(
        Decision(
            key_in(cells, where),
            _verdict(cells["decision"], where),
            *(_text(cells.get(name, "")) for name in COLUMNS[2:]),
        )
        for where, cells in read_rows(path, _NEEDED)
    )


def write_decisions(decisions: Iterable[Decision], path: Path) -> None:
    """Write all decisions, sorted by scan and reviewer; empty cells as ``n/a``.

    Session and run follow if a scan has one of them.
    """
    ordered = sorted(decisions, key=lambda d: (d.key.order, d.reviewer))
    further = ENTITIES if any(any(d.key.cells.values()) for d in ordered) else ()
    text = io.StringIO()
    table = csv.writer(text, delimiter="\t", lineterminator="\n")
    table.writerow((*COLUMNS, *further))
    for d in ordered:
        who, entities = d.key.participant_id, (d.key.cells[name] for name in further)
        cells = (who, d.verdict, d.comment, d.reviewer, d.time, d.labels_sha256, *entities)
        table.writerow(cell or MISSING for cell in cells)
    with written_whole(path) as scratch:
        scratch.write_text(text.getvalue(), encoding="utf-8")


def read_excluded(path: Path) -> dict[ScanKey, str]:
    """Read who is excluded from the comparison.

    A table with a column ``decision`` excludes those whom any reviewer rejected. Any other
    has the columns ``participant_id`` and ``reason``, and excludes all that it lists. Columns
    ``session`` and ``run`` name single scans of a participant.

    Returns
    -------
    dict
        Reason by scan.

    Raises
    ------
    ConfigError
        If the table cannot be read, lacks a column, or has an invalid row.
    """
    header = read_text(path, "Check --exclude.").partition("\n")[0]
    if "decision" not in (name.strip() for name in header.split("\t")):
        return read_reasons(path)
    return rejected(read_decisions(path))


def rejected(decisions: Iterable[Decision]) -> dict[ScanKey, str]:
    """Give what was rejected by any reviewer: reason by scan."""
    reasons: dict[ScanKey, list[str]] = {}
    for decision in decisions:
        if decision.verdict == REJECT:
            reasons.setdefault(decision.key, []).append(decision.reason)
    return {key: "; ".join(texts) for key, texts in reasons.items()}


def _verdict(cell: str, where: str) -> Verdict:
    for verdict in VERDICTS:
        if cell == verdict:
            return verdict
    msg = (
        f"{where}: decision must be one of {', '.join(get_args(Verdict))}: got {shown(cell)}. "
        "Correct it."
    )
    raise ConfigError(msg)


def _text(cell: str) -> str:
    return "" if cell == MISSING else cell
