"""The commands: each parses its options, calls one function and prints the result."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import typer

import pipeline
from pipeline.cli.options import (
    BidsDir,
    Events,
    Force,
    Jobs,
    Labels,
    MoreLabels,
    Out,
    Runs,
    Scheduler,
    Session,
    SessionLabels,
    SideOption,
    with_session,
)

app = typer.Typer(
    help="Volumes of the intrinsic foot muscles, from scanner files to the comparison table.",
    epilog="Example: footvol run sample_scans out/demo. As a BIDS App: footvol BIDS_DIR OUT "
    "participant|group.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
Exclude = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.tsv",
        help="Decisions of a review, or a table of participants to exclude with reasons.",
    ),
]
STAGE_COMMANDS = {
    "preprocess": "Correct the bias field and scale intensities; the first stage.",
    "segment": "Label muscles and bones on the preprocessed scans.",
    "regions": "Find the landmarks and divide rearfoot from forefoot.",
    "measure": "Measure every muscle in every region.",
}


def _print_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"footvol {pipeline.__version__}")
        raise typer.Exit


@app.callback()
def footvol(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Take the options before a command."""


@app.command(epilog="Example: footvol run sample_scans out/demo --jobs 2")
@with_session
def run(
    session: Session,
    bids_dir: BidsDir,
    out: Out,
    more_labels: MoreLabels = None,
    participant_label: Labels = None,
    session_label: SessionLabels = None,
    run_index: Runs = None,
    jobs: Jobs = 1,
    scheduler: Scheduler = None,
    force: Force = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only print what would be done.")
    ] = False,
    stop_on_first_failure: Annotated[
        bool,
        typer.Option("--stop-on-first-failure", help="Stop when a participant fails."),
    ] = False,
    exclude: Exclude = None,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="K/N", help="Only the stages of the K-th of N parts; no tables, no pages."
        ),
    ] = None,
    events: Events = None,
) -> int:
    """Run all stages for every participant, then compare and report."""
    from pipeline.cli import cohort_commands

    labels = cohort_commands.all_labels(participant_label, more_labels)
    choice = cohort_commands.choose(session_label, run_index)
    options = cohort_commands.RunOptions(
        jobs, scheduler, force, stop_on_first_failure, events=events
    )
    if shard is not None:
        others = {"--participant-label": labels, "--exclude": exclude, "--dry-run": dry_run}
        given = [name for name, value in others.items() if value]
        given += ["--session-label or --run"] if choice else []
        return cohort_commands.run_shard(session, bids_dir, out, shard, options, given)
    cohort = cohort_commands.open_cohort(
        bids_dir, out, session.config(), labels, exclude, choice
    )
    if dry_run:
        return cohort_commands.print_pending(session, cohort, force=force)
    return cohort_commands.run_all(session, cohort, options)


def _stage_command(stage: str) -> Callable[..., int]:
    def command(
        session: Session,
        bids_dir: BidsDir,
        out: Out,
        more_labels: MoreLabels = None,
        participant_label: Labels = None,
        session_label: SessionLabels = None,
        run_index: Runs = None,
        jobs: Jobs = 1,
        scheduler: Scheduler = None,
        force: Force = False,
        events: Events = None,
    ) -> int:
        from pipeline.cli import cohort_commands

        labels = cohort_commands.all_labels(participant_label, more_labels)
        choice = cohort_commands.choose(session_label, run_index)
        config = session.config()
        cohort = cohort_commands.open_cohort(bids_dir, out, config, labels, choice=choice)
        is_shared = bool(labels or choice)
        options = cohort_commands.RunOptions(
            jobs, scheduler, force, events=events, is_shared=is_shared
        )
        return cohort_commands.run_stage(session, cohort, stage, options)

    return command


for _stage, _does in STAGE_COMMANDS.items():
    _example = f"Example: footvol {_stage} sample_scans out/demo --participant-label 01"
    app.command(_stage, help=_does, epilog=_example)(with_session(_stage_command(_stage)))


@app.command(epilog="Example: footvol plan sample_scans out/demo")
@with_session
def plan(session: Session, bids_dir: BidsDir, out: Out) -> int:
    """Fix the participants and settings of `run --shard`, in place of an earlier plan."""
    from pipeline.cli import cohort_commands

    cohort = cohort_commands.open_cohort(bids_dir, out, session.config())
    return cohort_commands.plan_shards(session, cohort)


