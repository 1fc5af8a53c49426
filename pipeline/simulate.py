"""Write a made-up study: raw scans as a scanner would give them, and the truth."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.domain.scan import Scan
from pipeline.errors import ConfigError
from pipeline.phantom.acquisition import acquire, ideal_scan, random_pose
from pipeline.phantom.anatomy import make_foot
from pipeline.phantom.cohort import PhantomParticipant, draw_cohort
from pipeline.phantom.foot import Foot
from pipeline.phantom.protocols import Protocol, get_protocol
from pipeline.stages.measure import MeasureParams, measure
from pipeline.stages.regions import RegionsParams, regions
from pipeline.store.dicom_export import write_dicom_series
from pipeline.store.files import write_json, written_whole
from pipeline.store.images import write_labels, write_scan
from pipeline.store.landmarks import write_landmarks
from pipeline.store.names import ScanName, sidecar_of
from pipeline.store.tables import write_measurements, write_table

IMAGE_FORMATS = ("nifti", "dicom")
_COLUMNS = {
    "participant_id": "Participant; made up, nobody was scanned",
    "group": "healthy, or plantar_fasciitis with smaller rearfoot muscles",
    "body_mass_kg": "Body mass in kg; unrelated to muscle size and to group",
    "side": "Foot that was scanned",
}
_README = """\
# Simulated MRI of the right foot

Nobody was scanned: `footvol phantom` made these images of a digital foot
({per_group} participants per group, seed {seed}, protocol {protocol}). The same
version and the same settings give the same bytes again.

Scans: {place}. What is true of each foot: `sourcedata/truth/`; it lies in the
scanner's space, on the digital foot's own fine grid. Participants with plantar
fasciitis have smaller rearfoot muscles by construction; the size of the
difference is chosen, not measured in patients.

The proportions of the digital foot come from BodyParts3D, (c) The Database Center
for Life Science, licensed under CC Attribution-Share Alike 2.1 Japan.
"""


def simulate_dataset(
    out: Path,
    *,
    per_group: int,
    seed: int,
    protocol: str,
    image_format: str = "nifti",
    with_label_maps: bool = True,
    progress: Callable[[str], None] | None = None,
) -> None:
    """Write a raw dataset of digital feet, and the truth beside it.

    Parameters
    ----------
    out
        A folder that is empty or does not exist yet.
    image_format
        ``nifti`` for a raw BIDS dataset; ``dicom`` for one folder of DICOM files
        per participant below ``sourcedata/dicom``.
    with_label_maps
        Whether the true label maps are written, too; volumes and landmarks always.
    progress
        Called with one line per participant.

    Raises
    ------
    ConfigError
        If the folder holds something, or an argument is out of range.
    """
    chosen = get_protocol(protocol)
    if image_format not in IMAGE_FORMATS:
        known = ", ".join(IMAGE_FORMATS)
        msg = f"The format must be one of {known}: got {image_format!r}. Choose one of them."
        raise ConfigError(msg)
    cohort = draw_cohort(per_group, seed)
    _check_empty(out)
    _write_study(out, cohort)
    place = "`sub-*/anat/`" if image_format == "nifti" else "`sourcedata/dicom/`"
    text = _README.format(per_group=per_group, seed=seed, protocol=protocol, place=place)
    with written_whole(out / "README.md") as scratch:
        scratch.write_text(text, encoding="utf-8")
    write_images = partial(write_nifti if image_format == "nifti" else write_dicom, out)
    for done, member in enumerate(cohort, start=1):
        foot, scan = simulate_scan(member, chosen)
        write_images(member, scan)
        _write_truth(out, member, foot, chosen, with_label_maps=with_label_maps)
        if progress:
            progress(f"{member.participant.participant_id}: written ({done} of {len(cohort)})")


def simulate_scan(member: PhantomParticipant, protocol: Protocol) -> tuple[Foot, Scan]:
    """Make a participant's foot as it lies in the scanner, and scan it."""
    rng = np.random.default_rng(member.seed)
    foot = make_foot(member.shape)
    foot = foot.moved(random_pose(rng, foot.side))
    return foot, acquire(foot, protocol, rng)


def write_nifti(out: Path, member: PhantomParticipant, scan: Scan) -> None:
    """Write a participant's raw BIDS image and sidecar."""
    path = out / _name(member, scan.contrast).raw()
    write_scan(scan, path, like=None)
    side = member.shape.side
    facts = {"Laterality": side.value[0].upper(), "Manufacturer": "footvol digital foot"}
    write_json({**scan.acquisition, **facts}, sidecar_of(path))


def write_dicom(out: Path, member: PhantomParticipant, scan: Scan) -> None:
    """Write a participant's scan as a folder of DICOM files."""
    who = member.participant
    folder = out / "sourcedata" / "dicom" / who.participant_id
    write_dicom_series(scan, folder, label=who.label, side=member.shape.side)


def _check_empty(out: Path) -> None:
    """Refuse to write where something lies already."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        msg = (
            f"The output must be a new or an empty folder: got {str(out)!r}, which holds "
            "something already. Choose another folder."
        )
        raise ConfigError(msg)


def _write_study(out: Path, cohort: tuple[PhantomParticipant, ...]) -> None:
    """Write what describes the dataset and its participants."""
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
    table = pd.DataFrame(rows, columns=list(_COLUMNS))
    write_table(table, out / "participants.tsv", _COLUMNS)


def _write_truth(
    out: Path,
    member: PhantomParticipant,
    foot: Foot,
    protocol: Protocol,
    *,
    with_label_maps: bool,
) -> None:
    """Write what is true of a foot: measured by the same stages, on exact labels."""
    name = _name(member, protocol.contrast)
    folder = out / "sourcedata" / "truth" / name.participant_id
    split = regions(foot.truth, RegionsParams())
    table = measure(split, ideal_scan(foot, protocol), MeasureParams())
    write_measurements(table, folder / name.volumes_tsv().name)
    write_landmarks(split.landmarks, folder / name.landmarks_json().name)
    if with_label_maps:
        write_labels(foot.truth.muscles, folder / name.muscles().name, like=None)
        write_labels(foot.truth.bones, folder / name.bones().name, like=None)


def _name(member: PhantomParticipant, suffix: str) -> ScanName:
    """Name a participant's scan."""
    return ScanName(member.participant.label, suffix=str(suffix))
