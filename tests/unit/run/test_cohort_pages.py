"""What the pages over all participants are given."""

from typing import Any

import pytest
from fake_stages import spoil_scan

from pipeline.domain.outcomes import Quantity
from pipeline.run import cohort_pages
from pipeline.run.cohort import Cohort
from pipeline.run.cohort_outputs import prepare_out
from pipeline.run.cohort_pages import write_pages
from pipeline.run.cohort_results import read_results
from pipeline.run.cohort_state import collect_state
from pipeline.run.cohort_tables import write_tables
from pipeline.run.outputs import PICTURES
from pipeline.run.process_participant import process_participant
from pipeline.stages.report.study_page import Study


@pytest.fixture
def shown(
    cohort: Cohort, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> dict[str, tuple[Any, ...]]:
    """Write the pages of five feet and a refused scan; give what each page was made of."""
    assert not calls
    given: dict[str, tuple[Any, ...]] = {}

    def page(name: str) -> str:
        return f"<html>{name}</html>\n"

    def one(row: dict[str, object], *rest: Any) -> str:
        given[str(row["participant_id"])] = (row, *rest)
        return page("one")

    def every(*parts: Any) -> str:
        given["study"] = parts
        return page("all")

    monkeypatch.setattr(cohort_pages, "participant_page", one)
    monkeypatch.setattr(cohort_pages, "report", every)
    spoil_scan(cohort.bids_dir, "02")
    prepare_out(cohort)
    results = read_results(
        collect_state(cohort, [process_participant(job) for job in cohort.jobs()])
    )
    write_pages(results, write_tables(results))
    return given


def test_every_measured_foot_has_its_pictures(shown: dict[str, tuple[Any, ...]]) -> None:
    """On its page all of them, in the study the small one; a refused scan has none."""
    study: Study = shown["study"][0]

    measured = [f"sub-0{number}" for number in (1, 3, 4, 5, 6)]
    assert list(study.thumbnails) == measured
    assert study.thumbnails["sub-01"].endswith(b"thumbnail")
    assert set(shown["sub-01"][3]) == set(PICTURES)
    assert shown["sub-02"][3] == {}
    assert study.main is Quantity.PER_BODY_MASS


def test_a_missing_body_mass_is_explained(shown: dict[str, tuple[Any, ...]]) -> None:
    """The caution is about the participant, not about the measurement."""
    study: Study = shown["study"][0]

    codes = {name: [c.code for c in cautions] for name, cautions in study.cautions.items()}
    assert codes["sub-03"] == ["body-mass-missing"]
    assert codes["sub-01"] == []
    assert [c.message[:9] for c in shown["sub-03"][2]] == ["Body mass"]


def test_the_methods_know_settings_and_libraries(shown: dict[str, tuple[Any, ...]]) -> None:
    """As the run used them."""
    facts = shown["study"][1]

    assert facts.settings["regions"]["border"] == "tmt1"
    assert "numpy" in facts.libraries
    assert shown["sub-01"][4]["settings"] == "config.toml"
