"""The page of a study shows all that was measured, and no more than it supports."""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256

import pandas as pd
import pytest
from comparisons import make_comparison
from measured_rows import CUT, row_of, volumes_of

from pipeline.config import PipelineConfig, to_toml
from pipeline.domain.comparison import Comparison
from pipeline.domain.outcomes import Quantity
from pipeline.settings.compare import CompareParams
from pipeline.stages.compare.groups import compare
from pipeline.stages.compare.volume_row import VOLUME_COLUMNS
from pipeline.stages.report.methods_text import ReportFacts
from pipeline.stages.report.study_page import Study, report

CONFIG = PipelineConfig()
FACTS = ReportFacts(
    "0.1.0", "run-7", to_toml(CONFIG), CONFIG.model_dump(mode="json"), {"numpy": "2.4.1"}
)
JPEG = b"\xff\xd8 not really"


def page_of(
    volumes: pd.DataFrame,
    statistics: Sequence[Comparison] | None = None,
    *,
    main: Quantity = Quantity.PER_BODY_MASS,
    plots: Mapping[str, bytes] | None = None,
) -> str:
    """Give the study's page, with the picture of one foot."""
    if statistics is None:
        statistics = compare(volumes, CompareParams())
    thumbnails, cautions = {"sub-01": JPEG}, {"sub-01": (CUT,)}
    return report(Study(volumes, statistics, main, thumbnails, cautions, plots or {}), FACTS)


def test_the_page_begins_with_what_became_of_the_participants() -> None:
    """How many were measured, doubted and refused; reasons are text, never markup."""
    page = page_of(volumes_of())

    assert "<strong>5</strong> measured, of 6" in page
    assert "<strong>5</strong> of these doubted" in page
    assert "<strong>1</strong> refused" in page
    assert "<strong>refused</strong>: The heel &lt;must&gt; be seen: got none." in page
    tops = ["measured, of 6", "Finding.", "Comparison table", "Feet, worst first", "Methods"]
    assert [page.index(text) for text in tops] == sorted(page.index(text) for text in tops)


def test_refused_participants_are_the_first_rows() -> None:
    """The others follow as in participants.tsv, and each links to its page."""
    rows = re.findall(r'<th scope="row"><a href="(.*?)\.html">', page_of(volumes_of()))

    assert rows == ["sub-06", "sub-01", "sub-02", "sub-03", "sub-04", "sub-05"]


def test_an_excluded_participant_is_counted_apart() -> None:
    """It is neither measured nor refused."""
    volumes = volumes_of()
    volumes.loc[0, ["status", "reason"]] = ["excluded", "moved"]

    page = page_of(volumes, ())

    assert "<strong>4</strong> measured, of 6" in page
    assert "<strong>1</strong> excluded" in page
    assert "<strong>excluded</strong>: moved" in page
    assert "healthy, <strong>excluded</strong></p>" in page  # in the grid


