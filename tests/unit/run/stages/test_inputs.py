"""Inputs that several stages read: labels, landmarks and cautions."""

from pathlib import Path

import pytest
from makers import make_taken_scan

from pipeline.config import PipelineConfig
from pipeline.domain.participant import Participant
from pipeline.errors import ArtefactError
from pipeline.run.outputs import PREPROC, REGIONS
from pipeline.run.stages import figures
from pipeline.run.stages.context import StageContext
from pipeline.store.images import write_scan


@pytest.mark.parametrize(
    "cautions", ["[1]", '["far"]', '[{"code": "a"}]', "7", '[{"code": "a", "text": "b"}]']
)
def test_malformed_cautions_are_refused(tmp_path: Path, cautions: str) -> None:
    """A sidecar in OUT that footvol cannot have written is an error."""
    write_scan(make_taken_scan(), tmp_path / "scan.nii.gz", like=None)
    (tmp_path / "regions.json").write_text(f'{{"Cautions": {cautions}}}')
    read = {PREPROC: tmp_path / "scan.nii.gz", REGIONS: tmp_path / "regions.nii.gz"}
    context = StageContext(Participant("01"), PipelineConfig(), None, read, {}, {})

    with pytest.raises(ArtefactError, match=r"'regions\.json' must list as 'Cautions'"):
        figures.run(context)
