"""Which stages are repeated when inputs change."""

from dataclasses import replace
from pathlib import Path

import pytest
from user_models import by_intensity, manifest_of

from pipeline.config import load_config
from pipeline.errors import ArtefactError
from pipeline.run import plan
from pipeline.run.cohort import Cohort
from pipeline.run.dependencies import code_hash
from pipeline.run.job import Job
from pipeline.run.outcome import NOT_RUN, OK
from pipeline.run.process_participant import process_participant
from pipeline.run.stage_cache import FAILED, read_record
from pipeline.run.status import get_status
from pipeline.store.files import sha256_of

pytestmark = pytest.mark.usefixtures("calls")


def test_a_changed_setting_repeats_its_stage(job: Job, calls: list[str]) -> None:
    """Stages whose settings and inputs are the same are skipped."""
    process_participant(job)
    calls.clear()
    process_participant(replace(job, config=load_config(None, ["measure.muscles=['ABH']"])))

    assert calls == ["01 measure"]


def test_a_new_scan_repeats_all_stages(job: Job, calls: list[str]) -> None:
    """The content of the scan matters, not its time."""
    process_participant(job)
    calls.clear()
    job.locate().raw.write_bytes(b"another scan")
    process_participant(job)

    assert len(calls) == len(plan.STAGES)


def test_the_sidecar_of_the_scan_is_an_input(job: Job, calls: list[str]) -> None:
    """The sidecar may contain the side, so a new one repeats the first stage."""
    process_participant(job)
    calls.clear()
    raw = job.locate().raw
    raw.with_name("sub-01_T1w.json").write_text('{"Laterality": "R"}')
    process_participant(job)

    assert calls == ["01 preprocess"]


def test_other_code_of_a_stage_repeats_it(
    job: Job, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stages before and after it are up to date, as its outputs are the same here."""
    process_participant(job)
    calls.clear()
    monkeypatch.setattr(
        "pipeline.run.job.code_hash", lambda m: "new" if "regions" in m else code_hash(m)
    )
    process_participant(job)

    assert calls == ["01 regions"]


@pytest.mark.parametrize(
    "name", ["sub-01_seg-muscles_dseg.nii.gz", "sub-01_seg-bones_dseg.seg.nrrd"]
)
def test_a_correction_is_read_as_long_as_it_exists(
    name: str, job: Job, calls: list[str]
) -> None:
    """A new, changed or removed one repeats segmentation and the stages after it."""
    process_participant(job)
    by_hand = job.out / "corrections" / name
    by_hand.parent.mkdir()
    for change in (
        lambda: by_hand.write_bytes(b"edited"),
        lambda: by_hand.write_bytes(b"edited again"),
        by_hand.unlink,
    ):
        change()
        assert get_status(job).status == NOT_RUN
        calls.clear()
        process_participant(job)
        assert calls == [f"01 {s}" for s in ("segment", "regions", "measure", "figures")]
        assert get_status(job).status == OK


def test_a_correction_is_in_the_record_with_its_sha256(job: Job) -> None:
    """It is a source of the segmentation."""
    by_hand = job.out / "corrections" / "sub-01_seg-muscles_dseg.nii.gz"
    by_hand.parent.mkdir(parents=True)
    by_hand.write_bytes(b"edited")
    process_participant(job)

    record = read_record(job.record_path("segment"))

    assert record is not None
    assert record.inputs[f"bids::corrections/{by_hand.name}"] == sha256_of(by_hand)


def test_a_misnamed_correction_fails_its_participant_only(cohort: Cohort) -> None:
    """The code is that of an altered file, and the others are processed."""
    by_hand = cohort.out / "corrections" / "sub-02_muscles.nii.gz"
    by_hand.parent.mkdir(parents=True)
    by_hand.write_bytes(b"edited")
    first, second, *_ = (process_participant(job) for job in cohort.jobs())

    assert (first.status, second.status, second.code) == (OK, FAILED, ArtefactError.exit_code)
    assert second.reason is not None
    assert "must be named as its label map" in second.reason


def test_the_fat_image_of_a_pair_is_an_input_of_measure(job: Job, calls: list[str]) -> None:
    """A new, changed or removed one repeats this stage, and the plot of its profile."""
    raw = job.locate().raw
    raw.rename(raw.with_name("sub-01_acq-water_T1w.nii.gz"))
    process_participant(job)
    fat = raw.with_name("sub-01_acq-fat_T1w.nii.gz")
    for change in (lambda: fat.write_bytes(b"a"), lambda: fat.write_bytes(b"b"), fat.unlink):
        change()
        calls.clear()
        process_participant(job)
        assert calls == ["01 measure", "01 figures"]


def test_figures_read_the_probability_where_it_exists(job: Job) -> None:
    """The segmenter of labels corrected by hand gives none, and its map is removed."""
    uri = "bids::sub-01/anat/sub-01_label-muscle_probseg.nii.gz"
    process_participant(job)
    with_map = read_record(job.record_path("figures"))
    by_hand = job.out / "corrections" / "sub-01_seg-muscles_dseg.nii.gz"
    by_hand.parent.mkdir()
    by_hand.write_bytes(b"edited")
    process_participant(job)
    without = read_record(job.record_path("figures"))

    assert with_map is not None
    assert without is not None
    assert uri in with_map.inputs
    assert uri not in without.inputs


def test_a_changed_model_repeats_the_segmentation(
    job: Job, calls: list[str], tmp_path: Path
) -> None:
    """The network and its manifest are inputs, and are in the record."""
    content = by_intensity()
    record, network = tmp_path / "mine.toml", tmp_path / "mine.onnx"
    record.write_text(manifest_of(content))
    network.write_bytes(content)
    own = ["segment.segmenter=onnx", f"segment.model={str(record)!r}"]
    job = replace(job, config=load_config(None, own))
    process_participant(job)
    assert get_status(job).status == OK
    changed = manifest_of(content, version="1.1").encode()
    for path, new in ((network, content + b"?"), (record, changed)):
        path.write_bytes(new)
        assert get_status(job).status == NOT_RUN
        calls.clear()
        process_participant(job)
        assert "01 segment" in calls
        assert "01 preprocess" not in calls
    stored = read_record(job.record_path("segment"))
    assert stored is not None
    assert stored.inputs["bids:model:mine.onnx"] == sha256_of(network)
    assert stored.inputs["bids:model:mine.toml"] == sha256_of(record)
