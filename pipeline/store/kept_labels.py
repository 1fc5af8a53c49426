"""What a segmenter labelled, kept so that a corrected scan need not be segmented again."""

import json
import zipfile
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter, ValidationError

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.cautions import Caution
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap, Segmentation
from pipeline.domain.scan import Side
from pipeline.store.files import written_whole

_DAMAGES = (
    *(OSError, EOFError, zipfile.BadZipFile, zlib.error),
    *(ValueError, KeyError, TypeError, ValidationError),
)
_CAUTIONS = TypeAdapter(tuple[Caution, ...])


@dataclass(frozen=True, slots=True)
class KeptLabels:
    """Where the labels of a segmenter are kept, and what they depend on.

    Parameters
    ----------
    path
        An ``.npz`` file: a cache, which may be deleted at any time.
    key
        Hash of scan, settings and code; labels kept under another key are not used.
    """

    path: Path
    key: str

    def write(self, segmentation: Segmentation) -> None:
        """Keep labels, side, name and cautions; the probability is not kept."""
        facts = {
            "key": self.key,
            "side": str(segmentation.side),
            "segmenter": segmentation.segmenter,
            "cautions": [asdict(caution) for caution in segmentation.cautions],
        }
        with written_whole(self.path) as scratch, scratch.open("wb") as file:
            np.savez_compressed(
                file,
                facts=np.array(json.dumps(facts)),
                muscles=segmentation.muscles.voxels,
                bones=segmentation.bones.voxels,
            )

    def find(self, grid: Grid) -> Segmentation | None:
        """Read labels that were kept under this key; None where there are none.

        A damaged file counts as none, as the segmenter can label the scan again.
        """
        try:
            with self.path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                facts = json.loads(str(kept["facts"]))
                if facts["key"] != self.key:
                    return None
                return Segmentation(
                    LabelMap(kept["muscles"], grid, MUSCLE_NAMES),
                    LabelMap(kept["bones"], grid, BONE_NAMES),
                    Side(facts["side"]),
                    facts["segmenter"],
                    _CAUTIONS.validate_python(facts["cautions"]),
                )
        except _DAMAGES:
            return None