@app.command(epilog="Example: footvol status sample_scans out/demo")
@with_session
def status(
    session: Session,
    bids_dir: BidsDir,
    out: Out,
    more_labels: MoreLabels = None,
    participant_label: Labels = None,
    session_label: SessionLabels = None,
    run_index: Runs = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Print which stages are done, stale, failed or in progress, and why; writes nothing."""
    from pipeline.cli import cohort_commands, status_command

    labels = cohort_commands.all_labels(participant_label, more_labels)
    choice = cohort_commands.choose(session_label, run_index)
    config = session.config()
    cohort = cohort_commands.open_cohort(bids_dir, out, config, labels, choice=choice)
    return status_command.print_status(session, cohort, as_json=as_json)


@app.command(epilog="Example: footvol compare sample_scans out/demo --reference healthy")
@with_session
def compare(
    session: Session,
    bids_dir: BidsDir,
    out: Out,
    group_column: Annotated[
        str | None, typer.Option(help="Column of participants.tsv that defines the groups.")
    ] = None,
    reference: Annotated[
        str | None, typer.Option(help="Reference group of the comparison.")
    ] = None,
    session_label: SessionLabels = None,
    run_index: Runs = None,
    exclude: Exclude = None,
    latex: Annotated[bool, typer.Option("--latex", help="Also write statistics.tex.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Also write statistics.csv.")] = False,
    force: Force = False,
) -> int:
    """Collect all measurements and compare the groups."""
    from pipeline.cli import cohort_commands

    given = {"group_column": group_column, "reference": reference}
    overrides = [
        f"compare.{key}={json.dumps(word)}" for key, word in given.items() if word is not None
    ]
    flags = {"latex": latex, "csv": csv}
    overrides += [f"compare.{key}=true" for key, is_set in flags.items() if is_set]
    choice = cohort_commands.choose(session_label, run_index)
    config = session.config(*overrides)
    cohort = cohort_commands.open_cohort(bids_dir, out, config, (), exclude, choice)
    return cohort_commands.compare_groups(session, cohort, force=force)


@app.command(epilog="Example: footvol report sample_scans out/demo")
@with_session
def report(
    session: Session,
    bids_dir: BidsDir,
    out: Out,
    session_label: SessionLabels = None,
    run_index: Runs = None,
    exclude: Exclude = None,
    force: Force = False,
) -> int:
    """Draw the figures and write the report from the measurements."""
    from pipeline.cli import cohort_commands

    choice = cohort_commands.choose(session_label, run_index)
    cohort = cohort_commands.open_cohort(bids_dir, out, session.config(), (), exclude, choice)
    return cohort_commands.report_cohort(session, cohort, force=force)


@app.command(
    epilog="Example: footvol scan foot.nii.gz out/foot --side right --body-mass-kg 71.5"
)
@with_session
def scan(
    session: Session,
    image: Annotated[Path, typer.Argument(help="One scan.", show_default=False)],
    out: Out,
    side: SideOption = None,
    body_mass_kg: Annotated[
        str | None, typer.Option(metavar="KG", help="Body mass, 20 to 300 kg.")
    ] = None,
    contrast: Annotated[
        Literal["T1w", "PDw", "T2w", "water", "fat"] | None,
        typer.Option(help="Contrast of the image, if neither sidecar nor name contains it."),
    ] = None,
    force: Force = False,
) -> int:
    """Measure one scan; no BIDS dataset is needed."""
    from pipeline.cli import cohort_commands
    from pipeline.domain.scan import Contrast, Side
    from pipeline.store.participants import read_body_mass

    claimed = Side(side) if side else None
    stated = Contrast(contrast) if contrast else None
    mass_kg = read_body_mass("n/a" if body_mass_kg is None else body_mass_kg, "--body-mass-kg")
    cohort = cohort_commands.open_scan(image, out, session.config(), claimed, mass_kg, stated)
    options = cohort_commands.RunOptions(force=force)
    return cohort_commands.run_all(session, cohort, options, is_single_scan=True)


@app.command(epilog="Example: footvol info --json")
@with_session
def info(
    session: Session,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Print version, labels, segmenters, protocols and effects."""
    from pipeline.cli.info import describe, facts

    session.print(json.dumps(facts(), indent=2) if as_json else describe(facts()))
    return 0
