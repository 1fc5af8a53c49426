"""The command that exports measured feet as DICOM."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.commands import app
from pipeline.cli.options import Labels, Session, with_session


@app.command(epilog="Example: footvol export out/demo dicom-results --dicom dicom/")
@with_session
def export(
    session: Session,
    out: Annotated[
        Path, typer.Argument(help="Folder that footvol run or scan wrote.", show_default=False)
    ],
    dest: Annotated[
        Path,
        typer.Argument(help="Folder for objects that name the patient.", show_default=False),
    ],
    dicom: Annotated[
        Path,
        typer.Option(
            metavar="SOURCE",
            help="Original series: a folder or archive, of one participant or one for each.",
            show_default=False,
        ),
    ],
    participant_label: Labels = None,
    patient_map: Annotated[
        Path | None,
        typer.Option(metavar="FILE.tsv", help="Table of patient IDs and participants."),
    ] = None,
    bones: Annotated[
        bool, typer.Option("--bones", help="Also write a segmentation of the bones.")
    ] = False,
) -> int:
    """Write segmentations and measurements as DICOM SEG and SR, for a PACS or a viewer."""
    from pipeline.export.destination import check_destination, delivered_to
    from pipeline.export.export_feet import Originals, choose_participants, export_feet
    from pipeline.run.reopen import reopen
    from pipeline.store.participants import read_patient_map

    session.config()  # refuses wrong settings, as in all commands
    cohort = reopen(out)
    participants = choose_participants(cohort, participant_label or ())
    check_destination(cohort, participants, dest)
    originals = Originals(dicom, read_patient_map(patient_map) if patient_map else None)
    count = export_feet(cohort, participants, originals, delivered_to(dest), with_bones=bones)
    session.print(f"{count} feet in {dest}")
    return 0
