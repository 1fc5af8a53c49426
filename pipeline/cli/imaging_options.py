"""Options of ``footvol phantom`` that say how the images are taken."""

from typing import Annotated

import typer

Protocol = Annotated[str | None, typer.Option(help="Scan protocol; see footvol info.")]
Orientation = Annotated[
    str, typer.Option(help="Slices: short-axis, axial (parallel to the sole) or sagittal.")
]
Oblique = Annotated[
    float,
    typer.Option(metavar="DEG", help="Turn the slices about their first axis, -90 to 90."),
]
CutHeel = Annotated[
    float, typer.Option(metavar="MM", help="Begin the field of view this far from the heel.")
]
CutToes = Annotated[
    float, typer.Option(metavar="MM", help="End the field of view this far from the toes.")
]
Snr = Annotated[
    float | None,
    typer.Option(metavar="X", help="Signal of muscle over noise; by default the protocol's."),
]
BothFeet = Annotated[
    bool, typer.Option("--both-feet", help="Lay the left foot beside the right one.")
]
Spoilt = Annotated[
    list[str] | None,
    typer.Option(
        "--artefact",
        metavar="NAME=X",
        help="Spoil the images, for example ghosts=0.1; 0 is off. May be repeated.",
    ),
]
Randomise = Annotated[
    bool,
    typer.Option("--randomise", help="Draw protocol and artefacts for each participant."),
]
TissueFractions = Annotated[
    bool,
    typer.Option(
        "--tissue-fractions", help="Also write how much of each voxel is which tissue."
    ),
]
