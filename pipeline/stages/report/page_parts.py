"""What the pages have in common: cells, cautions and pictures."""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.domain.cautions import Caution
from pipeline.domain.scan_key import ScanKey
from pipeline.stages.report.doubt import codes_in, label_of_caution
from pipeline.stages.report.formatting import is_missing

Row = Mapping[str, object]
_MEDIA_TYPES = {"svg": "image/svg+xml", "png": "image/png", "jpg": "image/jpeg"}


@dataclass(frozen=True, slots=True)
class ShownCaution:
    """A caution as a page shows it.

    Parameters
    ----------
    label
        The code as a few words.
    message
        The sentence; the code alone where there is none.
    """

    code: str
    label: str
    message: str


def shown_cautions(row: Row, cautions: Sequence[Caution]) -> list[ShownCaution]:
    """Give the cautions of a row of ``volumes.tsv``, each once for each sentence."""
    pairs = dict.fromkeys((caution.code, caution.message) for caution in cautions)
    known = {code for code, _ in pairs}
    more = [(code, code) for code in codes_in(row["cautions"]) if code not in known]
    return [ShownCaution(code, label_of_caution(code), text) for code, text in (*pairs, *more)]


def with_name(row: Mapping[Any, object]) -> dict[str, object]:
    """Add the name of the scan to a row of ``volumes.tsv``: participant, session and run."""
    cells = {str(column): cell for column, cell in row.items()}
    return cells | {"name": ScanKey.of_row(cells).name}


def distinct(cells: Iterable[object]) -> list[str]:
    """Give the cells that are not empty, each once, sorted."""
    return sorted({str(cell) for cell in cells if not is_missing(cell)})


def data_url(picture: bytes, ending: str) -> str:
    """Encode a picture as a data URL.

    Parameters
    ----------
    ending
        Of its file: ``svg``, ``png`` or ``jpg``.
    """
    return f"data:{_MEDIA_TYPES[ending]};base64,{b64encode(picture).decode('ascii')}"
