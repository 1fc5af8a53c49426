"""The commands: each parses, calls one function and prints what came of it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.cli import imaging_options
from pipeline.cli.options import (
    BidsDir,
    Force,
    Jobs,
    Labels,
    MoreLabels,
    Out,
    Scheduler,
    Session,
    with_session,
)

app = typer.Typer(
    help="Volumes of the intrinsic foot muscles, from scanner files to the comparison table.",
    epilog="Example: footvol run sample_scans out/demo",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
SideOption = Annotated[
    Literal["right", "left"] | None, typer.Option(help="Side of the foot, if you know it.")
]
Exclude = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.tsv", help="Participants (participant_id, reason) to leave uncompared."
    ),
]
STAGE_COMMANDS = {
    "preprocess": "Correct the bias field and scale intensities; the first stage.",
    "segment": "Label muscles and bones on the preprocessed scans.",
    "regions": "Find the landmarks, and part rearfoot from forefoot.",
    "measure": "Measure every muscle in every region.",
}


@app.command(epilog="Example: footvol run sample_scans out/demo --jobs 2")
@with_session
def run(
    session: Session,
    bids_dir: BidsDir,
    out: Out,
    more_labels: MoreLabels = None,
    participant_label: Labels = None,
    jobs: Jobs = 1,
    scheduler: Scheduler = None,
    force: Force = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done.")
    ] = False,
    stop_on_first_failure: Annotated[
        bool,
        typer.Option("--stop-on-first-failure", help="Start no participant after a failure."),
    ] = False,
    exclude: Exclude = None,
) -> int:
    """Do all stages for every participant, then compare and report."""
    from pipeline.cli import cohort_commands as work

    labels = work.all_labels(participant_label, more_labels)
    cohort = work.open_cohort(bids_dir, out, session.config(), labels, exclude)
    if dry_run:
        return work.tell_pending(session, cohort, force=force)
    way = work.Way(jobs, scheduler, force, stop_on_first_failure)
    return work.run_all(session, cohort, way)


def _stage_command(stage: str) -> Callable[..., int]:
    def command(
        session: Session,
        bids_dir: BidsDir,
        out: Out,
        more_labels: MoreLabels = None,
        participant_label: Labels = None,
        jobs: Jobs = 1,
        scheduler: Scheduler = None,
        force: Force = False,
    ) -> int:
        from pipeline.cli import cohort_commands as work

        labels = work.all_labels(participant_label, more_labels)
        cohort = work.open_cohort(bids_dir, out, session.config(), labels)
        return work.run_stage(session, cohort, stage, work.Way(jobs, scheduler, force))

    return command


for _stage, _does in STAGE_COMMANDS.items():
    _example = f"Example: footvol {_stage} sample_scans out/demo --participant-label 01"
    app.command(_stage, help=_does, epilog=_example)(with_session(_stage_command(_stage)))


@app.command(epilog="Example: footvol compare sample_scans out/demo --reference healthy")
@with_session
def compare(
    session: Session,
    bids_dir: BidsDir,
    out: Out,
    group_column: Annotated[
        str | None, typer.Option(help="Column of participants.tsv that parts the groups.")
    ] = None,
    reference: Annotated[
        str | None, typer.Option(help="Group that the other is held to.")
    ] = None,
    exclude: Exclude = None,
    latex: Annotated[bool, typer.Option("--latex", help="Write statistics.tex, too.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Write statistics.csv, too.")] = False,
    force: Force = False,
) -> int:
    """Gather all measurements and compare the groups."""
    from pipeline.cli import cohort_commands as work

    named = {"group_column": group_column, "reference": reference}
    own = [
        f"compare.{key}={json.dumps(word)}" for key, word in named.items() if word is not None
    ]
    asked = {"latex": latex, "csv": csv}
    own += [f"compare.{key}=true" for key, is_asked in asked.items() if is_asked]
    cohort = work.open_cohort(bids_dir, out, session.config(*own), (), exclude)
    return work.compare_groups(session, cohort, force=force)


@app.command(epilog="Example: footvol report sample_scans out/demo")
@with_session
def report(
    session: Session,
    bids_dir: BidsDir,
    out: Out,
    exclude: Exclude = None,
    force: Force = False,
) -> int:
    """Draw the figures and write the pages, from what is measured."""
    from pipeline.cli import cohort_commands as work

    cohort = work.open_cohort(bids_dir, out, session.config(), (), exclude)
    return work.write_pages(session, cohort, force=force)


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
        typer.Option(help="What the image shows, if neither sidecar nor name says it."),
    ] = None,
    force: Force = False,
) -> int:
    """Measure one scan; no BIDS dataset is needed."""
    from pipeline.cli import cohort_commands as work
    from pipeline.domain.scan import Contrast, Side
    from pipeline.store.participants import read_body_mass

    claimed = Side(side) if side else None
    shown = Contrast(contrast) if contrast else None
    mass_kg = read_body_mass("n/a" if body_mass_kg is None else body_mass_kg, "--body-mass-kg")
    cohort = work.open_scan(image, out, session.config(), claimed, mass_kg, shown)
    return work.run_all(session, cohort, work.Way(force=force), is_single_scan=True)


@app.command(epilog="Example: footvol intake dicom/ study/ --participants participants.tsv")
@with_session
def intake(
    session: Session,
    source: Annotated[
        Path, typer.Argument(help="DICOM folder or archive, or images.", show_default=False)
    ],
    bids_dir: Annotated[
        Path | None, typer.Argument(help="Raw BIDS dataset to write.", show_default=False)
    ] = None,
    participants: Annotated[
        Path | None, typer.Option(metavar="FILE.tsv", help="Table of the participants.")
    ] = None,
    side: SideOption = None,
    series: Annotated[
        str | None,
        typer.Option(metavar="N", help="DICOM series to take, where several would do."),
    ] = None,
    patient_map: Annotated[
        Path | None,
        typer.Option(metavar="FILE.tsv", help="Which patient ID is which participant."),
    ] = None,
    jobs: Jobs = 1,
    check: Annotated[
        bool, typer.Option("--check", help="Only tell what would be refused; write nothing.")
    ] = False,
) -> int:
    """Bring scanner files into a raw BIDS dataset, without names or birth dates."""
    from pipeline.cli.intake_commands import print_checks
    from pipeline.domain.scan import Side
    from pipeline.errors import ConfigError
    from pipeline.intake.check_scans import Tables
    from pipeline.intake.import_scans import intake_source
    from pipeline.run.batch import open_executor

    claimed = Side(side) if side else None
    own = [] if series is None else [f"intake.series={json.dumps(series)}"]
    config = session.config(*own)
    if check:
        tables = Tables(participants, patient_map)
        return print_checks(session, source, tables, claimed, config)
    if bids_dir is None:
        msg = "Intake must know where to write: got no BIDS_DIR. Name it, or pass --check."
        raise ConfigError(msg)
    with open_executor(jobs) as executor:
        written = intake_source(
            source, bids_dir, participants, claimed, config.intake, patient_map, executor
        )
    session.print(f"{len(written)} scans in {bids_dir}")
    return 0


@app.command(epilog="Example: footvol phantom out/phantoms --per-group 3 --seed 7")
@with_session
def phantom(
    session: Session,
    out: Out,
    per_group: Annotated[int, typer.Option(min=1, help="Feet per group.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")] = 0,
    protocol: imaging_options.Protocol = None,
    image_format: Annotated[
        Literal["nifti", "dicom", "dicom-enhanced"],
        typer.Option("--format", help="What to write."),
    ] = "nifti",
    effect: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE.toml", help="How the groups differ; see footvol info."),
    ] = None,
    orientation: imaging_options.Orientation = "short-axis",
    oblique: imaging_options.Oblique = 0.0,
    cut_heel: imaging_options.CutHeel = 0.0,
    cut_toes: imaging_options.CutToes = 0.0,
    snr: imaging_options.Snr = None,
    both_feet: imaging_options.BothFeet = False,
    artefact: imaging_options.Spoilt = None,
    randomise: imaging_options.Randomise = False,
    tissue_fractions: imaging_options.TissueFractions = False,
    jobs: Jobs = 1,
) -> int:
    """Make scans of digital feet with known volumes."""
    from pipeline.cli.progress import log
    from pipeline.phantom.acquisition.acquisition_options import AcquisitionOptions
    from pipeline.phantom.acquisition.artefacts import read_artefacts
    from pipeline.phantom.acquisition.protocols import DEFAULT_PROTOCOL, get_orientation
    from pipeline.run.batch import open_executor
    from pipeline.simulate.dataset import simulate_dataset
    from pipeline.simulate.specification import Study

    imaging = AcquisitionOptions(
        orientation=get_orientation(orientation),
        oblique_deg=oblique,
        cut_heel_mm=cut_heel,
        cut_toes_mm=cut_toes,
        muscle_snr=snr,
        artefacts=read_artefacts(artefact or []),
        both_feet=both_feet,
        is_random=randomise,
    )
    study = Study(
        per_group=per_group,
        seed=seed,
        protocol=protocol or DEFAULT_PROTOCOL,
        image_format=image_format,
        effect=effect,
        imaging=imaging,
        with_tissue_fractions=tissue_fractions,
    )
    with open_executor(jobs) as executor:
        simulate_dataset(out, study, log.info, executor)
    session.print(f"Wrote {2 * per_group} feet to {out}")
    return 0


@app.command(epilog="Example: footvol info --json")
@with_session
def info(
    session: Session,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Tell version, labels, segmenters, protocols and effects."""
    from pipeline.cli.info import describe, facts

    session.print(json.dumps(facts(), indent=2) if as_json else describe(facts()))
    return 0
