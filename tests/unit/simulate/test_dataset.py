"""A simulated study on disk."""

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pydicom
import pytest
import small_foot

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.scan import Contrast, Scan, Side
from pipeline.errors import ConfigError
from pipeline.phantom.acquisition.acquire import ideal_scan
from pipeline.phantom.acquisition.acquisition_options import AcquisitionOptions
from pipeline.phantom.acquisition.protocols import Protocol, get_protocol
from pipeline.phantom.anatomy.digital_foot import make_foot
from pipeline.phantom.anatomy.foot import Foot, Tissue
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.phantom.cohort.draw_cohort import PhantomParticipant, draw_cohort
from pipeline.simulate import dataset as simulate
from pipeline.simulate.dataset import simulate_dataset, simulate_images
from pipeline.simulate.specification import Study, readme
from pipeline.stages.compare.effect_size import cohens_d
from pipeline.store.files import read_json
from pipeline.store.images import read_labels, read_scan
from pipeline.store.landmarks_file import read_landmarks
from pipeline.store.names import sidecar_of
from pipeline.store.participants import read_participants
from pipeline.store.tables import read_measurements

Simulate = Callable[..., Path]
TRUTH = Path("sourcedata", "truth", "sub-01")


@pytest.fixture(scope="module")
def write_study(tmp_path_factory: pytest.TempPathFactory) -> Simulate:
    """Write a study of two feet in 2 mm voxels, for speed."""

    def write(
        progress: Callable[[str], None] | None = None,
        executor: Executor | None = None,
        **changes: object,
    ) -> Path:
        out = tmp_path_factory.mktemp("study") / "out"
        chosen = {"per_group": 1, "seed": 6, "protocol": "t1_se_4mm_coarse", **changes}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(simulate, "make_foot", partial(make_foot, spacing_mm=2.0))
            simulate_dataset(out, Study(**chosen), progress, executor)  # type: ignore[arg-type]
        return out

    return write


@pytest.fixture(scope="module")
def study(write_study: Simulate) -> Path:
    """Write one study for all tests that do not change it."""
    return write_study()


@pytest.mark.integration
def test_participants_are_listed_with_group_mass_and_side(study: Path) -> None:
    """`read_participants` accepts the table."""
    people = list(read_participants(study).values())

    assert [(p.label, p.group, p.side) for p in people] == [
        ("01", "healthy", Side.RIGHT),
        ("02", "plantar_fasciitis", Side.RIGHT),
    ]
    assert all(p.body_mass_kg for p in people)


@pytest.mark.integration
def test_scans_are_raw_bids_with_sidecars(study: Path) -> None:
    """Contrast, side and timing are read from image and sidecar."""
    scan = read_scan(study / "sub-02" / "anat" / "sub-02_T1w.nii.gz")

    assert (scan.contrast, scan.side) == (Contrast.T1W, Side.RIGHT)
    assert sorted(scan.grid.spacing_mm) == pytest.approx([0.7, 0.7, 4.0], rel=1e-4)
    assert scan.acquisition["RepetitionTime"] == 0.5
    assert read_json(study / "dataset_description.json")["DatasetType"] == "raw"


@pytest.mark.integration
def test_ground_truth_labels_lie_on_muscle_in_the_scan(study: Path) -> None:
    """In scanner space, labelled voxels have the signal of muscle."""
    scan = read_scan(study / "sub-01" / "anat" / "sub-01_T1w.nii.gz")
    labels = read_labels(study / TRUTH / "sub-01_seg-muscles_dseg.nii.gz", MUSCLE_NAMES)
    points = labels.grid.to_world(np.argwhere(labels.voxels == 7))  # deep in the foot
    i, j, k = np.rint(scan.grid.to_index(points)).astype(int).T

    fat_level = np.percentile(scan.intensity, 98)
    assert np.median(scan.intensity[i, j, k]) == pytest.approx(0.27 * fat_level, rel=0.25)


@pytest.mark.integration
def test_ground_truth_has_volumes_landmarks_and_border(study: Path) -> None:
    """Volumes are those of the label map; the border lies within the foot."""
    table = read_measurements(study / TRUTH / "sub-01_seg-muscles_desc-volumes_dseg.tsv")
    landmarks = read_landmarks(study / TRUTH / "sub-01_landmarks.json")
    labels = read_labels(study / TRUTH / "sub-01_seg-muscles_dseg.nii.gz", MUSCLE_NAMES)

    plantar_mm3 = sum(labels.volume_mm3(label) for label in range(1, 11))
    assert table.volume_cm3("total") == pytest.approx(plantar_mm3 / 1000, rel=1e-5)
    assert landmarks.border.definition == "tmt1"
    assert landmarks.foot_length_mm is not None
    assert 0.3 < landmarks.border.position_mm / landmarks.foot_length_mm < 0.7


