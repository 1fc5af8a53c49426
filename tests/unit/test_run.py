"""One participant and all participants: what is done, kept, skipped and told."""

import json
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from fake_stages import spoil_scan
from user_models import by_intensity, manifest_of

from pipeline.config import PipelineConfig, load_config
from pipeline.errors import ArtefactError, ConfigError, ScanError
from pipeline.run import plan
from pipeline.run.cohort import Cohort, open_cohort, open_scan
from pipeline.run.cohort_outputs import TABLES, prepare_out, written_together
from pipeline.run.cohort_tables import (
    gather,
    with_groups,
    write_statistics,
    write_volumes,
)
from pipeline.run.job import NOT_RUN, OK, Job, Outcome, exit_code
from pipeline.run.muscle_tables import write_border, write_muscles
from pipeline.run.process_participant import look, process
from pipeline.run.stage_cache import FAILED, read_record, write_record
from pipeline.store.files import sha256_of
from pipeline.store.tables import read_table

pytestmark = pytest.mark.usefixtures("calls")
CONFIG = PipelineConfig()
MUSCLES = "sub-01/anat/sub-01_seg-muscles_dseg.nii.gz"
PROBABILITY = "sub-01/anat/sub-01_label-muscle_probseg.nii.gz"
VOLUMES = "sub-01/anat/sub-01_seg-muscles_desc-volumes_dseg.tsv"


@pytest.fixture
def cohort(bids_dir: Path, tmp_path: Path) -> Cohort:
    """Give the six participants, with the default settings."""
    return open_cohort(bids_dir, tmp_path / "out", CONFIG)


@pytest.fixture
def job(cohort: Cohort) -> Job:
    """Give all stages of the first participant."""
    return cohort.jobs()[0]


