"""Decide which foot a scan shows, from what the user, the table and the header state."""

from dataclasses import dataclass, replace
from itertools import combinations

from pipeline.domain.cautions import Caution
from pipeline.domain.scan import Scan, Side
from pipeline.errors import ScanError
from pipeline.settings.intake import LateralityParams


@dataclass(frozen=True, slots=True)
class SideClaims:
    """What each source states about the side; None where it states nothing.

    Parameters
    ----------
    option
        Given by the user with ``--side``.
    table
        Column ``side`` of ``participants.tsv``.
    others
        Name of a further source, such as ``DICOM Laterality``, and the side that it states.
    """

    option: Side | None = None
    table: Side | None = None
    others: tuple[tuple[str, Side | None], ...] = ()

    def stated(self) -> list[tuple[str, Side]]:
        """List the sources that state a side, the most trusted first."""
        sources = (
            ("the option --side", self.option),
            ("participants.tsv", self.table),
            *self.others,
        )
        return [(source, side) for source, side in sources if side is not None]


def settle_laterality(scan: Scan, claims: SideClaims, params: LateralityParams) -> Scan:
    """Set the side of a scan, or add a caution that no source states it.

    The segment stage checks later whether the anatomy agrees.

    Raises
    ------
    ScanError
        If two sources contradict each other, or the foot is a left one and left
        feet are not accepted.
    """
    stated = claims.stated()
    for (source, side), (other_source, other_side) in combinations(stated, 2):
        if side is not other_side:
            msg = (
                f"All sources must name one side: got {side} from {source} but {other_side} "
                f"from {other_source}. Find out which foot it is and correct the wrong source."
            )
            raise ScanError(msg)
    if not stated:
        return replace(scan, side=None, cautions=(*scan.cautions, _UNKNOWN))
    source, side = stated[0]
    if side is Side.LEFT and not params.accept_left:
        msg = (
            f"The study measures right feet: got a left one, according to {source}. Set "
            "intake.accept_left = true to measure it as a left foot."
        )
        raise ScanError(msg)
    return replace(scan, side=side)


_UNKNOWN = Caution(
    "side-unknown",
    "Neither option, table nor header states which foot this is, so only the anatomy can tell.",
    "intake",
)
