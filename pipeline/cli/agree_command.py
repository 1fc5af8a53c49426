"""The command that compares label maps."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipeline.cli.commands import app
from pipeline.cli.options import Force, Session, with_session

if TYPE_CHECKING:
    import pandas as pd

OVERLAP_SHOWN = [
    "label",
    "dice",
    "hd95_mm",
    "asd_mm",
    "reference_cm3",
    "segmentation_cm3",
    "difference_percent",
]
RELIABILITY_SHOWN = [
    *("label", "n", "icc21", "icc21_ci95_low", "icc21_ci95_high", "sem_cm3", "mdc95_cm3"),
    *("cv_percent", "bias_cm3", "limit_low_cm3", "limit_high_cm3"),
]


@app.command(epilog="Example: footvol agree drawn/ out/demo --out agreement")
@with_session
def agree(
    session: Session,
    reference: Annotated[
        Path, typer.Argument(help="Label map, folder or review.tsv.", show_default=False)
    ],
    segmentation: Annotated[
        Path | None,
        typer.Argument(
            help="Label map or folder to compare with it; none for review.tsv.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Folder for tables and plot."),
    ] = None,
    labels: Annotated[
        Literal["muscles", "bones", "regions"] | None,
        typer.Option(help="What the maps label, if their names do not contain it."),
    ] = None,
    force: Force = False,
) -> int:
    """Compare two label maps or two folders of them, or the reviewers of a review.tsv."""
    from pipeline.run.agreement import compute_agreement, write_agreement

    session.config()  # refuses wrong settings, as in all commands
    if segmentation is None:
        return _agree_on_decisions(session, reference, out, force=force)
    agreement = compute_agreement(reference, segmentation, labels)
    if out is not None:
        write_agreement(agreement, out, force=force)
    for path in agreement.unpaired:
        session.print(f"Left out, as the other folder does not contain this foot: {path}")
    for foot, rows in agreement.overlaps.groupby("participant_id"):
        session.print(f"{foot}\n{_text(rows, OVERLAP_SHOWN)}\n")
    if agreement.reliability is not None:
        session.print(f"across feet\n{_text(agreement.reliability, RELIABILITY_SHOWN)}\n")
    if out is not None:
        session.print(f"Written to {out}")
    return 0


def _agree_on_decisions(session: Session, table: Path, out: Path | None, *, force: bool) -> int:
    from pipeline.run.agreement import compare_decisions, write_decision_agreement

    agreement = compare_decisions(table)
    if out is not None:
        write_decision_agreement(agreement, out, force=force)
    session.print(_text(agreement, list(agreement.columns[:-1])))
    if out is not None:
        session.print(f"Written to {out}")
    return 0


def _text(frame: "pd.DataFrame", columns: list[str]) -> str:
    """Format a table, with the reasons for cells that are n/a."""
    from pipeline.cli.text_tables import format_table, format_value

    shown = [*columns, "note"] if frame["note"].notna().any() else columns
    rows = frame[shown].astype(object).to_numpy().tolist()
    return format_table(shown, [[format_value(value) for value in row] for row in rows])
