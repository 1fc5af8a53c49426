"""The command that exports measured feet as DICOM."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.commands import app
from pipeline.cli.options import Labels, Pacs, Session, opened_studies, with_session

TABLE_ENDING = ".tsv"


@app.command(epilog="Example: footvol export out/demo dicom-results --dicom dicom/")
@with_session
def export(
    session: Session,
    out: Annotated[
        Path, typer.Argument(help="Folder that footvol run or scan wrote.", show_default=False)
    ],
    dest: Annotated[
        Path | None,
        typer.Argument(help="Folder for objects that name the patient.", show_default=False),
    ] = None,
    *,
    dicom: Annotated[
        Path,
        typer.Option(
            metavar="SOURCE",
            help="Original series: a folder or archive, of one participant or one for each; or "
            "with --pacs a table of studies (.tsv).",
            show_default=False,
        ),
    ],
    pacs: Pacs = None,
    participant_label: Labels = None,
    patient_map: Annotated[
        Path | None,
        typer.Option(metavar="FILE.tsv", help="Table of patient IDs and participants."),
    ] = None,
    bones: Annotated[
        bool, typer.Option("--bones", help="Also write a segmentation of the bones.")
    ] = False,
) -> int:
    """Write segmentations and measurements as DICOM SEG and SR, into a folder or a PACS."""
    from pipeline.export.destination import opened_destinations
    from pipeline.export.export_feet import Originals, choose_participants, export_feet
    from pipeline.run.reopen import reopen
    from pipeline.store.participants import read_patient_map

    session.config()  # refuses wrong settings, as in all commands
    cohort = reopen(out)
    chosen = choose_participants(cohort, participant_label or ())
    patients = read_patient_map(patient_map) if patient_map else None
    source_pacs = pacs if dicom.suffix == TABLE_ENDING else None
    labels = [*dict.fromkeys(participant.label for participant in chosen)]
    with (
        opened_destinations(cohort, chosen, dest, pacs) as deliver,
        opened_studies(dicom, source_pacs, labels) as source,
    ):
        count = export_feet(
            cohort, chosen, Originals(source, patients), deliver, with_bones=bones
        )
    places = " and ".join(str(place) for place in (dest, pacs) if place)
    session.print(f"{count} feet in {places}")
    return 0