@pytest.mark.integration
def test_ground_truth_bones_are_written(study: Path) -> None:
    """All bones except perhaps the smallest are present at this coarse spacing."""
    bones = read_labels(study / TRUTH / "sub-01_seg-bones_dseg.nii.gz", BONE_NAMES)

    assert set(range(1, 16)) <= set(np.unique(bones.voxels).tolist())


@pytest.mark.integration
def test_the_readme_gives_settings_and_credits(study: Path) -> None:
    """It has seed, protocol and the licence of the source."""
    text = (study / "README.md").read_text(encoding="utf-8")

    assert "seed 6, protocol t1_se_4mm_coarse" in text
    assert "CC Attribution-Share Alike 2.1 Japan" in text


@pytest.mark.integration
def test_same_seed_same_bytes(study: Path, write_study: Simulate) -> None:
    """Every file is the same, also with two feet made in parallel."""
    with ThreadPoolExecutor(2) as pool:
        again = write_study(executor=pool)

    files = sorted(p.relative_to(study) for p in study.rglob("*") if p.is_file())
    assert files == sorted(p.relative_to(again) for p in again.rglob("*") if p.is_file())
    differing = [f for f in files if (study / f).read_bytes() != (again / f).read_bytes()]
    assert differing == []


@pytest.mark.integration
def test_a_dicom_study_has_a_folder_of_slices_per_participant(write_study: Simulate) -> None:
    """There is no NIfTI image, label maps are optional, and progress is reported."""
    lines: list[str] = []
    out = write_study(image_format="dicom", with_label_maps=False, progress=lines.append)

    slices = sorted((out / "sourcedata" / "dicom" / "sub-01").iterdir())
    assert len(slices) > 40
    assert pydicom.dcmread(slices[0]).PatientID == "sub-01"
    assert not list(out.rglob("*.nii.gz"))
    assert (out / TRUTH / "sub-01_landmarks.json").is_file()
    assert lines == ["sub-01: written (1 of 2)", "sub-02: written (2 of 2)"]


@pytest.mark.integration
def test_tissue_fractions_lie_on_the_grid_of_the_scan(write_study: Simulate) -> None:
    """One volume per tissue in steps of 0.4 %; the names are in the sidecar."""
    out = write_study(with_tissue_fractions=True, with_label_maps=False)

    scan = nib.load(out / "sub-01" / "anat" / "sub-01_T1w.nii.gz")
    path = out / TRUTH / "sub-01_seg-tissues_probseg.nii.gz"
    fractions = nib.load(path)
    names = read_json(sidecar_of(path))["LabelMap"]
    assert fractions.shape == (*scan.shape, len(names))
    np.testing.assert_allclose(fractions.affine, scan.affine, atol=1e-4)
    np.testing.assert_allclose(np.asanyarray(fractions.dataobj).sum(axis=-1), 1, atol=0.02)
    assert names[Tissue.MUSCLE] == "muscle"


