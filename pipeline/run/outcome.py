"""Whether a participant was processed, and the exit code of a command over many."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.domain.participant import Participant
from pipeline.errors import (
    ArtefactError,
    ConfigError,
    PipelineError,
    ScanError,
    system_refusal,
)
from pipeline.run.events import event
from pipeline.run.stage_cache import FAILED

OK, NOT_RUN = "ok", "not run"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state of one participant.

    Parameters
    ----------
    status
        ``ok``, ``failed`` or ``not run``.
    reason
        One sentence, where the status is not ``ok``.
    code
        Exit code of a failure; 1 is a bug of footvol.
    stages
        Stages that were run or have to be run; empty if all were up to date.
    """

    participant: Participant
    status: str = OK
    reason: str | None = None
    code: int = 0
    stages: tuple[str, ...] = ()

    @classmethod
    def of_error(
        cls, participant: Participant, error: Exception, stages: tuple[str, ...] = ()
    ) -> "Outcome":
        """Turn an error into the outcome ``failed``."""
        return cls(participant, FAILED, reason_of(error), code_of(error), stages)


def log_outcome(
    outcome: Outcome, *, seconds: float, attempt: int, error: Exception | None = None
) -> None:
    """Log how it went for a participant: the reason of a failure, and the event.

    Parameters
    ----------
    attempt
        1 unless a worker was lost before.
    error
        Its traceback is logged if only a bug of footvol can cause it.
    """
    name = outcome.participant.key.name
    if error is not None and code_of(error) == PipelineError.exit_code:
        log.error("%s: traceback", name, exc_info=error)
    if outcome.status == FAILED:
        log.error("%s: %s", name, outcome.reason)
    facts = event(
        "participant finished",
        name,
        status=outcome.status,
        stages=list(outcome.stages),
        seconds=round(seconds, 2),
        reason=outcome.reason,
        code=outcome.code,
        attempt=attempt,
    )
    log.debug("%s: %s after %.1f s", name, outcome.status, seconds, extra=facts)


def code_of(error: Exception) -> int:
    """Give the exit code of an error."""
    if isinstance(error, OSError):
        return ConfigError.exit_code
    if isinstance(error, MemoryError):
        return ScanError.exit_code
    return error.exit_code if isinstance(error, PipelineError) else PipelineError.exit_code


def reason_of(error: Exception) -> str:
    """Give the sentence that explains an error to users."""
    if isinstance(error, PipelineError):
        return str(error)
    if isinstance(error, OSError):
        return system_refusal(error)
    if isinstance(error, MemoryError):
        return (
            "Memory must suffice for a scan: got none that was free. Run again with fewer "
            "--jobs, or on a larger machine."
        )
    return f"A bug of footvol ({error}). Please report it with the traceback that was printed."


def exit_code(outcomes: Iterable[Outcome], *, is_single_stage: bool = False) -> int:
    """Give the exit code of a command over many participants.

    A bug of footvol takes precedence. Settings and altered files keep their own code if
    nothing else failed, and so does any failure of a single stage. Otherwise the code of a
    failed participant is 3.
    """
    codes = {outcome.code for outcome in outcomes if outcome.code}
    if not codes or PipelineError.exit_code in codes:
        return min(codes, default=0)
    not_the_scans = {ConfigError.exit_code, ArtefactError.exit_code}
    keeps_own = len(codes) == 1 and (is_single_stage or codes <= not_the_scans)
    return codes.pop() if keeps_own else ScanError.exit_code
