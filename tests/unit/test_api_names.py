"""The public names of the package, and when they are imported."""

import subprocess
import sys

import pytest

import pipeline
from pipeline import api

HEAVY = ("numpy", "pandas", "pydantic", "pipeline.api")


def test_the_package_has_the_names_of_the_api() -> None:
    """One list for readers and one for type checkers say the same."""
    assert sorted(pipeline.__all__) == sorted([*api.__all__, "__version__"])
    assert {*api.__all__} <= {*dir(pipeline)}
    assert pipeline.measure_scan is api.measure_scan


def test_importing_the_package_imports_nothing_heavy() -> None:
    """Only the first use of a public name does."""
    code = f"import sys, pipeline; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)

    assert done.stdout.strip() == b"[]"


def test_other_names_are_refused() -> None:
    """As of any module."""
    with pytest.raises(AttributeError, match="module 'pipeline' has no attribute 'measure'"):
        pipeline.measure  # type: ignore[attr-defined]  # noqa: B018
