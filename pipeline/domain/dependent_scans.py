"""Several scans of one participant, which are no independent rows of a comparison."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from pipeline.errors import listed

Scan = TypeVar("Scan")
_MEASURED = "ok"


def one_of_each(
    scans: Iterable[Scan], label: Callable[[Scan], str], is_compared: Callable[[Scan], bool]
) -> list[Scan]:
    """Select one scan of each participant, a compared one if there is any."""
    chosen: dict[str, Scan] = {}
    for scan in scans:
        if label(scan) not in chosen or is_compared(scan):
            chosen[label(scan)] = scan
    return list(chosen.values())


def why_not_compared(rows: Iterable[Mapping[Any, object]]) -> str | None:
    """Say why groups are not compared if several scans of one participant were measured.

    The tests take every row for another participant, so sessions and runs would count double.

    Parameters
    ----------
    rows
        Rows of ``volumes.tsv``, with ``participant_id`` and ``status``.

    Returns
    -------
    str or None
        None where every participant has one measured scan at most.
    """
    counts = Counter(str(row["participant_id"]) for row in rows if row["status"] == _MEASURED)
    several = [name for name, count in counts.items() if count > 1]
    if not several:
        return None
    return (
        "A comparison must have one scan of each participant: got several of "
        f"{listed(several)}. Choose with --session-label or --run, or exclude the others with "
        "--exclude."
    )
