"""What is done about participants that do not come to an end."""

from pydantic import BaseModel, Field


class RunParams(BaseModel, frozen=True, extra="forbid"):
    """What is done about participants that do not come to an end; changes no result."""

    retries: int = Field(2, ge=0, le=100)
    """How often a participant is tried again whose worker process was lost."""
    time_limit_min: float = Field(60.0, ge=0, allow_inf_nan=False)
    """Minutes that a participant may take; 0 is no limit."""

    @property
    def limit_s(self) -> float | None:
        """The time limit in seconds; None if there is none."""
        return self.time_limit_min * 60 or None
