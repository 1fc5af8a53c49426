"""A foot is exported only as it was measured."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from exported import make_foot, make_measurements
from makers import make_taken_scan
from measured_out import Measured

from pipeline.errors import ArtefactError
from pipeline.export.measured_feet import read_foot
from pipeline.run.job import LocatedJob
from pipeline.run.reopen import reopen
from pipeline.store.provenance import code_version

pytestmark = pytest.mark.integration


def located(measured: Measured) -> LocatedJob:
    """Find the first participant."""
    cohort = reopen(measured.out)
    return cohort.job(cohort.participants[0]).locate()


def test_scan_labels_and_numbers_are_those_of_the_output(measured: Measured) -> None:
    """With the version that made them."""
    scan, result = read_foot(located(measured))

    taken = make_taken_scan()
    np.testing.assert_array_equal(scan.intensity, taken.intensity)
    foot = make_foot(taken.grid)
    np.testing.assert_array_equal(result.segmentation.muscles.voxels, foot.muscles.voxels)
    np.testing.assert_array_equal(result.segmentation.bones.voxels, foot.bones.voxels)
    assert result.table.rows[1].acsa_max_mm2 == make_measurements().rows[1].acsa_max_mm2
    assert result.version == code_version()


def altered(file: Path) -> None:
    """Write into a file of the results."""
    file.write_bytes(file.read_bytes() + b" ")


ANAT = "sub-01/anat/sub-01"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda m: altered(m.out / f"{ANAT}_seg-muscles_dseg.nii.gz"), "altered since then"),
        (
            lambda m: altered(m.out / f"{ANAT}_seg-muscles_desc-volumes_dseg.tsv"),
            "altered since then",
        ),
        (
            lambda m: (m.out / f"{ANAT}_seg-bones_dseg.nii.gz").unlink(),
            r"as it was measured by segment: got .*bones_dseg.nii.gz'\], lost since",
        ),
        (
            lambda m: altered(m.raw / "sub-01/anat/sub-01_T1w.json"),
            r"as it was measured by preprocess: got .*_T1w.json'\], changed since\. Run",
        ),
        (
            lambda m: (m.out / "logs/sub-01/measure.json").unlink(),
            "must be measured before it is exported: got 'never run' for 'measure'",
        ),
        (lambda m: (m.raw / f"{ANAT}_T1w.nii.gz").rename(m.raw / "kept"), "scan"),
    ],
)
def test_what_is_not_as_measured_is_refused(
    spoil: Callable[[Measured], object], words: str, measured: Measured
) -> None:
    """Numbers and labels would not belong together."""
    where = located(measured)
    spoil(measured)

    with pytest.raises(ArtefactError, match=words):
        read_foot(where)


def test_a_failed_stage_is_refused_with_its_reason(measured: Measured) -> None:
    """That of the record."""
    record = measured.out / "logs/sub-01/regions.json"
    text = record.read_text().replace('"done"', '"failed"')
    record.write_text(text.replace('"reason": null', '"reason": "No heel was found."'))

    with pytest.raises(ArtefactError, match=r"got 'No heel was found.' for 'regions'\. Run"):
        read_foot(located(measured))
