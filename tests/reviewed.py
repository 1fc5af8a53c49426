"""Output folders to review: tiny ones by hand, and one that was measured with true labels."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from fake_stages import make_table
from starlette.testclient import TestClient

from pipeline.cli import main
from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.domain.cautions import Caution
from pipeline.domain.grid import Grid
from pipeline.domain.labels import LabelMap, Segmentation
from pipeline.domain.scan import Scan
from pipeline.phantom.acquisition.acquire import ideal_scan
from pipeline.phantom.acquisition.protocols import get_protocol
from pipeline.phantom.anatomy.foot import Foot
from pipeline.review.followup import Followup
from pipeline.review.routes import make_app
from pipeline.review.security import Secrets
from pipeline.review.session import Session, open_session
from pipeline.segmenters import registry
from pipeline.store.images import write_labels, write_scan
from pipeline.store.names import ScanName
from pipeline.store.tables import write_measurements, write_table

PORT = 8123
HOST = f"http://127.0.0.1:{PORT}"
SHAPES = {"01": (6, 7, 5), "02": (5, 4, 8)}
CAUTIONS = {"01": "low-certainty", "02": "low-certainty;strong-bias-field"}
GROUP = "<b>healthy</b>"


TWO_PEOPLE = (ScanName("01"), ScanName("02"))


def make_reviewable(out: Path, names: Sequence[ScanName] = TWO_PEOPLE) -> Path:
    """Write two tiny feet, of which the second has more cautions, and one that was refused."""
    for number, (name, shape) in enumerate(zip(names, SHAPES.values(), strict=True), start=1):
        grid = Grid.from_arrays(shape, np.diag((0.5, 0.7, 3.0 + number, 1.0)))
        ramp = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
        voxels = np.zeros(shape, dtype=np.uint8)
        voxels[1:3, 1:3, 1:4] = number
        write_scan(Scan(ramp, grid), out / name.preproc(), like=None)
        labels = LabelMap(voxels, grid, MUSCLE_NAMES)
        write_labels(labels, out / name.muscles(), like=None)
        caution = Caution("low-certainty", f"Look at {name.key.name} again.", "segment")
        table = replace(make_table(900.0 * number), cautions=(caution,))
        write_measurements(table, out / name.volumes_tsv())
    rows = [
        _row(name, cautions) for name, cautions in zip(names, CAUTIONS.values(), strict=True)
    ]
    rows.append(_row(ScanName("03"), None, status="failed", reason="No foot was found."))
    write_table(pd.DataFrame(rows), out / "volumes.tsv", {})
    return out


def _row(name: ScanName, cautions: str | None, **cells: Any) -> dict[str, Any]:
    ok = {"status": "ok", "reason": None}
    numbers = {"total_cm3": 0.9, "total_ci95_low_cm3": 0.8, "total_ci95_high_cm3": 1.1}
    row = {"participant_id": name.participant_id, "group": GROUP, "cautions": cautions}
    return row | name.key.cells | ok | numbers | cells


def open_tiny(out: Path, **blinding: Any) -> Session:
    """Open the feet of `make_reviewable` as reviewer AB."""
    options = {"is_blinded": False, "seed": None} | blinding
    return open_session(out, "AB", **options)


def make_client(session: Session, secrets: Secrets | None = None) -> TestClient:
    """Make a browser that has exchanged the token; `raise_server_exceptions` stays on."""
    known = secrets or Secrets(PORT)
    app = make_app(session, known, Followup(session.cohort))
    client = TestClient(app, base_url=HOST, headers={"Origin": HOST})
    client.get(f"/?token={known.token}")
    return client


class TruthSegmenter:
    """Gives the labels that a digital foot was made with, by the shape of its scan."""

    name = "network"
    feet: ClassVar[dict[tuple[int, ...], Foot]] = {}
    runs: ClassVar[int] = 0

    def segment(self, scan: Scan) -> Segmentation:
        """Label a scan with the ground truth."""
        type(self).runs += 1
        truth = self.feet[scan.grid.shape].truth
        return replace(truth, segmenter=self.name, cautions=scan.cautions)


def measure_truth(folder: Path, feet: dict[ScanName, Foot], patch: Any) -> Path:
    """Measure scans of digital feet with their true labels.

    Parameters
    ----------
    patch
        A ``pytest.MonkeyPatch``; the network stays replaced as long as it is not undone.
    """
    TruthSegmenter.feet = {foot.grid.shape: foot for foot in feet.values()}
    patch.setattr(registry, "SEGMENTERS", {"network": TruthSegmenter})
    raw, rows = folder / "raw", ["participant_id\tgroup\tbody_mass_kg"]
    for name, foot in feet.items():
        scan = ideal_scan(foot, get_protocol("t1_se_4mm"))
        image = Scan(np.rint(scan.intensity * 800), scan.grid)
        write_scan(image, raw / name.raw(), like=None)
    for number, who in enumerate(dict.fromkeys(name.participant_id for name in feet)):
        rows.append(f"{who}\t{'<i>pf</i>' if number else 'healthy'}\t{70 + number}")
    (raw / "participants.tsv").write_text("\n".join(rows) + "\n")
    out = folder / "out"
    assert main(["run", str(raw), str(out), "--set", "quality.enforce=false"]) == 0
    return out
