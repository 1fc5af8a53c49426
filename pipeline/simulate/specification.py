"""What a made-up study is asked to be, and what it says of itself."""

import textwrap
from dataclasses import dataclass, field

from pipeline.phantom.acquisition.acquisition_options import Imaging
from pipeline.phantom.acquisition.protocols import DEFAULT_PROTOCOL
from pipeline.phantom.cohort.effects import Effect

COLUMNS = {
    "participant_id": "Participant; made up, nobody was scanned",
    "group": "healthy, or plantar_fasciitis with smaller rearfoot muscles",
    "body_mass_kg": "Body mass in kg; unrelated to muscle size and to group",
    "side": "Foot that was scanned",
}
_README = """\
# Simulated MRI of the right foot

Nobody was scanned: `footvol phantom` made these images of a digital foot
({per_group} participants per group, seed {seed}, protocol {protocol}). The same
version and the same settings give the same bytes again.

Scans: {place}. What is true of each foot: `sourcedata/truth/`; it lies in the
scanner's space, on the digital foot's own fine grid.{groups}{imaging}

The proportions of the digital foot come from BodyParts3D, (c) The Database Center
for Life Science, licensed under CC Attribution-Share Alike 2.1 Japan.
"""
_GROUPS = """\
 Participants with plantar
fasciitis have smaller rearfoot muscles by construction; the size of the
difference is chosen, not measured in patients."""


@dataclass(frozen=True, slots=True)
class Study:
    """What to simulate.

    Parameters
    ----------
    per_group
        Participants in each of the two groups.
    protocol
        Name of the scan protocol.
    image_format
        ``nifti`` for a raw BIDS dataset; ``dicom`` (one file per slice) or
        ``dicom-enhanced`` (one file per image) for a folder per participant below
        ``sourcedata/dicom``.
    with_label_maps
        Whether the true label maps are written, too; volumes and landmarks always.
    with_tissue_fractions
        Whether the true part of each tissue in each voxel of the scan is written, too.
    effect
        Name or TOML file of an `Effect`: how the groups differ, and which sample effect
        sizes their true volumes have. By default rearfoot muscles are smaller in plantar
        fasciitis.
    imaging
        What is asked for beyond the protocol's own numbers.
    """

    per_group: int
    seed: int
    protocol: str = DEFAULT_PROTOCOL
    image_format: str = "nifti"
    with_label_maps: bool = True
    with_tissue_fractions: bool = False
    effect: str | None = None
    imaging: Imaging = field(default_factory=Imaging)


def readme(study: Study, effect: Effect | None) -> str:
    """Tell what the dataset is, how it was made and whom to credit."""
    return _README.format(
        per_group=study.per_group,
        seed=study.seed,
        protocol=study.protocol,
        place="`sub-*/anat/`" if study.image_format == "nifti" else "`sourcedata/dicom/`",
        imaging=_wrapped("Imaging: " + study.imaging.told()) if study.imaging.told() else "",
        groups=_GROUPS if effect is None else _tell(effect),
    )


def columns(effect: Effect | None) -> dict[str, str]:
    """Say what the columns of the participants' table hold."""
    if effect is None:
        return COLUMNS
    smaller = f"with smaller muscles: {', '.join(effect.muscles)}"
    changed = {"group": f"{effect.reference}, or {effect.affected} {smaller}"}
    if effect.cohens_d.is_any:
        changed["body_mass_kg"] = "Body mass in kg; set so that effect sizes are exact"
    return COLUMNS | changed


def _tell(effect: Effect) -> str:
    """Say how the groups differ."""
    said = (
        f"The groups differ by construction ({effect.description}): {effect.affected} has "
        f"lost {effect.atrophy:.0%} of {', '.join(effect.muscles)}."
    )
    if effect.fat_fraction is not None:
        said += f" What is left of them is {effect.fat_fraction:.0%} fat."
    if effect.fascia_thickening_mm or effect.oedema_mm:
        said += (
            f" Its aponeurosis is {effect.fascia_thickening_mm:g} mm thicker at the origin, "
            f"with {effect.oedema_mm:g} mm of oedema around it."
        )
    asked = effect.cohens_d.model_dump(exclude_none=True)
    if asked:
        sizes = ", ".join(f"{region} {d:g}" for region, d in asked.items())
        said += (
            " Muscle volumes and body masses are then set so that the true volumes have these "
            f"sample effect sizes (Cohen's d of mm3 per kg): {sizes}."
        )
    return _wrapped(f"{said} See `sourcedata/truth/statistics.tsv`")


def _wrapped(paragraph: str) -> str:
    return "\n\n" + textwrap.fill(f"{paragraph}.", 79)
