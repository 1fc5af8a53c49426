"""Figures, tables and pages that follow corrected labels, written while the review goes on."""

import logging
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Literal

from pipeline.domain.scan_key import ScanKey
from pipeline.errors import PipelineError, system_refusal
from pipeline.review.feet import read_rows_of_volumes
from pipeline.run.choose_scans import NOT_CHOSEN
from pipeline.run.cohort import Cohort
from pipeline.run.cohort_outputs import prepare_out
from pipeline.run.cohort_state import EXCLUDED
from pipeline.run.locked_out import out_locked
from pipeline.run.process_participant import process_participant
from pipeline.run.update_cohort import update_cohort
from pipeline.store.review_table import REVIEW_TABLE, read_decisions, rejected

# While a correction is measured.
_LONGEST_WAIT_S = 60.0
log = logging.getLogger(__name__)
State = Literal["current", "writing", "failed"]


def write_all(cohort: Cohort, keys: Collection[ScanKey] = ()) -> None:
    """Draw the figures of some feet, then write tables and pages over all participants.

    Those that a reviewer rejected are left out of the comparison, and so are those that the
    tables leave out already: by ``--exclude``, unless they were reviewed, or because another
    session or run was chosen.

    Parameters
    ----------
    keys
        Whose figures to draw.
    """
    with out_locked(cohort.out, wait_s=_LONGEST_WAIT_S):
        cohort = replace(cohort, excluded=_excluded(cohort))
        for participant in cohort.participants:
            if participant.key in keys:
                process_participant(cohort.job(participant, ("figures",)))
        prepare_out(cohort)
        update_cohort(cohort)


def _excluded(cohort: Cohort) -> dict[ScanKey, str]:
    """Give what is left out: what was rejected, and what was left out before."""
    decisions = read_decisions(cohort.out / REVIEW_TABLE)
    reviewed = {decision.key for decision in decisions}
    before = {
        key: str(row["reason"] or "no reason given")
        for key, row in read_rows_of_volumes(cohort.out).items()
        if row["status"] == EXCLUDED
        and (key not in reviewed or str(row["reason"]).startswith(NOT_CHOSEN))
    }
    known = {who.key for who in cohort.participants}
    return {key: why for key, why in (before | rejected(decisions)).items() if key in known}


@dataclass
class Followup:
    """Runs `write_all` in a thread of its own, once for all requests that came meanwhile.

    Parameters
    ----------
    cohort
        Opens the cohort.
    """

    cohort: Callable[[], Cohort]
    state: State = "current"
    message: str = ""
    _waiting: list[ScanKey] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _thread: threading.Thread | None = None

    def request(self, key: ScanKey | None = None) -> None:
        """Ask for tables and pages to be written; gives back at once."""
        with self._lock:
            self._waiting = [*(self._waiting or ()), *([key] if key else ())]
            self.state, self.message = "writing", ""
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="tables")
                self._thread.start()

    def join(self) -> None:
        """Wait until all that was asked for is written."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def _work(self) -> None:
        while True:
            with self._lock:
                if self._waiting is None:
                    self.state = "failed" if self.message else "current"
                    self._thread = None
                    return
                keys, self._waiting = self._waiting, None
            self.message = self._try(keys)

    def _try(self, keys: Collection[ScanKey]) -> str:
        """Write all, and give the reason if that failed."""
        try:
            write_all(self.cohort(), keys)
        except PipelineError as error:
            return str(error)
        except OSError as error:
            return system_refusal(error)
        except Exception as error:  # the review goes on; the page shows the sentence
            log.exception("Tables and pages could not be written.")
            return f"A bug of footvol ({error}). Please report it."
        return ""
