"""Pages show all that was measured, and no more than it supports."""

import re

import pandas as pd
from comparisons import make_comparison

from pipeline.domain.cautions import Caution
from pipeline.domain.landmarks import Border
from pipeline.domain.measurement_table import Measurement, MeasurementTable
from pipeline.domain.participant import Participant
from pipeline.domain.scan import Side
from pipeline.stages.compare import (
    VOLUME_COLUMNS,
    CompareParams,
    compare,
    volume_row,
)
from pipeline.stages.report import (
    ReportFacts,
    participant_page,
    report,
)

FACTS = ReportFacts("0.1.0", "run-7", '[regions]\nborder = "tmt1"\n')
CUT = Caution("muscle-truncated", "FDB touches the edge of the image.", "measure")
PNG = b"\x89PNG not really"


def table_of(scale: float = 1.0) -> MeasurementTable:
    """Give one plantar and one dorsal muscle."""
    rows = tuple(
        Measurement(
            muscle,
            region,
            mm3 * scale,
            0.8 * mm3 * scale,
            0.2,
            190.0,
            61.0,
            88.0,
            muscle == "FDB",
        )
        for muscle in ("FDB", "EHB")
        for region, mm3 in (("rearfoot", 7130.0), ("forefoot", 3000.0), ("total", 10130.0))
    )
    return MeasurementTable(
        rows, ("FDB",), Side.RIGHT, "network", Border("tmt1", 131.5), 0.63, 241.0, (CUT,)
    )


def row_of(
    label: str, group: str, scale: float | None, mass: float | None = 62.5
) -> dict[str, object]:
    """Give one row; without a scale it failed."""
    return volume_row(
        Participant(label, group, mass, Side.RIGHT),
        None if scale is None else table_of(scale),
        status="failed" if scale is None else "ok",
        reason="The heel <must> be seen: got none." if scale is None else None,
        footvol_version="0.1.0",
        run_id="run-7",
        scan_sha256="ab12",
    )


def volumes_of() -> pd.DataFrame:
    """Give three healthy participants, two patients and one who failed."""
    rows = [row_of(f"0{i}", "healthy", 1 + i / 10) for i in (1, 2, 3)]
    rows += [row_of("04", "patient", 1.05), row_of("05", "patient", 1.3, mass=None)]
    rows.append(row_of("06", "patient", None))
    return pd.DataFrame(rows, columns=list(VOLUME_COLUMNS))


def page_of(volumes: pd.DataFrame) -> str:
    """Give the study's page, with one picture."""
    statistics = compare(volumes, CompareParams())
    return report(volumes, statistics, {"sub-01": PNG}, {"sub-01": (CUT,)}, FACTS)


def test_the_page_shows_every_participant_and_who_failed_why() -> None:
    """The reason is text, never markup."""
    page = page_of(volumes_of())

    assert all(f"sub-0{i}" in page for i in range(1, 7))
    assert "5 of 6 participants measured" in page
    assert "<strong>failed</strong>: The heel &lt;must&gt; be seen: got none." in page


def test_the_page_needs_no_other_file_and_runs_no_script() -> None:
    """Pictures are within; nothing is fetched."""
    page = page_of(volumes_of())

    assert 'src="data:image/png;base64,' in page
    assert not re.search(r"<script|https?://|<link|@import", page)


def test_the_page_is_the_same_each_time() -> None:
    """Nothing in it depends on time or randomness."""
    assert page_of(volumes_of()) == page_of(volumes_of())


def test_cautions_are_explained_or_at_least_named() -> None:
    """A code without a message is not lost."""
    page = page_of(volumes_of())

    assert "<code>muscle-truncated</code>: FDB touches the edge of the image." in page
    assert "<code>body-mass-missing</code>" in page


def test_the_page_states_methods_and_limits() -> None:
    """Border, its sensitivity, muscles by name, version, settings and intended use."""
    page = page_of(volumes_of())

    assert "flexor digitorum brevis" in page
    assert "0.63 cm³ from the forefoot to the rearfoot" in page
    assert "footvol 0.1.0, run run-7" in page
    assert "border = &#34;tmt1&#34;" in page
    assert "Not a medical device" in page


def test_a_page_without_any_measurement_still_gives_the_reasons() -> None:
    """All failed: no plots, no statistics, but every reason."""
    volumes = pd.DataFrame([row_of("06", "patient", None)], columns=list(VOLUME_COLUMNS))
    page = report(volumes, (), {}, {}, FACTS)

    assert "0 of 1 participants measured" in page
    assert "No groups were compared." in page
    assert "svg+xml" not in page


def test_a_page_of_one_group_says_that_nothing_was_tested() -> None:
    """Its means are there, its tests are n/a."""
    page = page_of(volumes_of().iloc[:3])

    assert "could not be tested (3 healthy measured)" in page
    assert "no other group" in page


def test_a_participant_page_lists_every_muscle_and_its_cautions() -> None:
    """Below them are the sums of volumes.tsv."""
    row = row_of("01", "healthy", 1.0)

    page = participant_page(row, table_of(), (CUT,), PNG, {"scan": "ab12"})

    assert "FDB flexor digitorum brevis</td><td>7.13</td><td>3.00</td><td>10.13</td>" in page
    assert page.count("cut by the image") == 1
    assert page.count("not in the sums") == 1
    assert "<td>114</td><td>48</td><td>162</td>" in page
    assert "FDB touches the edge of the image." in page
    assert "<dt>scan</dt><dd>ab12</dd>" in page


def test_the_page_of_a_failed_participant_gives_the_reason_alone() -> None:
    """It has no table and no picture."""
    page = participant_page(row_of("06", "patient", None), None, (), None, {})

    assert "The heel &lt;must&gt; be seen" in page
    assert "<table>" not in page
    assert "<img" not in page


def test_plots_stand_in_the_page_in_their_order() -> None:
    """Each has its title and the files with its values; missing plots are left out."""
    volumes = volumes_of()
    plots = {"border": b"<svg>b</svg>", "groups": b"<svg>g</svg>"}
    page = report(volumes, compare(volumes, CompareParams()), {}, {}, FACTS, plots)

    assert page.count('src="data:image/svg+xml;base64,') == 2
    assert page.index("All participants</strong>") < page.index("Sensitivity to the border")
    assert "border_sweep.tsv" in page


def test_names_of_groups_are_no_markup_in_the_page() -> None:
    """They are escaped."""
    volumes = volumes_of()
    page = page_of(volumes.assign(group=volumes["group"].replace("patient", "<b>a|b</b>")))

    assert "<b>a" not in page
    assert "&lt;b&gt;a|b&lt;/b&gt;" in page


def test_the_table_of_statistics_has_the_values_of_each_test() -> None:
    """Means by group, difference with interval, t, p and effect sizes."""
    comparison = make_comparison(p=0.0204, p_holm=0.0612)

    page = report(volumes_of(), (comparison,), {}, {}, FACTS)

    assert '4.0<br>(1.0 to 7.0)</td><td rowspan="2">2.00 (8.0)</td>' in page
    assert '<td rowspan="2">0.020</td><td rowspan="2">0.061</td>' in page
    assert "1.20<br>(0.20 to 2.20)" in page
