"""The command that imports scanner files."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.commands import app
from pipeline.cli.options import Jobs, Pacs, Session, SideOption, opened_studies, with_session
from pipeline.errors import ConfigError, ScanError

if TYPE_CHECKING:
    from pipeline.config import PipelineConfig
    from pipeline.domain.scan import Side
    from pipeline.intake.check_scans import Tables


@app.command(epilog="Example: footvol intake dicom/ study/ --participants participants.tsv")
@with_session
def intake(
    session: Session,
    source: Annotated[
        Path,
        typer.Argument(
            help="DICOM folder or archive, or images; with --pacs, a table of studies.",
            show_default=False,
        ),
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
        typer.Option(metavar="N", help="DICOM series to import, if there are several."),
    ] = None,
    patient_map: Annotated[
        Path | None,
        typer.Option(metavar="FILE.tsv", help="Table of patient IDs and participants."),
    ] = None,
    pacs: Pacs = None,
    session_label: Annotated[
        str | None,
        typer.Option(metavar="L", help="Session of all scans, with or without ses-."),
    ] = None,
    jobs: Jobs = 1,
    check: Annotated[
        bool, typer.Option("--check", help="Only report which scans would be refused.")
    ] = False,
) -> int:
    """Import scanner files into a raw BIDS dataset, without names or birth dates."""
    from pipeline.domain.scan import Side
    from pipeline.intake.check_scans import Tables
    from pipeline.intake.import_scans import Stated, intake_source
    from pipeline.run.open_executor import open_executor
    from pipeline.store.names import session_in

    claimed_side = Side(side) if side else None
    overrides = [] if series is None else [f"intake.series={json.dumps(series)}"]
    config = session.config(*overrides)
    if bids_dir is None and not check:
        msg = "Intake needs an output folder: got no BIDS_DIR. Name it, or pass --check."
        raise ConfigError(msg)
    if pacs and patient_map:
        msg = (
            "With --pacs, the table of studies must name the participants: got --patient-map, "
            "too. Leave one out."
        )
        raise ConfigError(msg)
    session_name = None if session_label is None else session_in(session_label)
    stated = Stated(claimed_side, session_name)
    with opened_studies(source, pacs) as files:
        if bids_dir is None or check:
            tables = Tables(participants, patient_map)
            return _print_checks(session, files, tables, claimed_side, config)
        with open_executor(jobs) as executor:
            written = intake_source(
                files,
                bids_dir,
                participants,
                stated,
                config.intake,
                patient_map,
                executor,
            )
    session.print(f"{len(written)} scans in {bids_dir}")
    return 0


def _print_checks(
    session: Session,
    source: Path,
    tables: "Tables",
    side: "Side | None",
    config: "PipelineConfig",
) -> int:
    """Print a table of all participants, then the reasons for refusals and cautions."""
    import pandas as pd

    from pipeline.intake.check_scans import check_source

    checks = list(check_source(source, tables, side, config))
    session.print(pd.DataFrame([check.cells for check in checks]).to_string(index=False))
    for check in checks:
        for reason in check.reasons:
            session.print(f"{check.cells['participant_id']}: {reason}")
    return ScanError.exit_code if any(check.is_refused for check in checks) else 0
