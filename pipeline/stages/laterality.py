"""Decide which foot a new scan shows, from what option, table and header claim."""

from dataclasses import dataclass, replace
from itertools import combinations
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from pipeline.domain.cautions import Caution
from pipeline.domain.scan import Scan, Side
from pipeline.errors import ScanError

Number = Annotated[str, BeforeValidator(str)]


class IntakeParams(BaseModel, frozen=True, extra="forbid"):
    """Which scans are let in, and which series is taken where a source holds several."""

    accept_left: bool = False
    """Whether a left foot is let in, to be measured as a left foot."""
    series: Number | None = Field(None, pattern="^[0-9]+(-[0-9]+)?$")
    """DICOM series to take, as the table of candidates names it: ``5``, or ``5-2`` where a
    series holds several volumes; unset leaves it to the rules below."""
    description: str | None = Field(None, min_length=1)
    """Rule: shell pattern for the series description or protocol name, in any case."""
    contrast: Literal["T1w", "PDw", "T2w", "water", "fat", "in", "opposed"] | None = None
    """Rule: what the header says that the series shows."""
    plane: Literal["sagittal", "coronal", "axial"] | None = None
    """Rule: plane of the scanner that the slices lie closest to."""
    max_pixel_mm: float | None = Field(None, gt=0)
    """Rule: largest spacing within slices, in mm."""
    max_slice_mm: float | None = Field(None, gt=0)
    """Rule: largest spacing of slices, in mm, by their positions."""
    suffix: Literal["T1w", "PDw", "T2w"] = "T1w"
    """Weighting of images whose own name does not say it, as BIDS writes it."""


@dataclass(frozen=True, slots=True)
class IntakeClaims:
    """What each source says of the side; None where it says nothing.

    Parameters
    ----------
    option
        Given by the user with ``--side``.
    table
        Column ``side`` of ``participants.tsv``.
    header
        Laterality in the file's header or sidecar.
    header_text
        How the header says it, for messages, such as ``DICOM Laterality 'L'``.
    """

    option: Side | None = None
    table: Side | None = None
    header: Side | None = None
    header_text: str = "the header"

    def told(self) -> tuple[tuple[str, Side], ...]:
        """Give the sources that say a side, the most trusted first."""
        sources = (
            ("the option --side", self.option),
            ("participants.tsv", self.table),
            (self.header_text, self.header),
        )
        return tuple((source, side) for source, side in sources if side is not None)


def intake(scan: Scan, claims: IntakeClaims, params: IntakeParams) -> Scan:
    """Give the scan its side, or a caution that no source tells it.

    Whether the anatomy agrees is for the segment stage to see.

    Raises
    ------
    ScanError
        If two sources contradict each other, or the foot is a left one and left
        feet are not accepted.
    """
    told = claims.told()
    for (source, side), (other_source, other_side) in combinations(told, 2):
        if side is not other_side:
            msg = (
                f"All sources must name one side: got {side} from {source} but {other_side} "
                f"from {other_source}. Find out which foot it is and correct the wrong source."
            )
            raise ScanError(msg)
    if not told:
        return replace(scan, side=None, cautions=(*scan.cautions, _UNKNOWN))
    source, side = told[0]
    if side is Side.LEFT and not params.accept_left:
        msg = (
            f"The study measures right feet: got a left one, according to {source}. Set "
            "intake.accept_left = true to measure it as a left foot."
        )
        raise ScanError(msg)
    return replace(scan, side=side)


_UNKNOWN = Caution(
    "side-unknown",
    "Neither option, table nor header says which foot this is, so only the anatomy can tell.",
    "intake",
)