def test_the_page_fetches_nothing_and_allows_no_other_script() -> None:
    """Its policy names its own style and script by their hashes, and forbids the rest."""
    page = page_of(volumes_of())

    assert 'src="data:image/jpeg;base64,' in page
    assert not re.search(r"https?://|<link|@import|url\(| style=| on[a-z]+=", page)
    for kind in ("style", "script"):
        (text,) = re.findall(f"<{kind}>(.*?)</{kind}>", page, re.DOTALL)
        digest = b64encode(sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in page
    assert "default-src 'none'; img-src data:" in page


def test_the_page_is_the_same_each_time() -> None:
    """Nothing in it depends on time or randomness."""
    assert page_of(volumes_of()) == page_of(volumes_of())


def test_a_caution_is_a_short_label_with_its_sentence() -> None:
    """The sentence belongs to the label for a screen reader; a code alone is not lost."""
    page = page_of(volumes_of())

    assert (
        '<button type="button" class="tip" aria-describedby="t-sub-01-1">muscle truncated'
        '</button><span role="tooltip" id="t-sub-01-1">FDB touches the edge of the image.'
    ) in page
    assert "<code>muscle-truncated</code>: FDB touches the edge of the image." in page
    assert "<code>body-mass-missing</code>" in page


def test_every_column_of_the_table_can_be_sorted() -> None:
    """Each button knows its column; values are in full, missing ones have none."""
    page = page_of(volumes_of())
    table = page[page.index('aria-label="Comparison table"') :]
    table = table[: table.index("</table>")]

    columns = re.findall(
        r'data-column="(\d+)"[^>]*><button type="button">(.*?)</button>', table
    )
    first = table[table.index('<tr><th scope="row">') :].split("</tr>")[0]
    cells = re.findall(r"<t[hd]", first)
    assert sorted(int(number) for number, _ in columns) == list(range(len(cells)))
    assert re.search(r'<td data-value="7\.84\d*">7\.8</td>', table)
    assert "<td>n/a</td>" in table


@pytest.mark.parametrize(
    ("main", "name", "head"),
    [
        (Quantity.PER_BODY_MASS, "Per body mass", "volume per body mass, mm³/kg"),
        (Quantity.PER_FOOT_LENGTH, "Per foot length", "volume per foot length, mm³/mm"),
        (Quantity.VOLUME, "Absolute", "volume per body mass, mm³/kg"),
    ],
)
def test_the_main_family_is_in_words_and_the_others_are_folded(
    main: Quantity, name: str, head: str
) -> None:
    """The page says which one was chosen, and the table shows it."""
    page = page_of(volumes_of(), main=main)

    assert f"<strong>{main.family}</strong> (<code>compare.family</code>)" in page
    assert page.count("<h3>") == 1
    assert f"<h3>{name}</h3>" in page
    assert f'colspan="3">{head}</th>' in page
    folded = re.findall(r"<details><summary>(.*?)</summary>", page)
    families = {q.family.capitalize() for q in Quantity} - {name}
    assert families < set(folded)


def test_muscles_and_border_are_not_repeated_in_every_paragraph() -> None:
    """They stand below the table and in the methods."""
    page = page_of(volumes_of())

    assert page.count("flexor digitorum brevis") == 2
    assert page.count("tmt1") == 2  # below the table, and in the settings


def test_the_methods_are_text_to_paste() -> None:
    """Border, muscles, settings, versions and how to cite."""
    page = page_of(volumes_of())
    methods = page[page.index('class="paste"') :]

    assert "first tarsometatarsal joint" in methods
    assert "0.63 cm³ from the forefoot to the rearfoot" in methods
    assert "Welch&#39;s t test (two-sided)" in methods
    assert "footvol 0.1.0 (run run-7), with numpy 2.4.1." in methods
    assert "Cite as: The footvol developers." in methods
    assert "border = &#34;tmt1&#34;" in methods
    assert "Not a medical device" in page


def test_a_page_without_any_measurement_still_gives_the_reasons() -> None:
    """All refused: no plots, no statistics, but every reason."""
    volumes = pd.DataFrame([row_of("06", "patient", None)], columns=list(VOLUME_COLUMNS))
    page = page_of(volumes, ())

    assert "<strong>0</strong> measured, of 1" in page
    assert "No groups were compared" in page
    assert "svg+xml" not in page


@pytest.mark.parametrize("count", [1, 3])
def test_without_a_second_group_nothing_is_compared(count: int) -> None:
    """No table of n/a: volumes, pictures and methods alone."""
    page = page_of(volumes_of().iloc[:count])

    assert "No groups were compared" in page
    assert "could not be tested" not in page
    assert "no other group" not in page
    assert "Holm" not in page
    assert "n/a</td>" not in page


def test_a_scan_without_group_and_body_mass_has_no_column_for_them() -> None:
    """As `footvol scan` measures it."""
    volumes = volumes_of().iloc[:1].assign(group=None, body_mass_kg=None)
    for region in ("rearfoot", "forefoot", "total"):
        volumes[f"{region}_mm3_per_kg"] = None

    page = page_of(volumes)

    assert "mm³/kg" not in page
    assert ">group</button>" not in page
    assert ">mass, kg</button>" not in page


def test_plots_stand_in_the_page_with_their_captions() -> None:
    """The main one follows the table; missing plots are left out."""
    plots = {"border": b"<svg>b</svg>", "main": b"<svg>g</svg>"}
    page = page_of(volumes_of(), plots=plots)

    assert page.count('src="data:image/svg+xml;base64,') == 2
    assert page.index("All participants</strong>") < page.index("Feet, worst first")
    assert page.index("Feet, worst first") < page.index("Sensitivity to the border")
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

    page = page_of(volumes_of(), (comparison,))

    assert '4.0<br>(1.0 to 7.0)</td><td rowspan="2">2.00 (8.0)</td>' in page
    assert '<td rowspan="2">0.020</td><td rowspan="2">0.061</td>' in page
    assert "1.20<br>(0.20 to 2.20)" in page
