"""The command that simulates scans of digital feet."""

from typing import Annotated, Literal

import typer

from pipeline.cli.commands import app
from pipeline.cli.options import Jobs, Out, Session, with_session

Protocol = Annotated[str | None, typer.Option(help="Scan protocol; see footvol info.")]
Orientation = Annotated[
    str, typer.Option(help="Slices: short-axis, axial (parallel to the sole) or sagittal.")
]
Oblique = Annotated[
    float,
    typer.Option(metavar="DEG", help="Rotate the slices about their first axis, -90 to 90."),
]
CutHeel = Annotated[
    float,
    typer.Option(metavar="MM", help="Distance from the heel to the field of view."),
]
CutToes = Annotated[
    float,
    typer.Option(metavar="MM", help="Distance from the toes to the field of view."),
]
Snr = Annotated[
    float | None,
    typer.Option(metavar="X", help="Signal-to-noise ratio of muscle; default: the protocol's."),
]
BothFeet = Annotated[
    bool, typer.Option("--both-feet", help="Image both feet, the left beside the right.")
]
Artefact = Annotated[
    list[str] | None,
    typer.Option(
        "--artefact",
        metavar="NAME=X",
        help="MR artefact and its strength, such as ghosts=0.1; 0 is off. May be repeated.",
    ),
]
Randomise = Annotated[
    bool,
    typer.Option("--randomise", help="Draw random protocol and artefacts per participant."),
]
TissueFractions = Annotated[
    bool,
    typer.Option(
        "--tissue-fractions", help="Also write the partial-volume fraction of each tissue."
    ),
]


@app.command(epilog="Example: footvol phantom out/phantoms --per-group 3 --seed 7")
@with_session
def phantom(
    session: Session,
    out: Out,
    per_group: Annotated[int, typer.Option(min=1, help="Feet per group.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")] = 0,
    protocol: Protocol = None,
    image_format: Annotated[
        Literal["nifti", "dicom", "dicom-enhanced"],
        typer.Option("--format", help="File format."),
    ] = "nifti",
    effect: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE.toml", help="How the groups differ; see footvol info."),
    ] = None,
    orientation: Orientation = "short-axis",
    oblique: Oblique = 0.0,
    cut_heel: CutHeel = 0.0,
    cut_toes: CutToes = 0.0,
    snr: Snr = None,
    both_feet: BothFeet = False,
    artefact: Artefact = None,
    randomise: Randomise = False,
    tissue_fractions: TissueFractions = False,
    jobs: Jobs = 1,
) -> int:
    """Simulate scans of digital feet with known volumes."""
    from pipeline.cli.progress import log
    from pipeline.phantom.acquisition.acquisition_options import AcquisitionOptions
    from pipeline.phantom.acquisition.artefacts import read_artefacts
    from pipeline.phantom.acquisition.protocols import DEFAULT_PROTOCOL, get_orientation
    from pipeline.run.open_executor import open_executor
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
