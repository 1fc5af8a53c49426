"""Writes a simulated study: raw scans and their ground truth."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.domain.measurement_table import MeasurementTable
from pipeline.domain.scan import Scan
from pipeline.errors import ConfigError
from pipeline.phantom.acquisition.acquire import acquire_all
from pipeline.phantom.acquisition.acquisition_options import AcquisitionOptions
from pipeline.phantom.acquisition.partial_volume import tissue_fractions
from pipeline.phantom.acquisition.protocols import Protocol, get_protocol
from pipeline.phantom.anatomy.digital_foot import make_foot
from pipeline.phantom.anatomy.foot import Foot
from pipeline.phantom.anatomy.positioning import place_beside, random_pose
from pipeline.phantom.anatomy.shape import draw_shape
from pipeline.phantom.cohort.draw_cohort import (
    PhantomParticipant,
    draw_cohort,
    with_matched_masses,
)
from pipeline.phantom.cohort.effects import Effect
from pipeline.simulate.effect_file import read_effect
from pipeline.simulate.ground_truth import (
    coarse_region_volumes,
    ground_truth_statistics,
    measure_ground_truth,
    region_volumes,
)
from pipeline.simulate.image_files import (
    measured_name,
    write_dicom_images,
    write_nifti_images,
    write_tissue_fractions,
)
from pipeline.simulate.specification import COLUMNS, Study, columns, readme
from pipeline.stages.compare.statistics_table import STATISTICS_COLUMNS
from pipeline.store.files import write_json, written_whole
from pipeline.store.images import write_labels
from pipeline.store.landmarks_file import write_landmarks
from pipeline.store.names import ScanName
from pipeline.store.tables import write_measurements, write_table

IMAGE_FORMATS = ("nifti", "dicom", "dicom-enhanced")


def simulate_dataset(
    out: Path,
    study: Study,
    progress: Callable[[str], None] | None = None,
    executor: Executor | None = None,
) -> None:
    """Write a raw dataset of digital feet with its ground truth.

    Parameters
    ----------
    out
        A folder that is empty or does not exist.
    progress
        Called with one line per participant.
    executor
        Makes feet in parallel, with the same result; sequential if None.

    Raises
    ------
    ConfigError
        If the folder is not empty, a setting of the study is out of range, or human feet
        cannot have its effect sizes.
    """
    study.imaging.apply_to(get_protocol(study.protocol))  # raises before any work is done
    if study.image_format not in IMAGE_FORMATS:
        known = ", ".join(IMAGE_FORMATS)
        msg = (
            f"The format must be one of {known}: got {study.image_format!r}. "
            "Choose one of them."
        )
        raise ConfigError(msg)
    effect = read_effect(study.effect) if study.effect is not None else None
    _check_empty(out)
    each = executor.map if executor else map
    cohort = draw_cohort(
        study.per_group, study.seed, effect, lambda shapes: each(coarse_region_volumes, shapes)
    )
    with written_whole(out / "README.md") as scratch:
        scratch.write_text(readme(study, effect), encoding="utf-8")
    tables: list[MeasurementTable] = []
    for table in each(partial(_write_participant, out, study), cohort):
        label = cohort[len(tables)].participant.participant_id
        tables.append(table)
        if progress:
            progress(f"{label}: written ({len(tables)} of {len(cohort)})")
    if effect:
        cohort = with_matched_masses(cohort, effect, [region_volumes(t) for t in tables])
        people = [member.participant for member in cohort]
        statistics = ground_truth_statistics(people, tables, effect.reference)
        path = out / "sourcedata" / "truth" / "statistics.tsv"
        write_table(statistics, path, STATISTICS_COLUMNS)
    _write_study(out, cohort, effect)


def _write_participant(out: Path, study: Study, member: PhantomParticipant) -> MeasurementTable:
    """Write a participant's images and ground truth."""
    label, side = member.participant.label, member.shape.side
    protocol = get_protocol(study.protocol)
    foot, images = simulate_images(member, protocol, study.imaging)
    if study.image_format == "nifti":
        write_nifti_images(out, images, label=label, side=side)
    else:
        is_enhanced = study.image_format == "dicom-enhanced"
        write_dicom_images(out, images, label=label, side=side, enhanced=is_enhanced)
    name = measured_name(label, images)
    if study.with_tissue_fractions:
        scan = next(iter(images.values()))
        fractions = tissue_fractions(foot, scan.grid, scan.acquisition["SliceThickness"])
        write_tissue_fractions(
            fractions, scan.grid, _ground_truth_folder(out, name) / name.tissues().name
        )
    return _write_ground_truth(out, name, foot, with_label_maps=study.with_label_maps)


def simulate_images(
    member: PhantomParticipant, protocol: Protocol, options: AcquisitionOptions
) -> tuple[Foot, Mapping[str, Scan]]:
    """Make a participant's foot in its pose in the scanner, and acquire all its images.

    With both feet in the image, the other one has the same length but another shape; the
    ground truth is that of the participant's foot only.
    """
    rng = np.random.default_rng(member.seed)
    options_rng = rng.spawn(1)[0]
    foot = make_foot(member.shape)
    foot = foot.moved(random_pose(rng, foot.side))
    beside = None
    if options.both_feet:
        shape = draw_shape(options_rng, foot.side.opposite)
        other = make_foot(replace(shape, bone_length_mm=member.shape.bone_length_mm))
        beside = place_beside(other.moved(random_pose(options_rng, other.side)), foot)
    chosen, artefacts = options.draw(protocol, options_rng)
    return foot, acquire_all(foot, chosen, rng, artefacts=artefacts, beside=beside)


def _check_empty(out: Path) -> None:
    """Raise if the output exists and is not an empty folder."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        msg = (
            f"The output must be a new or an empty folder: got {str(out)!r}, which is not "
            "empty. Choose another folder."
        )
        raise ConfigError(msg)


def _write_study(
    out: Path, cohort: tuple[PhantomParticipant, ...], effect: Effect | None
) -> None:
    """Write the dataset description and the table of participants."""
    description = {
        "Name": "Digital feet, simulated by footvol phantom",
        "BIDSVersion": "1.10.0",
        "DatasetType": "raw",
        "License": "CC-BY-SA-2.1-JP",
    }
    write_json(description, out / "dataset_description.json")
    rows = [
        (p.participant_id, p.group, p.body_mass_kg, p.side)
        for p in (m.participant for m in cohort)
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    write_table(table, out / "participants.tsv", columns(effect))


def _write_ground_truth(
    out: Path, name: ScanName, foot: Foot, *, with_label_maps: bool
) -> MeasurementTable:
    """Write a foot's ground truth: exact labels, measured by the stages of the pipeline."""
    folder = _ground_truth_folder(out, name)
    split, table = measure_ground_truth(foot)
    write_measurements(table, folder / name.volumes_tsv().name)
    write_landmarks(split.landmarks, folder / name.landmarks_json().name)
    if with_label_maps:
        write_labels(foot.truth.muscles, folder / name.muscles().name, like=None)
        write_labels(foot.truth.bones, folder / name.bones().name, like=None)
    return table


def _ground_truth_folder(out: Path, name: ScanName) -> Path:
    return out / "sourcedata" / "truth" / name.participant_id
