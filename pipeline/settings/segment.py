"""What labels the scan."""

from typing import Self

from pydantic import BaseModel, field_validator, model_validator

from pipeline.domain.segmenter_names import SEGMENTER_NAMES, USER_MODELS


class SegmentParams(BaseModel, frozen=True, extra="forbid"):
    """What labels the scan."""

    segmenter: str = "network"
    """Name of the segmenter; ``footvol info`` lists them."""
    model: str | None = None
    """Manifest of a model of your own, a TOML file; for ``onnx`` and ``nnunet`` only."""

    @field_validator("segmenter")
    @classmethod
    def _known(cls, segmenter: str) -> str:
        if segmenter not in SEGMENTER_NAMES:
            msg = f"one of {', '.join(sorted(SEGMENTER_NAMES))}, got {segmenter!r}"
            raise ValueError(msg)
        return segmenter

    @model_validator(mode="after")
    def _model_is_used(self) -> Self:
        if (self.segmenter in USER_MODELS) != (self.model is not None):
            got = f"segmenter {self.segmenter!r} with model {self.model!r}"
            names = " and ".join(USER_MODELS)
            msg = f"a model goes with the segmenters {names} alone, got {got}"
            raise ValueError(msg)
        return self
