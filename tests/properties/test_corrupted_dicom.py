"""Malicious and inconsistent sources: refused in a sentence or read right, within limits."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from corrupted import SHAPE, Variant, make_scan, variants
from dicom_makers import write_series

from pipeline.domain.scan import Scan
from pipeline.store.images import read_scan, write_scan

pytestmark = pytest.mark.slow
VARIANTS = list(variants(seed=20))
_SECONDS = 30  # of CPU time, which other processes do not change
_HANG_SECONDS = 300
_BYTES = 2 * 2**30
# Runs footvol, then prints the most memory that it or dcm2niix took, in KiB, and the seconds
# that both worked.
_DRIVER = """
import resource, sys
from pipeline.cli import main
code = main(sys.argv[1:])
used = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(max(u.ru_maxrss for u in used), sum(u.ru_utime + u.ru_stime for u in used))
sys.exit(code)
"""


def test_there_are_twenty_six() -> None:
    """Their names differ."""
    assert len({variant.name for variant in VARIANTS}) == len(VARIANTS) == 26


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: v.name)
def test_a_corrupted_source_is_refused_or_read_right(variant: Variant, tmp_path: Path) -> None:
    """It does not crash, hang, use much memory or write elsewhere either."""
    place, temporary = tmp_path / "in", tmp_path / "tmp"
    temporary.mkdir()
    write_series(make_scan(), place / "sub-01")
    source = variant.write(place)
    before = {p: p.lstat().st_mtime_ns for p in place.rglob("*")}

    command = [sys.executable, "-c", _DRIVER, "intake", str(source), str(tmp_path / "raw")]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=_HANG_SECONDS,
        env={"TMPDIR": str(temporary), "PYTHONPATH": ":".join(sys.path)},
    )
    peak_kib, seconds = done.stdout.split()[-2:]

    written = {p for p in tmp_path.rglob("*") if not p.is_relative_to(place)} - {temporary}
    assert set(place.rglob("*")) == set(before)
    assert all(p.is_relative_to(tmp_path / "raw") for p in written), written
    assert {p: p.lstat().st_mtime_ns for p in before} == before
    assert not list(temporary.iterdir())
    assert float(seconds) < _SECONDS
    assert int(peak_kib) * 1024 < _BYTES
    assert "Traceback" not in done.stderr, done.stderr
    if done.returncode == 0:
        assert not variant.must_be_refused
        (image,) = (tmp_path / "raw").glob("sub-*/anat/*.nii.gz")
        _assert_right(read_scan(image), variant, tmp_path)
    else:
        assert done.returncode in {2, 3}, done.stderr
        assert re.search(r"footvol intake: .+: got .+\. .+\.", done.stderr, re.DOTALL)
        assert not written


def _assert_right(ours: Scan, variant: Variant, folder: Path) -> None:
    """Compare what was read with the sound scan, or with it without its ends."""
    write_scan(make_scan(), folder / "true.nii", like=None)
    true = read_scan(folder / "true.nii")
    indices = np.rint(true.grid.to_index(ours.grid.to_world((0, 0, 0)))).astype(int)
    corner = true.grid.to_world(indices)
    np.testing.assert_allclose(ours.grid.to_world((0, 0, 0)), corner, atol=1e-2)
    np.testing.assert_allclose(ours.grid.matrix[:3, :3], true.grid.matrix[:3, :3], atol=1e-3)
    assert variant.ends_cut or ours.grid.shape == true.grid.shape == SHAPE
    part = tuple(slice(i, i + n) for i, n in zip(indices, ours.grid.shape, strict=True))
    differing = np.count_nonzero(true.intensity[part] != ours.intensity)
    assert differing <= variant.pixels_changed