def bytes_below(folder: Path) -> dict[str, str]:
    """Give the sums of all files that are not logs."""
    return {
        path.relative_to(folder).as_posix(): sha256_of(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "logs" not in path.parts
    }


def test_all_stages_are_done_in_order(job: Job, calls: list[str]) -> None:
    """A fresh participant goes through every stage."""
    outcome = process(job)

    assert outcome.status == OK
    assert calls == [f"01 {stage.name}" for stage in plan.STAGES]


def test_a_record_tells_inputs_outputs_and_how_it_went(job: Job) -> None:
    """The log of a stage holds the sums of what it read and wrote."""
    process(job)

    record = json.loads((job.out / "logs" / "sub-01" / "segment.json").read_text())
    assert record["status"] == "done"
    assert record["code"] == 0
    assert record["reason"] is None
    assert list(record["inputs"]) == ["bids::sub-01/anat/sub-01_desc-preproc_T1w.nii.gz"]
    assert record["outputs"][MUSCLES] == sha256_of(job.out / MUSCLES)


def test_a_second_run_does_nothing_and_says_so(
    job: Job, calls: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """What is up to date is skipped with a line for each stage."""
    process(job)
    calls.clear()
    with caplog.at_level("INFO", logger="pipeline"):
        outcome = process(job)

    assert calls == []
    assert outcome.stages == ()
    assert [record.message for record in caplog.records] == [
        f"sub-01 {stage.name}: up to date" for stage in plan.STAGES
    ]


def test_a_setting_redoes_its_stage_and_what_follows_from_other_bytes(
    job: Job, calls: list[str]
) -> None:
    """Stages before the one whose setting changed stay as they are."""
    process(job)
    calls.clear()
    process(replace(job, config=load_config(None, ["measure.muscles=['ABH']"])))

    assert calls == ["01 measure"]


def test_a_new_scan_redoes_all_stages(job: Job, calls: list[str]) -> None:
    """The scan's bytes decide, not its time."""
    process(job)
    calls.clear()
    job.locate().raw.write_bytes(b"another scan")
    process(job)

    assert len(calls) == len(plan.STAGES)


def test_a_sidecar_of_the_scan_counts_as_the_scan(job: Job, calls: list[str]) -> None:
    """The side may stand in the sidecar, so a new sidecar redoes the first stage."""
    process(job)
    calls.clear()
    raw = job.locate().raw
    raw.with_name("sub-01_T1w.json").write_text('{"Laterality": "R"}')
    process(job)

    assert calls == ["01 preprocess"]


@pytest.mark.parametrize(
    "name", ["sub-01_seg-muscles_dseg.nii.gz", "sub-01_seg-bones_dseg.seg.nrrd"]
)
def test_a_correction_is_read_from_when_it_is_there_until_it_is_gone(
    name: str, job: Job, calls: list[str]
) -> None:
    """New, changed or removed, it redoes the segmentation and what follows from it."""
    process(job)
    by_hand = job.out / "corrections" / name
    by_hand.parent.mkdir()
    for change in (
        lambda: by_hand.write_bytes(b"edited"),
        lambda: by_hand.write_bytes(b"edited again"),
        by_hand.unlink,
    ):
        change()
        assert look(job).status == NOT_RUN
        calls.clear()
        process(job)
        assert calls == [f"01 {s}" for s in ("segment", "regions", "measure", "figures")]
        assert look(job).status == OK


def test_a_fat_image_beside_the_water_image_is_measured_with_it(
    job: Job, calls: list[str]
) -> None:
    """New, changed or gone, it redoes the measuring and nothing before."""
    raw = job.locate().raw
    raw.rename(raw.with_name("sub-01_acq-water_T1w.nii.gz"))
    process(job)
    fat = raw.with_name("sub-01_acq-fat_T1w.nii.gz")
    for change in (lambda: fat.write_bytes(b"a"), lambda: fat.write_bytes(b"b"), fat.unlink):
        change()
        calls.clear()
        process(job)
        assert calls == ["01 measure"]


def test_a_changed_model_redoes_the_segmentation(
    job: Job, calls: list[str], tmp_path: Path
) -> None:
    """Its bytes decide and stand in the record; so do those of its record."""
    content = by_intensity()
    record, network = tmp_path / "mine.toml", tmp_path / "mine.onnx"
    record.write_text(manifest_of(content))
    network.write_bytes(content)
    own = ["segment.segmenter=onnx", f"segment.model={str(record)!r}"]
    job = replace(job, config=load_config(None, own))
    process(job)
    assert look(job).status == OK
    changed = manifest_of(content, version="1.1").encode()
    for path, new in ((network, content + b"?"), (record, changed)):
        path.write_bytes(new)
        assert look(job).status == NOT_RUN
        calls.clear()
        process(job)
        assert "01 segment" in calls
        assert "01 preprocess" not in calls
    told = read_record(job.record_path("segment"))
    assert told is not None
    assert told.inputs["bids:model:mine.onnx"] == sha256_of(network)
    assert told.inputs["bids:model:mine.toml"] == sha256_of(record)


def test_a_model_that_is_not_there_stops_the_command(cohort: Cohort, tmp_path: Path) -> None:
    """Before any work, and before anything is written."""
    own = ["segment.segmenter=onnx", f"segment.model={str(tmp_path / 'no.toml')!r}"]

    with pytest.raises(ConfigError, match=r"must be a readable TOML file, .* got '.*no\.toml'"):
        prepare_out(replace(cohort, config=load_config(None, own)))
    assert not cohort.out.exists()


def test_a_correction_stands_in_the_record_with_its_sum(job: Job) -> None:
    """Provenance names it as a source."""
    by_hand = job.out / "corrections" / "sub-01_seg-muscles_dseg.nii.gz"
    by_hand.parent.mkdir(parents=True)
    by_hand.write_bytes(b"edited")
    process(job)

    record = read_record(job.record_path("segment"))

    assert record is not None
    assert record.inputs[f"bids::corrections/{by_hand.name}"] == sha256_of(by_hand)


def test_force_leaves_corrections_as_they_are(cohort: Cohort) -> None:
    """What a person made is never written over nor removed."""
    by_hand = cohort.out / "corrections" / "sub-01_seg-muscles_dseg.nii.gz"
    by_hand.parent.mkdir(parents=True)
    by_hand.write_bytes(b"edited")
    prepare_out(cohort, force=True)
    for job in cohort.jobs(force=True):
        process(job)

    assert [p.read_bytes() for p in by_hand.parent.iterdir()] == [b"edited"]


def test_a_misnamed_correction_fails_its_participant_only(cohort: Cohort) -> None:
    """With the code of an artefact, and the others go on."""
    by_hand = cohort.out / "corrections" / "sub-02_muscles.nii.gz"
    by_hand.parent.mkdir(parents=True)
    by_hand.write_bytes(b"edited")
    first, second, *_ = (process(job) for job in cohort.jobs())

    assert (first.status, second.status, second.code) == (OK, FAILED, ArtefactError.exit_code)
    assert second.reason is not None
    assert "must be named as its label map" in second.reason


def test_a_correction_of_nobody_stops_the_command(cohort: Cohort) -> None:
    """Before any work, as the name is a slip that would go unseen."""
    by_hand = cohort.out / "corrections" / "sub-77_seg-muscles_dseg.nii.gz"
    by_hand.parent.mkdir(parents=True)
    by_hand.write_bytes(b"edited")

    with pytest.raises(ConfigError, match=r"must bear a participant's name: got \['sub-77"):
        prepare_out(cohort)


def test_new_code_redoes_all_stages(
    job: Job, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another version of the program does not trust what an older one wrote."""
    process(job)
    calls.clear()
    monkeypatch.setattr("pipeline.run.job.code_version", lambda: "9.9.9+abc")
    process(job)

    assert len(calls) == len(plan.STAGES)


def test_a_deleted_output_is_made_again(job: Job, calls: list[str]) -> None:
    """A missing file is no conflict: it is written again, the same to the byte."""
    process(job)
    before = bytes_below(job.out)
    calls.clear()
    (job.out / MUSCLES).unlink()
    process(job)

    assert calls == ["01 segment"]
    assert bytes_below(job.out) == before


def test_what_is_not_written_again_is_taken_away(job: Job) -> None:
    """A segmenter gives a probability, corrected muscles have none: no file is left behind."""
    process(job)
    written = (job.out / PROBABILITY).exists()
    by_hand = job.out / "corrections" / "sub-01_seg-muscles_dseg.nii.gz"
    by_hand.parent.mkdir()
    by_hand.write_bytes(b"by hand")

    process(job)

    assert written
    assert not (job.out / PROBABILITY).exists()
    assert (job.out / MUSCLES).exists()


def test_an_altered_output_is_refused_and_kept(job: Job, calls: list[str]) -> None:
    """Somebody's edit is never written over silently."""
    process(job)
    calls.clear()
    (job.out / MUSCLES).write_bytes(b"edited by hand")
    outcome = process(job)

    assert outcome.code == ArtefactError.exit_code
    assert MUSCLES in str(outcome.reason)
    assert "pass --force" in str(outcome.reason)
    assert (job.out / MUSCLES).read_bytes() == b"edited by hand"
    assert calls == []


def test_force_writes_altered_outputs_anew(job: Job) -> None:
    """With force all is done again, and the result is as if nothing was edited."""
    process(job)
    before = bytes_below(job.out)
    (job.out / MUSCLES).write_bytes(b"edited by hand")
    outcome = process(replace(job, force=True))

    assert outcome.status == OK
    assert bytes_below(job.out) == before


def test_a_file_of_unknown_origin_is_refused_and_kept(job: Job) -> None:
    """A file that no record tells of may be somebody's work."""
    (job.out / MUSCLES).parent.mkdir(parents=True)
    (job.out / MUSCLES).write_bytes(b"drawn by hand")
    outcome = process(job)

    assert outcome.code == ArtefactError.exit_code
    assert "unknown origin" in str(outcome.reason)
    assert (job.out / MUSCLES).read_bytes() == b"drawn by hand"


def test_a_record_that_is_no_record_is_refused(job: Job) -> None:
    """A damaged log stops the stage instead of being taken for none."""
    process(job)
    job.record_path("segment").write_text("{]")
    outcome = process(job)

    assert outcome.code == ArtefactError.exit_code
    assert "must be readable JSON" in str(outcome.reason)
    assert process(replace(job, force=True)).status == OK


def interrupt_segment(job: Job) -> None:
    """Leave the stage segment as a kill does that put one of its new files in place."""
    process(job)
    record = read_record(job.record_path("segment"))
    assert record is not None
    (job.out / MUSCLES).write_bytes(b"new")
    pending = {**record.outputs, MUSCLES: sha256_of(job.out / MUSCLES)}
    interrupted = replace(record, pending=pending, status="writing")
    write_record(interrupted, job.record_path("segment"))


def test_an_interrupted_write_is_done_again(job: Job) -> None:
    """Outputs half of which were put in place before a kill are no conflict."""
    interrupt_segment(job)
    outcome = process(job)

    assert outcome.status == OK
    assert (job.out / MUSCLES).read_bytes() != b"new"


def test_an_edit_after_an_interrupted_write_is_found(job: Job) -> None:
    """What is neither the old nor the new file is somebody's work."""
    interrupt_segment(job)
    (job.out / MUSCLES).write_bytes(b"edited by hand")
    outcome = process(job)

    assert outcome.code == ArtefactError.exit_code
    assert f"altered since then: ['{MUSCLES}']" in str(outcome.reason)
    assert (job.out / MUSCLES).read_bytes() == b"edited by hand"


def test_a_failure_is_recorded_and_loses_nothing(job: Job, bids_dir: Path) -> None:
    """What an earlier run wrote stays when a later one fails."""
    process(job)
    before = (job.out / MUSCLES).read_bytes()
    spoil_scan(bids_dir, "01")
    outcome = process(job)

    record = json.loads(job.record_path("segment").read_text())
    assert (outcome.status, outcome.code) == (FAILED, 4)
    assert (record["status"], record["code"]) == (FAILED, 4)
    assert "No foot was found" in record["reason"]
    assert (job.out / MUSCLES).read_bytes() == before
    assert not [*job.out.glob(".footvol-*")]


def test_a_bug_of_ours_is_told_as_one(
    job: Job, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An unforeseen error has exit code 1, a traceback in the log, and says to report it."""

    def divide(_: object) -> None:
        msg = "by nought"
        raise ZeroDivisionError(msg)

    stages = tuple(replace(stage, work=divide) for stage in plan.STAGES)
    monkeypatch.setattr(plan, "STAGES", stages)
    outcome = process(job)

    assert outcome.code == 1
    assert "A bug of footvol (by nought). Please report" in str(outcome.reason)
    assert "Traceback" in caplog.text


def test_a_full_disk_is_no_bug_of_ours(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the system refuses is told in one sentence."""

    def write(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(
        plan, "STAGES", tuple(replace(stage, work=write) for stage in plan.STAGES)
    )
    outcome = process(job)

    assert outcome.code == ConfigError.exit_code
    assert "No space left on device" in str(outcome.reason)


def test_a_stage_says_which_command_must_come_first(job: Job) -> None:
    """Measuring what was not segmented names the missing file and the command."""
    outcome = process(replace(job, stages=("preprocess",)))
    assert outcome.status == OK
    outcome = process(replace(job, stages=("measure",)))

    assert outcome.code == ArtefactError.exit_code
    assert MUSCLES in str(outcome.reason)
    assert "Run `footvol segment` first" in str(outcome.reason)


def test_a_stage_refuses_altered_inputs(job: Job) -> None:
    """A single stage checks what the stages before it wrote."""
    process(job)
    (job.out / MUSCLES).write_bytes(b"edited by hand")
    outcome = process(replace(job, stages=("measure",)))

    assert outcome.code == ArtefactError.exit_code
    assert MUSCLES in str(outcome.reason)


def test_looking_writes_nothing(job: Job, calls: list[str]) -> None:
    """A dry run tells the stages to come and leaves no file."""
    outcome = look(job)

    assert outcome.status == NOT_RUN
    assert outcome.stages == plan.stage_names()
    assert not job.out.exists()
    assert calls == []


def test_looking_finds_the_first_stage_to_redo(job: Job) -> None:
    """Only what comes from the first stale stage on is to be done."""
    process(job)
    narrowed = load_config(None, ["measure.muscles=['ABH']"])

    assert look(job) == Outcome(job.participant)
    assert look(replace(job, config=narrowed)).stages == ("measure", "figures")


def test_looking_tells_a_failure_again(job: Job, bids_dir: Path) -> None:
    """The reason of a failure is on disk, for the tables to be made later."""
    spoil_scan(bids_dir, "01")
    process(job)
    outcome = look(job)

    assert (outcome.status, outcome.code) == (FAILED, 4)
    assert "No foot was found" in str(outcome.reason)


def test_looking_tells_what_was_altered(job: Job) -> None:
    """Edits are seen before anything is run."""
    process(job)
    (job.out / MUSCLES).write_bytes(b"edited by hand")

    assert look(job).code == ArtefactError.exit_code


@pytest.mark.parametrize(
    ("codes", "is_single_stage", "expected"),
    [
        ((), False, 0),
        ((0, 0), False, 0),
        ((0, 4), False, 3),
        ((0, 4), True, 4),
        ((3, 4), True, 3),
        ((5, 0), False, 5),
        ((5, 4), False, 3),
        ((2, 2), False, 2),
        ((2, 5), False, 3),
        ((1, 5), False, 1),
    ],
)
def test_exit_codes_of_many_participants(
    job: Job, codes: tuple[int, ...], is_single_stage: bool, expected: int
) -> None:
    """Our bug goes before all; a failed participant is 3; a stage keeps its own code."""
    outcomes = [replace(Outcome(job.participant), code=code) for code in codes]

    assert exit_code(outcomes, is_single_stage=is_single_stage) == expected


def test_every_participant_has_a_row_failed_ones_too(cohort: Cohort, bids_dir: Path) -> None:
    """The table says who failed and why, and who was not run."""
    spoil_scan(bids_dir, "02")
    outcomes = [process(job) for job in cohort.jobs()[:5]]
    volumes = write_volumes(gather(cohort, outcomes)).set_index("participant_id")

    assert volumes["status"].tolist() == [OK, FAILED, OK, OK, OK, NOT_RUN]
    assert "No foot was found" in volumes["reason"].tolist()[1]
    assert volumes["total_cm3"].isna().tolist() == [False, True, False, False, False, True]


def test_tables_from_disk_equal_those_from_the_run(cohort: Cohort) -> None:
    """The compare command finds what run knew."""
    outcomes = [process(job) for job in cohort.jobs()]
    from_run = write_volumes(gather(cohort, outcomes))
    from_disk = write_volumes(gather(cohort))

    pd.testing.assert_frame_equal(from_run, from_disk)


def test_excluded_participants_are_shown_but_not_compared(cohort: Cohort) -> None:
    """A participant that review leaves out keeps its volumes and its reason."""
    cohort = replace(cohort, excluded={"03": "motion"})
    outcomes = [process(job) for job in cohort.jobs()]
    volumes = write_volumes(gather(cohort, outcomes))
    statistics = write_statistics(cohort, volumes)

    row = volumes.set_index("participant_id").loc["sub-03"]
    assert (row["status"], row["reason"]) == ("excluded", "motion")
    assert row["total_cm3"] > 1
    assert statistics["n_a"].iloc[0] == 2


def test_groups_may_stand_in_another_column(cohort: Cohort) -> None:
    """Any column of participants.tsv can part the groups."""
    config = load_config(None, ["compare.group_column=sex", "compare.reference=F"])
    cohort = replace(cohort, config=config)
    outcomes = [process(job) for job in cohort.jobs()]
    statistics = write_statistics(cohort, write_volumes(gather(cohort, outcomes)))

    assert statistics[["group_a", "group_b"]].iloc[0].tolist() == ["F", "M"]


def test_the_run_id_depends_on_settings_and_scans_only(
    cohort: Cohort, bids_dir: Path, tmp_path: Path
) -> None:
    """Another folder gives the same identifier, another scan or setting a new one."""
    first = gather(cohort).run_id
    narrowed = replace(cohort, config=load_config(None, ["measure.muscles=['ABH']"]))

    assert gather(replace(cohort, out=tmp_path / "elsewhere")).run_id == first
    assert gather(narrowed).run_id != first
    spoil_scan(bids_dir, "04")
    assert gather(cohort).run_id != first


def test_edited_tables_are_not_written_over(cohort: Cohort) -> None:
    """A hand-edited volumes.tsv stops the next run before it works."""
    prepare_out(cohort)
    outcomes = [process(job) for job in cohort.jobs()]
    gathered = gather(cohort, outcomes)
    with written_together(cohort, TABLES) as aside:
        write_statistics(aside, write_volumes(replace(gathered, cohort=aside)))
    (cohort.out / "volumes.tsv").write_text("mine\n")

    with pytest.raises(ArtefactError, match=r"altered since then: \['volumes.tsv'\]"):
        prepare_out(cohort)
    prepare_out(cohort, force=True)


def test_the_resolved_settings_are_written(cohort: Cohort) -> None:
    """The settings in OUT give the same settings when read."""
    prepare_out(cohort)

    assert load_config(cohort.out / "config.toml") == cohort.config


@pytest.mark.parametrize("place", ["", "sub-01/derived"])
def test_out_inside_the_raw_data_is_refused(bids_dir: Path, place: str) -> None:
    """Results never mix with the raw scans."""
    with pytest.raises(ConfigError, match="OUT must not be the raw dataset"):
        open_cohort(bids_dir, bids_dir / place, CONFIG)


def test_derivatives_inside_the_dataset_are_welcome(bids_dir: Path) -> None:
    """BIDS has a place for results below the raw dataset."""
    out = bids_dir / "derivatives" / "footvol"

    assert open_cohort(bids_dir, out, CONFIG).out == out


def test_labels_are_taken_with_and_without_prefix(bids_dir: Path, tmp_path: Path) -> None:
    """Both ways of writing a label mean the same."""
    cohort = open_cohort(bids_dir, tmp_path / "out", CONFIG, ["sub-04", "02"])

    assert cohort.chosen == ("02", "04")


def test_unknown_labels_are_told_with_the_nearest(bids_dir: Path, tmp_path: Path) -> None:
    """A misspelt label is told with the three most like it, however many there are."""
    words = (
        r"got \['sub-3'\], not among its 6\. Nearest to 'sub-3': sub-03, sub-\d\d, sub-\d\d\.$"
    )
    with pytest.raises(ConfigError, match=words):
        open_cohort(bids_dir, tmp_path / "out", CONFIG, ["3"])


def test_a_study_of_twenty_thousand_opens_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is done for each participant looks no others through; that took half a minute."""
    labels = tuple(f"{number:05d}" for number in range(20_000))
    monkeypatch.setattr("pipeline.run.cohort.find_participants", lambda _: labels)
    rows = "".join(f"{label}\ta\t70\n" for label in labels)
    header = "participant_id\tgroup\tbody_mass_kg\n"
    (tmp_path / "participants.tsv").write_text(header + rows)
    started = time.process_time()
    jobs = open_cohort(tmp_path, tmp_path / "out", CONFIG).jobs()

    assert len(jobs) == len(labels)
    assert time.process_time() - started < 8


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sub-", ""),
        ("sub-", " sub-"),
        ("participant_id", "participant_id "),
        ("sex", "sex\t"),
        ("\n", "\t\t\n"),
    ],
)
def test_further_columns_join_however_labels_are_written(
    old: str, new: str, bids_dir: Path, tmp_path: Path
) -> None:
    """The labels of the folders decide; a header's blanks are no part of it."""
    path = bids_dir / "participants.tsv"
    path.write_text(path.read_text().replace(old, new))
    config = load_config(None, ["compare.covariates=['sex']"])
    cohort = open_cohort(bids_dir, tmp_path / "out", config)
    volumes = pd.DataFrame({"participant_id": [p.participant_id for p in cohort.participants]})

    assert with_groups(cohort, volumes)["sex"].tolist() == ["M", "F"] * 3


def test_figures_and_words_stay_as_they_are_written(bids_dir: Path, tmp_path: Path) -> None:
    """A repeat of 01 is one of sub-01; only n/a is missing."""
    path, cells = bids_dir / "participants.tsv", ("n/a", "01", "NA", "None", "1e5", "")
    header, *rows = path.read_text().splitlines()
    lines = [f"{row}\t{cell}" for row, cell in zip(rows, cells, strict=True)]
    path.write_text("\n".join((f"{header}\trepeat_of", *lines)))
    cohort = open_cohort(bids_dir, tmp_path / "out", CONFIG)
    volumes = pd.DataFrame({"participant_id": [p.participant_id for p in cohort.participants]})

    assert with_groups(cohort, volumes)["repeat_of"].tolist() == [None, *cells[1:]]


def test_rows_and_folders_must_agree(bids_dir: Path, tmp_path: Path) -> None:
    """A row without a folder is told before any work."""
    table = bids_dir / "participants.tsv"
    table.write_text(table.read_text() + "sub-99\thealthy\t70\tF\n")

    with pytest.raises(ConfigError, match=r"rows without a folder \['sub-99'\]"):
        open_cohort(bids_dir, tmp_path / "out", CONFIG)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "must be a file 'review.tsv': got none"),
        ("participant_id\nsub-01\n", "columns participant_id, reason: got no reason among"),
        ("participant_id\treason\nsub-01\t\n", r"review\.tsv row 2 must have a reason"),
        ("participant_id\treason\n01\tx\nsub-01 \ty\n", "once: got 'sub-01' .* row 3"),
        (
            "participant_id\treason\nA b\tx\n",
            "row 2: participant_id must be letters and digits",
        ),
        ("participant_id\treason\nsub-77\tmotion\n", "Participants must be in the dataset"),
    ],
)
def test_a_faulty_exclusion_table_is_refused(
    bids_dir: Path, tmp_path: Path, text: str | None, words: str
) -> None:
    """Nobody is left in or out by mistake."""
    table = tmp_path / "review.tsv"
    if text is not None:
        table.write_text(text)

    with pytest.raises(ConfigError, match=words):
        open_cohort(bids_dir, tmp_path / "out", CONFIG, (), table)


def test_a_scan_alone_is_named_after_its_file(tmp_path: Path) -> None:
    """One scan goes the same way as a dataset of one."""
    image = tmp_path / "sub-left_over 7.nii.gz"
    image.write_bytes(b"scan")
    cohort = open_scan(image, tmp_path / "out", CONFIG, None, 71.5)
    outcome = process(cohort.jobs()[0])

    assert outcome.status == OK
    assert outcome.participant.participant_id == "sub-leftover7"
    assert (tmp_path / "out/sub-leftover7/anat/sub-leftover7_seg-bones_dseg.nii.gz").exists()


def test_a_scan_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """A wrong path is told at once."""
    with pytest.raises(ScanError, match="must be an image file"):
        open_scan(tmp_path / "no.nii.gz", tmp_path / "out", CONFIG, None, None)


def test_a_scan_without_a_name_is_refused(tmp_path: Path) -> None:
    """BIDS labels need a letter or digit."""
    image = tmp_path / "___.nii.gz"
    image.write_bytes(b"scan")

    with pytest.raises(ConfigError, match="must have a letter or digit"):
        open_scan(image, tmp_path / "out", CONFIG, None, None)


def test_keys_depend_on_inputs_settings_sides_and_code(job: Job) -> None:
    """The same work has the same key, whatever the folder."""
    process(job)
    located = job.locate()
    stage = plan.STAGES[0]
    inputs = located.inputs(stage)
    elsewhere = replace(job, out=job.out / "elsewhere").locate()

    assert elsewhere.key(stage, inputs) == located.key(stage, inputs)
    assert located.key(stage, {}) != located.key(stage, inputs)


def test_failed_participants_have_a_row_of_muscles(cohort: Cohort) -> None:
    """The wide table has everyone, and the one that failed says so."""
    spoil_scan(cohort.bids_dir, "02")
    gathered = gather(cohort, [process(job) for job in cohort.jobs()])
    write_muscles(gathered, write_volumes(gathered))

    muscles = read_table(cohort.out / "muscles.tsv").set_index("participant_id")
    assert muscles["status"].tolist() == ["ok", "failed", "ok", "ok", "ok", "ok"]
    assert muscles["ABH_total_cm3"].isna().tolist() == [False, True, *[False] * 4]
    assert muscles["ABH_total_cm3"].min() > 1


def test_the_moved_border_is_written_for_all_and_for_the_groups(cohort: Cohort) -> None:
    """One table has each participant, the other what becomes of the difference."""
    gathered = gather(cohort, [process(job) for job in cohort.jobs()])
    write_border(gathered, write_volumes(gathered))

    sweep = read_table(cohort.out / "border_sweep.tsv")
    assert len(sweep) == 6 * 3
    moved = read_table(cohort.out / "border_statistics.tsv")
    assert moved["offset_mm"].tolist() == [-1] * 6 + [0] * 6 + [1] * 6
    assert set(moved["group_b"]) == {"plantar_fasciitis"}
