"""Scans of another make, with truth."""

import json
from pathlib import Path

import nibabel as nib
import numpy as np

from pipeline.domain.scan import Side
from validation.assess import PLANTAR
from validation.foreign import foreign_labels, foreign_scan


def test_scan_and_truth_come_together(tmp_path: Path) -> None:
    """Labels in the order of the scan's own voxels, volumes of the default border."""
    affine = np.diag((-2.0, 2.0, 2.0, 1.0))  # stored from right to left
    (tmp_path / "sub-f1" / "anat").mkdir(parents=True)
    (tmp_path / "truth").mkdir()
    image, labels = np.ones((12, 13, 14), np.float32), np.zeros((12, 13, 14), np.uint8)
    image[0], labels[0] = 5, 3
    nib.Nifti1Image(image, affine).to_filename(
        tmp_path / "sub-f1" / "anat" / "sub-f1_T1w.nii.gz"
    )
    nib.Nifti1Image(labels, affine).to_filename(tmp_path / "truth" / "sub-f1_muscles.nii.gz")
    sums = {"total": 9.0, "rearfoot": 5.0, "forefoot": 4.0}
    facts = {
        "side": "left",
        "plantar_cm3": {"face_centroid": sums, "proximal_point": {}},
        "muscles_cm3": {"ABH": 9.0},
    }
    (tmp_path / "truth" / "sub-f1.json").write_text(json.dumps(facts))

    (label,) = foreign_labels(tmp_path)
    scan, truth = foreign_scan(tmp_path, label)

    assert label == "f1"
    assert truth.side is Side.LEFT
    np.testing.assert_array_equal(truth.muscles == 3, scan.intensity == 5)
    assert truth.volumes_cm3[PLANTAR, "forefoot"] == 4.0
    assert truth.volumes_cm3["ABH", "total"] == 9.0
