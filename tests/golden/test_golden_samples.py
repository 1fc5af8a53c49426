"""The present code makes the sample scans that are shipped."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_scans"
SIZE_LIMIT_BYTES = 12_000_000


@pytest.mark.slow
def test_samples_are_remade_bit_for_bit(tmp_path: Path) -> None:
    """Every file has the same bytes, and together they stay small."""
    command = [sys.executable, "-m", "validation.make_samples", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)

    files = sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file())
    assert files == sorted(p.relative_to(SAMPLES) for p in SAMPLES.rglob("*") if p.is_file())
    differing = [f for f in files if (tmp_path / f).read_bytes() != (SAMPLES / f).read_bytes()]
    assert differing == []
    assert sum((SAMPLES / f).stat().st_size for f in files) <= SIZE_LIMIT_BYTES
