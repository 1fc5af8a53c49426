"""The methods of a study as text to paste into a paper, from the settings that were used."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.domain.anatomy import MUSCLES
from pipeline.domain.comparison import Comparison
from pipeline.stages.report.formatting import fixed
from pipeline.stages.report.sentences import TEST_NAMES

CITATION = (
    "The footvol developers. footvol: volumes of the intrinsic foot muscles from MRI, version"
)
_BORDERS = {
    "tmt1": "at the first tarsometatarsal joint (the proximal face of the first metatarsal)",
    "chopart": "at the transverse tarsal joint (the proximal faces of navicular and cuboid)",
    "naviculocuneiform": "at the naviculocuneiform joint",
    "mt5_base": "at the base of the fifth metatarsal",
    "fraction": "at a fixed fraction of the foot length",
}


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """Provenance of the numbers of a page.

    Parameters
    ----------
    settings_toml
        The resolved settings, as text.
    settings
        The same by section and key.
    libraries
        Version of each library that the numbers depend on.
    """

    footvol_version: str
    run_id: str
    settings_toml: str
    settings: Mapping[str, Mapping[str, Any]]
    libraries: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sample:
    """What was measured.

    Parameters
    ----------
    measured, total
        Numbers of scans.
    people
        Number of participants.
    segmenters, muscles
        Distinct cells of ``volumes.tsv``.
    sensitivities
        Change of the rearfoot volume when the border moves 1 mm to the toes, in cm3/mm.
    """

    measured: int
    total: int
    people: int
    segmenters: Sequence[str]
    muscles: Sequence[str]
    sensitivities: Sequence[float]


def methods_text(
    facts: ReportFacts, sample: Sample, statistics: Sequence[Comparison]
) -> list[str]:
    """Give the paragraphs: measurement, statistics where groups were compared, software."""
    return [
        " ".join(_measurement(facts, sample)),
        *([" ".join(_statistics(facts, statistics))] if statistics else []),
        " ".join(_software(facts)),
    ]


def full_names(cell: str) -> str:
    """Give the names of muscles whose abbreviations are separated by semicolons."""
    names = {muscle.abbreviation: muscle.name for muscle in MUSCLES}
    return ", ".join(names.get(key, key) for key in cell.split(";"))


def _measurement(facts: ReportFacts, sample: Sample) -> Iterator[str]:
    bias, border = facts.settings["preprocess"], facts.settings["regions"]
    what = "participants"
    if sample.people < sample.total:
        what = f"scans of {sample.people} participant{'s' * (sample.people > 1)}"
    yield (
        f"Volumes of the intrinsic foot muscles were measured with footvol "
        f"{facts.footvol_version} in {sample.measured} of {sample.total} {what}."
    )
    if bias["bias_correction"]:
        yield (
            "The bias field was corrected with N4 (Tustison 2010; B-spline knots every "
            f"{bias['bias_knot_mm']:g} mm), and intensities were scaled by those of the "
            "subcutaneous fat or, where fat is dark, of the brightest tissue."
        )
    yield (
        "Muscles and bones were labelled on the scan's own voxels by the segmenter "
        f"{' or '.join(sample.segmenters) or 'n/a'}; a muscle is its belly, without tendons."
    )
    where = _BORDERS.get(border["border"], f"at {border['border']}")
    fraction = f" ({border['fraction']:g})" if border.get("fraction") is not None else ""
    yield (
        "A plane perpendicular to the long axis of the foot (calcaneus to second metatarsal "
        f"head) {where}{fraction} separates rearfoot from forefoot; voxels that it cuts are "
        "divided by volume."
    )
    if sample.sensitivities:
        mean = sum(sample.sensitivities) / len(sample.sensitivities)
        ends = (min(sample.sensitivities), max(sample.sensitivities))
        extent = f" ({fixed(ends[0], 2)} to {fixed(ends[1], 2)})" if ends[0] < ends[1] else ""
        yield (
            f"Moving this border by 1 mm toward the toes moves {fixed(mean, 2)} cm³{extent} "
            "from the forefoot to the rearfoot."
        )
    muscles = " or of ".join(full_names(cell) for cell in sample.muscles)
    yield (
        f"Volumes are sums of {muscles or 'n/a'}: the number of voxels times the volume of "
        "one, from the spacing of the slices. Prediction intervals (95 %) are from the errors "
        "of the same segmenter on digital feet of known volume."
    )


def _statistics(facts: ReportFacts, statistics: Sequence[Comparison]) -> Iterator[str]:
    params = facts.settings["compare"]
    counts = {s.group: s.n for c in statistics for s in (c.a, c.b) if s.group}
    groups = ", ".join(f"{name} (n = {n})" for name, n in counts.items())
    tests = dict.fromkeys(TEST_NAMES[c.tests.mean.name] for c in statistics if c.tests)
    yield (
        f"Groups ({groups}) were compared in rearfoot, forefoot and total volume. The main "
        f"family of outcomes is {params['family'].replace('_', ' ')}. The means were compared "
        f"with {' and '.join(tests) or 'no test'} (two-sided), with Holm's correction over the "
        "three outcomes of a family."
    )
    paired = params["design"] == "paired"
    yield (
        f"Effect sizes are Cohen's d over the SD {'of the differences' if paired else 'pooled'}"
        " with exact intervals from the noncentral t distribution."
    )
    if params["permutations"]:
        yield (
            "The result was compared with that of rank and permutation tests (at most "
            f"{params['permutations']} random permutations, seed {params['seed']})."
        )
    if params["covariates"]:
        names = " and ".join(str(name).replace("_", " ") for name in params["covariates"])
        yield f"Absolute volumes were also compared at equal {names} (ANCOVA, least squares)."


def _software(facts: ReportFacts) -> Iterator[str]:
    libraries = ", ".join(f"{name} {version}" for name, version in facts.libraries.items())
    yield (
        f"Software: footvol {facts.footvol_version} (run {facts.run_id}), with {libraries}."
        if libraries
        else f"Software: footvol {facts.footvol_version} (run {facts.run_id})."
    )
    yield f"Cite as: {CITATION} {facts.footvol_version}."
