"""What several folders of tests share: a tiny raw dataset and stages that take no time."""

from pathlib import Path

import pytest

PARTICIPANTS = (
    ("sub-01", "healthy", "61.5"),
    ("sub-02", "healthy", "72"),
    ("sub-03", "healthy", "n/a"),
    ("sub-04", "plantar_fasciitis", "80"),
    ("sub-05", "plantar_fasciitis", "68.5"),
    ("sub-06", "plantar_fasciitis", "75"),
)


@pytest.fixture
def bids_dir(tmp_path: Path) -> Path:
    """Make six participants whose scans hold a few bytes each."""
    folder = tmp_path / "raw"
    rows = ["participant_id\tgroup\tbody_mass_kg\tsex"]
    for number, (name, group, mass) in enumerate(PARTICIPANTS, start=1):
        anat = folder / name / "anat"
        anat.mkdir(parents=True)
        (anat / f"{name}_T1w.nii.gz").write_bytes(b"scan" * number)
        rows.append(f"{name}\t{group}\t{mass}\t{'FM'[number % 2]}")
    (folder / "participants.tsv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Put stages in place that take no time; gives what was done, in order."""
    # Here, so that tests of single rooms do not pay for importing all of them.
    from fake_stages import fake_stages  # noqa: PLC0415

    from pipeline.run import plan, tables  # noqa: PLC0415

    done: list[str] = []
    monkeypatch.setattr(plan, "STAGES", fake_stages(done))
    monkeypatch.setattr(tables, "participant_page", lambda *_: "<html>one</html>\n")
    monkeypatch.setattr(tables, "report", lambda *_: "<html>all</html>\n")
    return done
