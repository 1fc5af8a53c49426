"""The page of one scan; the same input gives the same page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from pipeline.domain.cautions import Caution
from pipeline.domain.measurement_table import Measurement, MeasurementTable
from pipeline.stages.report.methods_text import full_names
from pipeline.stages.report.page_parts import Row, data_url, shown_cautions, with_name
from pipeline.stages.report.render import render


@dataclass(frozen=True, slots=True)
class _PictureText:
    """How a picture of the figures stage is shown."""

    title: str
    caption: str
    ending: str


PICTURES: Mapping[str, _PictureText] = MappingProxyType(
    {
        "overlay": _PictureText(
            "Outlines on the scan",
            "Sections perpendicular to the long axis from heel to toes (A and following), "
            "along the second ray, and parallel to the sole, seen from above. M medial, L "
            "lateral; the dashed line is the border. Check the outlines before using the "
            "numbers.",
            "png",
        ),
        "profile-plot": _PictureText(
            "Area along the foot",
            "Cross-section of each muscle perpendicular to the long axis, all to one scale; "
            "the dark part is its fat, where it is known. The dashed line is the border. "
            "Values: *_desc-profile_dseg.tsv.",
            "svg",
        ),
        "surface": _PictureText(
            "Muscles and bones in three dimensions",
            "Surfaces of the labels from the sole, laterally and medially; nothing is "
            "mirrored. The dashed line is the border.",
            "png",
        ),
        "probability-map": _PictureText(
            "Where the segmenter was in doubt",
            "Probability that a voxel is muscle of any kind, along the second ray and parallel "
            "to the sole; the white line is 0.5. A wide band between blue and yellow is an "
            "uncertain boundary. Values: *_label-muscle_probseg.nii.gz.",
            "png",
        ),
        "histogram": _PictureText(
            "Intensities of muscle and fat",
            "Distribution over the voxels of each tissue, with equal areas. Muscle and fat "
            "that overlap make boundaries and fat fractions uncertain.",
            "svg",
        ),
    }
)
"""Pictures of the figures stage that the page shows, by the name of the output, in order."""


def participant_page(
    row: Row,
    table: MeasurementTable | None,
    cautions: Sequence[Caution],
    pictures: Mapping[str, bytes],
    provenance: Mapping[str, str],
    quality: Sequence[Mapping[str, object]] = (),
) -> str:
    """Give the page of one scan as HTML.

    Parameters
    ----------
    row
        The scan's row of ``volumes.tsv``.
    table
        None where nothing was measured.
    pictures
        By the names of `PICTURES`.
    provenance
        Values by name, as they are shown.
    quality
        Readings of the quality gates, as in the sidecar of the preprocessed scan.
    """
    return render(
        "participant.html.j2",
        row=with_name(row),
        muscles=[] if table is None else _by_muscle(table),
        cautions=shown_cautions(row, cautions),
        pictures=[
            {
                "name": name,
                "title": text.title,
                "caption": text.caption,
                "url": data_url(pictures[name], text.ending),
            }
            for name, text in PICTURES.items()
            if name in pictures
        ],
        provenance=provenance,
        quality=quality,
    )


def _by_muscle(table: MeasurementTable) -> list[dict[str, object]]:
    """Give one row per muscle, in the order of the labels."""
    regions: dict[str, dict[str, Measurement]] = {}
    for row in table.rows:
        regions.setdefault(row.muscle, {})[row.region] = row
    return [
        {
            "abbreviation": name,
            "name": full_names(name),
            "in_total": name in table.muscles,
            "cm3": {region: _cm3(row.volume_mm3) for region, row in rows.items()},
            "contractile_cm3": _cm3(rows["total"].contractile_mm3),
            "whole": rows["total"],
        }
        for name, rows in regions.items()
    ]


def _cm3(mm3: float | None) -> float | None:
    """Convert mm3 to cm3; None stays None."""
    return None if mm3 is None else mm3 / 1000
