"""The lock on an output folder that commands hold while they write there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.run.cohort import Cohort
from pipeline.run.cohort_outputs import check_out, prepare_out
from pipeline.store.locks import lock_held

LOCK = "logs/lock"
_PREPARING = "logs/dataset.lock"
_LONGEST_PREPARATION_S = 60.0


@contextmanager
def out_locked(out: Path, *, is_shared: bool = False, wait_s: float = 1.0) -> Iterator[None]:
    """Hold the lock of an output folder.

    Parameters
    ----------
    is_shared
        Whether other commands that share it may work on other participants meanwhile. Files
        over all participants need the folder alone.
    wait_s
        How long to wait for others, in seconds.

    Raises
    ------
    ConfigError
        If another command holds it.
    """
    what = f"the output folder {str(out)!r}"
    with lock_held(out / LOCK, what, is_shared=is_shared, wait_s=wait_s):
        yield


@contextmanager
def out_prepared(
    cohort: Cohort, *, force: bool = False, is_shared: bool = False
) -> Iterator[None]:
    """Hold the lock of OUT, and make it a dataset as `prepare_out` does.

    Raises
    ------
    ConfigError, ArtefactError
        As `out_locked` and `prepare_out`.
    """
    if not (cohort.out / LOCK).exists():  # nobody works there; a refusal leaves nothing
        check_out(cohort, force=force)
    with out_locked(cohort.out, is_shared=is_shared):
        preparing = cohort.out / _PREPARING
        with lock_held(preparing, "the description of OUT", wait_s=_LONGEST_PREPARATION_S):
            prepare_out(cohort, force=force)
        yield
