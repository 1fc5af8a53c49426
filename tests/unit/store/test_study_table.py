"""Tables that say which study in a PACS shows a participant."""

from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.store.study_table import read_studies


def write(folder: Path, *rows: str) -> Path:
    """Write a table."""
    path = folder / "studies.tsv"
    path.write_text("\n".join(rows) + "\n")
    return path


def test_a_study_is_named_by_any_of_its_numbers(tmp_path: Path) -> None:
    """All values of a row count; n/a and blank cells are none, and other columns do not."""
    path = write(
        tmp_path,
        "participant_id\taccession_number\tpatient_id\tstudy_date\tstudy_instance_uid\tnote",
        "sub-01\tA7\tn/a\t\tn/a\tx",
        "02\t\t007\t2024-03-31\tn/a\tx",
        "03\tn/a\tn/a\t20240331\t1.2.3\tx",
    )

    rows = read_studies(path)

    assert [(row.label, dict(row.wanted)) for row in rows] == [
        ("01", {"AccessionNumber": "A7"}),
        ("02", {"PatientID": "007", "StudyDate": "20240331"}),
        ("03", {"StudyInstanceUID": "1.2.3", "StudyDate": "20240331"}),
    ]
    assert [row.where for row in rows] == [f"studies.tsv row {n}" for n in (2, 3, 4)]
    assert "007" not in repr(rows)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["participant_id\tpatient_id"], "must have a row for each participant: got none"),
        (["patient_id\tage", "MARK\t3"], "got no participant_id among 2 others"),
        (["participant_id\tage", "01\t3"], "row 2 must name a study: got no accession_number,"),
        (["participant_id\tstudy_date", "01\t20240331"], "row 2 must name a study"),
        (
            ["participant_id\tpatient_id\tstudy_date", "01\tMARK\t31.3.2024"],
            "row 2: study_date must be a date such as 2024-03-31",
        ),
        (
            ["participant_id\tpatient_id", "01\tMARK", "sub-01\tMARK"],
            "name each participant once",
        ),
    ],
)
def test_a_table_without_studies_is_refused(
    rows: list[str], words: str, tmp_path: Path
) -> None:
    """Messages quote no number of a patient."""
    with pytest.raises(ConfigError, match=words) as caught:
        read_studies(write(tmp_path, *rows))

    assert "MARK" not in str(caught.value)
