"""All that one stage needs to know of one participant."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.domain.participant import Participant
from pipeline.domain.scan import Contrast, Side
from pipeline.store.kept_labels import KeptLabels

if TYPE_CHECKING:  # a stage does not depend on the settings of the others
    from pipeline.config import PipelineConfig


@dataclass(frozen=True, slots=True)
class StageContext:
    """All that one stage needs to know of one participant.

    Parameters
    ----------
    side, contrast
        As given on the command line.
    read
        Input files, by name.
    write
        Scratch files for the outputs, by name; sidecars go beside them.
    sources
        sha256 of the input files, by BIDS URI.
    started
        `time.perf_counter` at the start, in seconds.
    kept
        Where the segmenter's own labels are kept, so that a correction is measured at once.
    """

    participant: Participant
    config: "PipelineConfig"
    side: Side | None
    read: Mapping[str, Path]
    write: Mapping[str, Path]
    sources: Mapping[str, str]
    contrast: Contrast | None = None
    started: float = field(default_factory=time.perf_counter)
    kept: KeptLabels | None = None

    def sidecar_fields(self, *sections: str) -> dict[str, Any]:
        """Give the sidecar fields that all outputs of this stage share."""
        settings = self.config.model_dump(mode="json", include=set(sections))
        seconds = round(time.perf_counter() - self.started, 2)
        return {"settings": settings, "sources": self.sources, "Seconds": seconds}
