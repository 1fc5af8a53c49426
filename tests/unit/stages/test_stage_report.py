"""Pages tell all that was measured, and say no more than it bears."""

import re

import numpy as np
import pandas as pd
import pytest

from pipeline.domain.cautions import Caution
from pipeline.domain.landmarks import Border
from pipeline.domain.measurement_table import Measurement, MeasurementTable
from pipeline.domain.participant import Participant
from pipeline.domain.scan import Side
from pipeline.stages.compare import (
    STATISTICS_COLUMNS,
    VOLUME_COLUMNS,
    CompareParams,
    compare,
    volume_row,
)
from pipeline.stages.report import (
    ReportFacts,
    context_of,
    latex,
    markdown,
    participant_page,
    report,
)
from pipeline.stages.report.sentences import Context, chance, explanation, fixed, verdict

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


def page_of(volumes: pd.DataFrame, statistics: pd.DataFrame | None = None) -> str:
    """Give the study's page, with one picture."""
    if statistics is None:
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
    """No clock, no chance."""
    assert page_of(volumes_of()) == page_of(volumes_of())


def test_cautions_are_told_in_words_or_at_least_by_name() -> None:
    """A code without a sentence is not lost."""
    page = page_of(volumes_of())

    assert "<code>muscle-truncated</code>: FDB touches the edge of the image." in page
    assert "<code>body-mass-missing</code>" in page


def test_the_page_says_how_the_numbers_were_made() -> None:
    """Border, its weight, muscles by name, version, settings, and what it is not for."""
    page = page_of(volumes_of())

    assert "flexor digitorum brevis" in page
    assert "0.63 cm³ from the forefoot to the rearfoot" in page
    assert "footvol 0.1.0, run run-7" in page
    assert "border = &#34;tmt1&#34;" in page
    assert "Not a medical device" in page


def test_a_page_without_any_measurement_still_tells_why() -> None:
    """All failed: no plots, no statistics, but every reason."""
    volumes = pd.DataFrame([row_of("06", "patient", None)], columns=list(VOLUME_COLUMNS))
    page = page_of(volumes, pd.DataFrame(columns=list(STATISTICS_COLUMNS)))

    assert "0 of 1 participants measured" in page
    assert "No groups were compared." in page
    assert "svg+xml" not in page


def test_a_page_of_one_group_says_that_nothing_was_tested() -> None:
    """Its means are there, its tests are n/a."""
    page = page_of(volumes_of().iloc[:3])

    assert "could not be tested (3 healthy measured)" in page
    assert "no other group" in page


def test_a_participant_page_lists_every_muscle_and_its_doubts() -> None:
    """With the sums of the volumes table below."""
    row = row_of("01", "healthy", 1.0)

    page = participant_page(row, table_of(), (CUT,), PNG, {"scan": "ab12"})

    assert "FDB flexor digitorum brevis</td><td>7.13</td><td>3.00</td><td>10.13</td>" in page
    assert page.count("cut by the image") == 1
    assert page.count("not in the sums") == 1
    assert "<td>114</td><td>48</td><td>162</td>" in page
    assert "FDB touches the edge of the image." in page
    assert "<dt>scan</dt><dd>ab12</dd>" in page


def test_the_page_of_a_failed_participant_gives_the_reason_alone() -> None:
    """No table of nothing, no picture."""
    page = participant_page(row_of("06", "patient", None), None, (), None, {})

    assert "The heel &lt;must&gt; be seen" in page
    assert "<table>" not in page
    assert "<img" not in page


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "n/a"), (np.nan, "n/a"), (3.14159, "3.1"), (-0.04, "0.0"), (-2.0, "\u22122.0")],
)
def test_numbers_are_fixed_and_missing_ones_named(value: float | None, text: str) -> None:
    """A missing number is n/a, and there is no minus zero."""
    assert fixed(value) == text


@pytest.mark.parametrize(
    ("p", "text"), [(0.0004, "< 0.001"), (0.0235, "= 0.024"), (None, "n/a")]
)
def test_tiny_chances_are_not_zero(p: float | None, text: str) -> None:
    """A p of 0.000 is never shown."""
    assert chance(p) == text


def result(p: float, p_holm: float, difference: float = 4.0) -> dict[str, object]:
    """Give one row of statistics."""
    numbers = dict.fromkeys(STATISTICS_COLUMNS, 1.0)
    return numbers | {
        "outcome": "rearfoot_cm3",
        "group_a": "healthy",
        "group_b": "patient",
        "mean_difference": difference,
        "p": p,
        "p_holm": p_holm,
        "test": "welch",
        "covariates": "body_mass_kg;foot_length_mm",
        "mdc95_source": "repeats of 5 participants",
        "below_mdc95": False,
        "note": None,
    }


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (result(0.01, 0.03), r"is larger in healthy than in patient\.$"),
        (result(0.01, 0.03, -4.0), r"is larger in patient than in healthy\.$"),
        (result(0.04, 0.12), r"this does not stand once .* corrected for"),
        (result(0.40, 0.40), r"do not settle it, which is not the same as no difference"),
    ],
)
def test_sentences_say_no_more_than_the_test(row: dict[str, object], words: str) -> None:
    """A high p is not equality; a p that Holm lifts above 0.05 is said to be so."""
    assert re.search(words, verdict(row))


