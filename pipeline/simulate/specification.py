"""Specification of a simulated study, and the description in its files."""

import textwrap
from dataclasses import dataclass, field

from pipeline.phantom.acquisition.acquisition_options import AcquisitionOptions
from pipeline.phantom.acquisition.protocols import DEFAULT_PROTOCOL
from pipeline.phantom.cohort.effects import Effect

COLUMNS = {
    "participant_id": "Simulated participant",
    "group": "healthy, or plantar_fasciitis with smaller rearfoot muscles",
    "body_mass_kg": "Body mass in kg; independent of muscle volume and group",
    "side": "Side of the foot",
}
_README = """\
# Simulated MRI of the right foot

No person was scanned: `footvol phantom` simulated these images of digital feet
({per_group} participants per group, seed {seed}, protocol {protocol}). The same
version and settings give the same bytes.

Scans: {place}. Ground truth of each foot: `sourcedata/truth/`, in scanner
space, on the fine grid of the digital foot.{groups}{imaging}

The proportions of the digital foot come from BodyParts3D, (c) The Database Center
for Life Science, licensed under CC Attribution-Share Alike 2.1 Japan.
"""
_GROUPS = """\
 Participants with plantar
fasciitis have smaller rearfoot muscles by construction; the size of the
difference is chosen, not measured in patients."""


@dataclass(frozen=True, slots=True)
class Study:
    """The specification of a simulated study.

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
        Whether ground-truth label maps are written; volumes and landmarks always are.
    with_tissue_fractions
        Whether the partial-volume fractions of the tissues are written.
    effect
        Name or TOML file of an `Effect`: how the groups differ, and the sample effect sizes
        of their ground-truth volumes. By default rearfoot muscles are smaller in plantar
        fasciitis.
    imaging
        Acquisition options in addition to the protocol.
    """

    per_group: int
    seed: int
    protocol: str = DEFAULT_PROTOCOL
    image_format: str = "nifti"
    with_label_maps: bool = True
    with_tissue_fractions: bool = False
    effect: str | None = None
    imaging: AcquisitionOptions = field(default_factory=AcquisitionOptions)


def readme(study: Study, effect: Effect | None) -> str:
    """Give the text of README.md: contents, settings, groups and credits."""
    changes = study.imaging.describe()
    return _README.format(
        per_group=study.per_group,
        seed=study.seed,
        protocol=study.protocol,
        place="`sub-*/anat/`" if study.image_format == "nifti" else "`sourcedata/dicom/`",
        imaging=_wrapped(f"Imaging: {changes}") if changes else "",
        groups=_GROUPS if effect is None else _describe_effect(effect),
    )


def columns(effect: Effect | None) -> dict[str, str]:
    """Describe the columns of the table of participants."""
    if effect is None:
        return COLUMNS
    smaller = f"with smaller muscles: {', '.join(effect.muscles)}"
    changed = {"group": f"{effect.reference}, or {effect.affected} {smaller}"}
    if effect.cohens_d.is_any:
        changed["body_mass_kg"] = "Body mass in kg; set so that effect sizes are exact"
    return COLUMNS | changed


def _describe_effect(effect: Effect) -> str:
    """Describe how the groups differ."""
    text = (
        f"The groups differ by construction ({effect.description}): {effect.affected} has "
        f"lost {effect.atrophy:.0%} of {', '.join(effect.muscles)}."
    )
    if effect.fat_fraction is not None:
        text += f" The remaining muscle is {effect.fat_fraction:.0%} fat."
    if effect.fascia_thickening_mm or effect.oedema_mm:
        text += (
            f" Its aponeurosis is {effect.fascia_thickening_mm:g} mm thicker at the origin, "
            f"with {effect.oedema_mm:g} mm of oedema around it."
        )
    sizes = effect.cohens_d.model_dump(exclude_none=True)
    if sizes:
        listed = ", ".join(f"{region} {d:g}" for region, d in sizes.items())
        text += (
            " Muscle volumes and body masses are then set so that the ground-truth volumes "
            f"have these sample effect sizes (Cohen's d of mm3 per kg): {listed}."
        )
    return _wrapped(f"{text} See `sourcedata/truth/statistics.tsv`")


def _wrapped(paragraph: str) -> str:
    return "\n\n" + textwrap.fill(f"{paragraph}.", 79)
