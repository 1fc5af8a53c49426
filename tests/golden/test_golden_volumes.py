"""The sample scans give the volumes that they gave before."""

import pandas as pd
import pytest

from pipeline.store.tables import read_table
from validation.golden import GOLDEN, TOLERANCES, measure_samples

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Measure the sample scans, once."""
    return measure_samples(tmp_path_factory.mktemp("samples") / "out")


def test_the_golden_table_has_every_participant_and_column(measured: pd.DataFrame) -> None:
    """Six rows and all columns that have a tolerance; `make golden` writes them anew."""
    golden = read_table(GOLDEN)

    assert list(golden) == list(measured) == list(TOLERANCES)
    assert len(golden) == len(measured) == 6


@pytest.mark.parametrize("column", TOLERANCES)
def test_every_column_is_as_it_was(column: str, measured: pd.DataFrame) -> None:
    """Each cell lies within the tolerance of its column; the reason is the message."""
    relative, absolute, reason = TOLERANCES[column]
    cells, golden = measured[column], read_table(GOLDEN)[column]

    if relative or absolute:
        expected = pytest.approx(golden.tolist(), rel=relative, abs=absolute)
        assert cells.tolist() == expected, reason
    else:
        assert cells.equals(golden), reason