@pytest.fixture(scope="module")
def matched_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a study of four feet with effect sizes and ideal scans."""

    def scan(
        member: PhantomParticipant, protocol: Protocol, _: AcquisitionOptions
    ) -> tuple[Foot, dict[str, Scan]]:
        foot = make_foot(member.shape, spacing_mm=3.0)
        return foot, {"": ideal_scan(foot, protocol)}

    out = tmp_path_factory.mktemp("matched") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulate, "simulate_images", scan)
        simulate_dataset(out, Study(2, 6, effect="cheung2016", with_label_maps=False))
    return out


@pytest.mark.integration
def test_effect_sizes_hold_for_volumes_and_masses_on_disk(matched_study: Path) -> None:
    """Ground-truth volumes divided by the masses of participants.tsv."""
    per_kg: dict[str, list[float]] = {"healthy": [], "plantar_fasciitis": []}
    for label, person in read_participants(matched_study).items():
        folder = matched_study / "sourcedata" / "truth" / f"sub-{label}"
        table = read_measurements(folder / f"sub-{label}_seg-muscles_desc-volumes_dseg.tsv")
        assert person.group is not None
        assert person.body_mass_kg is not None
        per_kg[person.group].append((table.volume_cm3("rearfoot") or 0) / person.body_mass_kg)

    d, _ = cohens_d(*(np.array(values) for values in per_kg.values()))
    assert d == pytest.approx(1.13, abs=1e-3)


@pytest.mark.integration
def test_ground_truth_statistics_have_the_effect_sizes(matched_study: Path) -> None:
    """They are in the columns of the comparison."""
    truth = matched_study / "sourcedata" / "truth"
    statistics = pd.read_csv(truth / "statistics.tsv", sep="\t", index_col="outcome")

    result = statistics.loc[
        ["rearfoot_mm3_per_kg", "forefoot_mm3_per_kg", "total_mm3_per_kg"], "cohens_d"
    ]
    assert result.tolist() == pytest.approx([1.13, 0.30, 0.92], abs=1e-3)


@pytest.mark.integration
def test_readme_and_columns_describe_the_effect(matched_study: Path) -> None:
    """Atrophy, effect sizes and matched masses are described."""
    text = " ".join((matched_study / "README.md").read_text(encoding="utf-8").split())
    columns = read_json(matched_study / "participants.json")

    assert "plantar_fasciitis has lost 18% of ABH, FDB, ADM, QP" in text
    assert "rearfoot 1.13, forefoot 0.3, total 0.92" in text
    assert columns["body_mass_kg"]["Description"].endswith("set so that effect sizes are exact")


def test_a_folder_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    """Its files are not changed."""
    (tmp_path / "thesis.txt").write_text("draft")

    with pytest.raises(ConfigError, match=r"new or an empty folder: got .* is not empty"):
        simulate_dataset(tmp_path, Study(per_group=1, seed=1))
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_as_output_is_refused(tmp_path: Path) -> None:
    """The message is the same as for a folder."""
    file = tmp_path / "out"
    file.write_text("")

    with pytest.raises(ConfigError, match=r"new or an empty folder"):
        simulate_dataset(file, Study(per_group=1, seed=1))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"protocol": "t9"}, r"protocol must be a known one: got 't9'.*t1_se_4mm"),
        ({"image_format": "jpeg"}, r"one of nifti, dicom, dicom-enhanced: got 'jpeg'"),
        ({"per_group": 0}, r"at least 1 participant: got 0"),
        ({"effect": "miracle"}, r"got 'miracle'\. Known: cheung2016"),
        ({"effect": "cheung2016"}, r"at least 2 participants for an effect size: got 1"),
    ],
)
def test_a_wrong_setting_is_refused_before_anything_is_written(
    tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    """The folder is not created."""
    chosen = {"per_group": 1, "seed": 1, "protocol": "t1_se_4mm", **changes}

    with pytest.raises(ConfigError, match=words):
        simulate_dataset(tmp_path / "out", Study(**chosen))  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


@pytest.fixture
def small_feet(monkeypatch: pytest.MonkeyPatch) -> list[FootShape]:
    """Replace feet by boxes, and record the shapes."""
    shapes: list[FootShape] = []

    def make(shape: FootShape) -> Foot:
        shapes.append(shape)
        return small_foot.make_foot(shape.side)

    monkeypatch.setattr(simulate, "make_foot", make)
    return shapes


def test_both_feet_are_a_pair_of_different_shapes(small_feet: list[FootShape]) -> None:
    """The image is wider, the ground truth is the right foot, and the left one differs."""
    member = draw_cohort(1, 3)[0]
    protocol = get_protocol("t1_se_4mm_coarse")

    foot, images = simulate_images(member, protocol, AcquisitionOptions(both_feet=True))
    alone, single = simulate_images(member, protocol, AcquisitionOptions())
    assert [shape.side for shape in small_feet] == [Side.RIGHT, Side.LEFT, Side.RIGHT]
    assert small_feet[1].bone_length_mm == small_feet[0].bone_length_mm
    assert small_feet[1].muscle_volumes_cm3 != small_feet[0].muscle_volumes_cm3
    assert foot.side is Side.RIGHT
    assert foot.grid == alone.grid
    assert images[""].grid.shape[0] > 1.4 * single[""].grid.shape[0]


def test_the_readme_describes_options_that_differ_from_the_default() -> None:
    """In one paragraph, which is absent with the default options."""
    study = Study(1, 2, imaging=AcquisitionOptions(both_feet=True, cut_toes_mm=40.0))

    lines = readme(study, None)
    assert "\n\nImaging: cut_toes_mm 40.0, both_feet True.\n\n" in lines
    assert "Imaging" not in readme(Study(1, 2), None)