def test_plots_stand_in_the_page_in_their_order() -> None:
    """Each with its title and where its numbers are; others than the known are no plots."""
    volumes = volumes_of()
    plots = {"border": b"<svg>b</svg>", "groups": b"<svg>g</svg>"}
    page = report(volumes, compare(volumes, CompareParams()), {}, {}, FACTS, plots)

    assert page.count('src="data:image/svg+xml;base64,') == 2
    assert page.index("Every participant</strong>") < page.index("If the border were elsewhere")
    assert "border_sweep.tsv" in page


MOVED = [
    {
        "offset_mm": mm,
        "outcome": "rearfoot_cm3",
        "group_a": "healthy",
        "group_b": "patient",
        "mean_difference": 4.0,
        "p": p,
        "cohens_d": 1.2,
    }
    for mm, p in ((-5.0, 0.20), (0.0, 0.01), (5.0, 0.004))
]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (result(0.01, 0.03), "corrected by Holm for 1 outcomes, p = 0.030"),
        (result(0.01, 0.03), "finds a true d of 1.00 with 80 % power"),
        (result(0.01, 0.03) | {"permutation_p": 0.2}, "do not all say the same"),
        (result(0.01, 0.03) | {"adjusted_p": 0.2}, "another conclusion: look at both"),
        (result(0.01, 0.03) | {"below_mdc95": True}, "CAUTION: the difference is smaller"),
        (result(0.01, 0.03), "larger than the smallest change that can be told in one foot"),
        (result(0.01, 0.03), "Border tmt1; muscles FDB, QP."),
        (result(0.01, 0.03), "nearer the heel, d = 1.20, p = 0.200"),
        (result(0.01, 0.03), "THE CONCLUSION CHANGES"),
        (result(0.30, 0.90) | {"outcome": "forefoot_cm3"}, "muscles FDB, QP.$"),
        ({"p": None, "note": "nobody measured in patient: no test"}, "^Why: nobody measured"),
    ],
)
def test_an_explanation_follows_the_figures(row: dict[str, object], words: str) -> None:
    """Each doubt is told where the numbers raise it, in fixed words."""
    context = Context(("tmt1",), ("FDB;QP",), 9, 24, MOVED)

    assert re.search(words, explanation({"power": 0.8} | row | {"power": 0.8}, context))


def test_the_statistics_are_written_as_markdown_and_latex() -> None:
    """A table of the regions each, text escaped for LaTeX; nothing is told twice."""
    volumes = volumes_of()
    volumes["group"] = volumes["group"].replace("patient", "plantar_fasciitis")
    statistics = compare(volumes, CompareParams())

    told = markdown(statistics, context_of(volumes, statistics))
    table = latex(statistics)

    assert told.count("\n| rearfoot volume, cm³ |") == 1
    assert told.count("Why: one participant measured in plantar_fasciitis: no test.") == 3
    assert r"plantar\_fasciitis" in table
    assert table.count(r"\\") == 10
    assert "cm$^3$" in table


MARKUP = r"<b>a|b</b> `c` *d* _e_ [f](g) $h$ 5% #1 & ~i~ \j{k} l_m"


def test_names_of_groups_are_no_markup() -> None:
    """Whatever signs they hold, they are printed as they were written."""
    volumes = volumes_of()
    volumes["group"] = volumes["group"].replace("patient", MARKUP)
    statistics = compare(volumes, CompareParams())

    told = markdown(statistics, context_of(volumes, statistics))
    table = latex(statistics)
    page = page_of(volumes, statistics)

    names = re.findall(r"\\<b\\>a.*?l_m", told)
    assert len(names) > 9
    for name in names:
        assert re.sub(r"\\(.)", r"\1", name) == MARKUP
        assert re.findall(r"(?<!\\)[`*\[\]<>|~#&$]", name) == []
    assert told.count("<b>") == 0
    written = (
        r"\textless{}b\textgreater{}a\textbar{}b\textless{}/b\textgreater{} `c` *d* \_e\_ "
        r"[f](g) \$h\$ 5\% \#1 \& \textasciitilde i\textasciitilde "
    )
    assert table.count(written) == 9
    assert "<b>a" not in page
    assert "&lt;b&gt;a|b&lt;/b&gt;" in page
