"""The command scan with a user's own network."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from user_models import manifest_of, perfect_onnx

from pipeline.cli import main
from pipeline.domain.scan import Scan
from pipeline.phantom.acquisition.acquire import ideal_scan
from pipeline.phantom.acquisition.protocols import get_protocol
from pipeline.phantom.anatomy.foot import Foot
from pipeline.store.files import read_json, sha256_of
from pipeline.store.images import write_scan


@pytest.mark.integration
def test_the_numbers_come_from_the_users_network(coarse_foot: Foot, tmp_path: Path) -> None:
    """Row and sidecar name the network; the volumes are those of its labels."""
    scan = ideal_scan(coarse_foot, get_protocol("t1_se_4mm"))
    image, out, record = (tmp_path / name for name in ("foot.nii.gz", "out", "mine.toml"))
    write_scan(Scan(np.rint(scan.intensity * 800), scan.grid), image, like=None)
    content = perfect_onnx(coarse_foot, scan.grid)
    (tmp_path / "mine.onnx").write_bytes(content)
    record.write_text(manifest_of(content))
    own = ["quality.enforce=false", "segment.segmenter=onnx", f"segment.model={str(record)!r}"]

    assert main(["scan", str(image), str(out), *(p for s in own for p in ("--set", s))]) == 0

    row = pd.read_csv(out / "volumes.tsv", sep="\t").iloc[0]
    truth = coarse_foot.truth.muscles
    cm3 = np.isin(truth.voxels, range(1, 11)).sum() * truth.grid.voxel_volume_mm3 / 1e3
    assert row["total_cm3"] == pytest.approx(cm3, rel=0.03)
    assert (row["segmenter"], row["side"]) == ("onnx:mine-1.0", "right")
    assert "interval-unknown" in row["cautions"]
    sidecar = read_json(out / "sub-foot" / "anat" / "sub-foot_seg-muscles_dseg.json")
    sources = sidecar["SourcesSHA256"]
    assert sources["bids:model:mine.onnx"] == sha256_of(tmp_path / "mine.onnx")
    assert sources["bids:model:mine.toml"] == sha256_of(record)
