"""The sample scans give the volumes that they gave before."""

import pandas as pd
import pytest

from pipeline.store.tables import read_table
from validation.golden import GOLDEN, LABELS, TOLERANCES, measure_samples


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(LABELS[:2], id="two", marks=pytest.mark.integration),
        pytest.param(LABELS, id="all", marks=pytest.mark.slow),
    ],
)
def measured(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> pd.DataFrame:
    """Measure sample scans, once for all columns; one of each group is enough for most runs."""
    return measure_samples(tmp_path_factory.mktemp("samples") / "out", request.param)


def test_the_golden_table_has_every_participant_and_column() -> None:
    """Six rows and all columns that have a tolerance; `make golden` writes them again."""
    golden = read_table(GOLDEN)

    assert golden["participant_id"].tolist() == list(LABELS)
    assert list(golden) == list(TOLERANCES)


@pytest.mark.parametrize("column", TOLERANCES)
def test_every_column_is_as_it_was(column: str, measured: pd.DataFrame) -> None:
    """Each cell lies within the tolerance of its column; the reason is the message."""
    relative, absolute, reason = TOLERANCES[column]
    golden = read_table(GOLDEN).set_index("participant_id", drop=False)
    cells, expected = measured[column], golden.loc[measured.index, column]

    if relative or absolute:
        close = pytest.approx(expected.tolist(), rel=relative, abs=absolute)
        assert cells.tolist() == close, reason
    else:
        ours, theirs = (c.astype(object).fillna("n/a").tolist() for c in (cells, expected))
        assert ours == theirs, reason
