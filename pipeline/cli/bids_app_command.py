"""The call of BIDS Apps: ``footvol BIDS_DIR OUT participant|group``."""

from collections.abc import Collection, Iterator, Sequence
from typing import Annotated

import typer

from pipeline.cli.commands import Exclude, app
from pipeline.cli.options import (
    BidsDir,
    Events,
    Force,
    Jobs,
    Labels,
    Out,
    Runs,
    Scheduler,
    Session,
    SessionLabels,
    with_session,
)

LEVELS = ("participant", "group")
_OF_SEVERAL_WORDS = ("--participant-label", "--session-label", "--run")
SkipValidation = Annotated[
    bool,
    typer.Option(
        "--skip-bids-validation",
        "--skip-bids-validator",
        help="Has no effect: footvol checks itself what it reads.",
    ),
]


def as_command(words: Sequence[str], commands: Collection[str]) -> list[str]:
    """Turn the words of a BIDS App's call into those of a command.

    The level comes first, and options are spelled with hyphens. In all calls that begin with
    three words, an option with several values is repeated for each.
    """
    first, options = list(words[:3]), iter(words[3:])
    if len(first) < 3 or any(word.startswith("-") for word in first):
        return list(words)
    bids_dir, out, level = first
    if bids_dir in commands or level not in LEVELS:
        return [*first, *_repeated(options)]
    return [level, bids_dir, out, *_repeated(map(_hyphenated, options))]


def _hyphenated(word: str) -> str:
    name, *value = word.split("=", 1)
    is_option = name.startswith("--")
    return "=".join((name.replace("_", "-"), *value)) if is_option else word


def _repeated(words: Iterator[str]) -> Iterator[str]:
    """Repeat an option before each of its values: ``--run 1 2`` is ``--run 1 --run 2``."""
    option, is_first = "", False
    for word in words:
        if word.startswith("-"):
            option, is_first = word, True
        elif option in _OF_SEVERAL_WORDS and not is_first:
            yield option
        else:
            is_first = False
        yield word


@app.command(hidden=True, epilog="Example: footvol sample_scans out/demo participant")
@with_session
def participant(
    session: Session,
    bids_dir: BidsDir,
    out: Out,
    participant_label: Labels = None,
    session_label: SessionLabels = None,
    run_index: Runs = None,
    jobs: Jobs = 1,
    scheduler: Scheduler = None,
    force: Force = False,
    events: Events = None,
    skip_bids_validation: SkipValidation = False,  # noqa: ARG001
) -> int:
    """Run all stages for every participant; write no tables and no report."""
    from pipeline.cli import cohort_commands

    choice = cohort_commands.choose(session_label, run_index)
    labels = tuple(participant_label or ())
    cohort = cohort_commands.open_cohort(bids_dir, out, session.config(), labels, choice=choice)
    is_shared = bool(labels or choice)
    options = cohort_commands.RunOptions(
        jobs, scheduler, force, events=events, is_shared=is_shared
    )
    return cohort_commands.run_participants(session, cohort, options)


@app.command(hidden=True, epilog="Example: footvol sample_scans out/demo group")
@with_session
def group(
    session: Session,
    bids_dir: BidsDir,
    out: Out,
    participant_label: Labels = None,
    session_label: SessionLabels = None,
    run_index: Runs = None,
    exclude: Exclude = None,
    force: Force = False,
    skip_bids_validation: SkipValidation = False,  # noqa: ARG001
) -> int:
    """Compare the groups and write the tables and the report, from existing measurements."""
    from pipeline.cli import cohort_commands

    choice = cohort_commands.choose(session_label, run_index)
    labels = tuple(participant_label or ())
    cohort = cohort_commands.open_cohort(
        bids_dir, out, session.config(), labels, exclude, choice
    )
    cohort = cohort_commands.without_others(cohort)
    return cohort_commands.report_cohort(session, cohort, force=force)
