"""The statistics as Markdown and LaTeX."""

import re

import pandas as pd
from comparisons import A, B, volumes_of

from pipeline.domain.outcomes import Quantity
from pipeline.settings.compare import CompareParams
from pipeline.stages.compare.groups import compare
from pipeline.stages.report.statistics_text import context_of, latex, markdown

MARKUP = r"<b>a|b</b> `c` *d* _e_ [f](g) $h$ 5% #1 & ~i~ \j{k} l_m"


def texts_of(volumes: pd.DataFrame, main: Quantity = Quantity.PER_BODY_MASS) -> tuple[str, str]:
    """Give the statistics as Markdown and as LaTeX."""
    volumes = volumes.assign(border="tmt1", muscles="FDB;QP")
    statistics = compare(volumes, CompareParams())
    return markdown(statistics, context_of(volumes, statistics, main)), latex(statistics)


def test_the_statistics_are_written_as_markdown_and_latex() -> None:
    """A table of the regions each, text escaped for LaTeX, reasons where nothing was tested."""
    text, table = texts_of(volumes_of({"healthy": A, "plantar_fasciitis": (55.0,)}))

    assert text.count("\n| rearfoot volume, cm³ |") == 1
    assert text.count("Reason: one participant measured in plantar_fasciitis: no test.") == 9
    assert "0 tests of regions were made" in text
    assert r"plantar\_fasciitis" in table
    assert table.count(r"\\") == 10
    assert "cm$^3$" in table


def test_those_left_out_are_named_with_the_reason() -> None:
    """Excluded or failed; a comment of a reviewer is no markup."""
    volumes = volumes_of({"healthy": A, "pf": B}, reason=None)
    volumes.loc[0, ["status", "reason"]] = "excluded", "rejected in review by AB: *toes*"
    volumes.loc[1, ["status", "reason"]] = "failed", "No foot was found."
    first, second = volumes["participant_id"][:2]

    text, _ = texts_of(volumes)

    assert "## Left out" in text
    assert f"- {first}: excluded: rejected in review by AB: \\*toes\\*\n" in text
    assert f"- {second}: failed: No foot was found.\n" in text
    assert "## Left out" not in texts_of(volumes_of({"healthy": A, "pf": B}))[0]


def test_the_tests_that_were_made_are_counted() -> None:
    """Regions and single muscles apart, the muscles in tables of their own."""
    volumes = volumes_of({"healthy": A, "pf": B}, ABH_total_cm3=[*A, *B])

    text, table = texts_of(volumes)

    assert "9 tests of regions were made, and 2 of single muscles." in text
    assert "## Table: muscles, per body mass" in text
    assert text.count("sums of FDB, QP; the border between rearfoot and forefoot is tmt1.") == 1
    assert "abductor" not in table


def test_names_of_groups_are_no_markup() -> None:
    """Whatever characters they have, they are shown as they were written."""
    text, table = texts_of(volumes_of({"healthy": A, MARKUP: B}))

    names = re.findall(r"\\<b\\>a.*?l_m", text)
    assert len(names) > 9
    for name in names:
        assert re.sub(r"\\(.)", r"\1", name) == MARKUP
        assert re.findall(r"(?<!\\)[`*\[\]<>|~#&$]", name) == []
    assert text.count("<b>") == 0
    written = (
        r"\textless{}b\textgreater{}a\textbar{}b\textless{}/b\textgreater{} `c` *d* \_e\_ "
        r"[f](g) \$h\$ 5\% \#1 \& \textasciitilde i\textasciitilde "
    )
    assert table.count(written) == 9


def test_the_main_family_comes_first() -> None:
    """It is named, and its result is the first sentence."""
    text, _ = texts_of(volumes_of({"healthy": A, "pf": B}), Quantity.PER_FOOT_LENGTH)

    titles = re.findall(r"^## (?!Table|Notes)(.*)$", text, re.MULTILINE)
    assert titles == ["Per foot length (main family)", "Absolute", "Per body mass"]
    assert text.split("\n\n")[1].startswith("The volume per foot length does not differ")


def test_without_a_second_group_there_is_nothing_to_say() -> None:
    """Not a table of n/a."""
    text, _ = texts_of(volumes_of({"healthy": A}))

    assert text.count("\n") == 3
    assert "No groups were compared" in text
