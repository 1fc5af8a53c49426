"""The command that holds label maps to each other."""

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
        Path, typer.Argument(help="Label map, or folder of them.", show_default=False)
    ],
    segmentation: Annotated[
        Path, typer.Argument(help="What is held to the reference.", show_default=False)
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write tables and plot there.")
    ] = None,
    labels: Annotated[
        Literal["muscles", "bones", "regions"] | None,
        typer.Option(help="What the maps label, if their names do not say it."),
    ] = None,
    force: Force = False,
) -> int:
    """Tell how well two label maps, or two folders of them, agree."""
    from pipeline.run.agreement import find_agreement, write_agreement

    session.config()  # so that a wrong setting is told, as everywhere
    found = find_agreement(reference, segmentation, labels)
    if out is not None:
        write_agreement(found, out, force=force)
    for path in found.unpaired:
        session.print(f"Left out, as the other folder has no such foot: {path}")
    for foot, rows in found.overlaps.groupby("participant_id"):
        session.print(f"{foot}\n{_text(rows, OVERLAP_SHOWN)}\n")
    if found.reliability is not None:
        session.print(f"across feet\n{_text(found.reliability, RELIABILITY_SHOWN)}\n")
    if out is not None:
        session.print(f"Written to {out}")
    return 0


def _text(frame: "pd.DataFrame", columns: list[str]) -> str:
    """Lay out a table, with the reasons where a cell is n/a."""
    from pipeline.cli.cohort_commands import show

    return show(frame[[*columns, "note"] if frame["note"].notna().any() else columns])
