"""Acquisition of a small test foot: nested boxes of tissue."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from small_foot import BARE, FAT_LEVEL, foot_of, make_foot, take

from pipeline.domain.scan import Contrast, Scan, Side
from pipeline.phantom.acquisition.acquire import (
    NOISE_LEVELS,
    acquire_all,
    ideal_scan,
    random_pose,
)
from pipeline.phantom.acquisition.protocols import PROTOCOLS
from pipeline.phantom.anatomy.foot import Tissue


def signal_mm3(scan: Scan) -> float:
    """Integrate the signal, relative to fat, over the volume."""
    relative = float(scan.intensity.sum(dtype=np.float64)) / FAT_LEVEL
    return relative * scan.grid.voxel_volume_mm3


def test_no_signal_is_lost_between_foot_and_scan() -> None:
    """Contiguous slices contain the total signal of the foot's 1 mm3 voxels."""
    foot = make_foot()

    scan = take(foot.moved(pose(12, -9)), replace(BARE, slice_thickness_mm=4.0))
    expected_mm3 = float(ideal_scan(foot, BARE).intensity.sum())
    assert signal_mm3(scan) == pytest.approx(expected_mm3, rel=0.02)


def pose(about_right_deg: float, about_superior_deg: float) -> NDArray[np.float64]:
    """Make a rotation, first about +R, then about +S, and a translation."""
    a, b = np.radians((about_right_deg, about_superior_deg))
    about_right = np.array(((1, 0, 0), (0, np.cos(a), -np.sin(a)), (0, np.sin(a), np.cos(a))))
    about_superior = np.array(
        ((np.cos(b), -np.sin(b), 0), (np.sin(b), np.cos(b), 0), (0, 0, 1))
    )
    matrix = np.eye(4)
    matrix[:3, :3] = about_superior @ about_right
    matrix[:3, 3] = (8, -5, 2)
    return matrix


@pytest.mark.parametrize("tilt_deg", [0.0, 10.0])
def test_each_tissue_is_imaged_at_its_position(tilt_deg: float) -> None:
    """At world positions: muscle is dark, fat beside it bright, air black."""
    foot = make_foot().moved(pose(14, 17))
    scan = take(foot, tilt_deg=tilt_deg)
    spots = foot.grid.to_world([(10, 32, 14), (10, 13, 20), (2, 32, 14)])

    i, j, k = np.rint(scan.grid.to_index(spots)).astype(int).T
    relative = scan.intensity[i, j, k] / FAT_LEVEL
    assert relative == pytest.approx([0.26, 1.0, 0.0], abs=0.01)


def test_slices_are_perpendicular_to_the_long_axis_except_for_the_tilt() -> None:
    """The slice normal follows the foot within 10 degrees."""
    foot = make_foot().moved(pose(-20, 15))
    long_axis = foot.grid.matrix[:3, 1]

    cosines = [
        float(long_axis @ s.grid.matrix[:3, 2] / s.grid.spacing_mm[2])
        for s in (take(foot, tilt_deg=t, seed=n) for t in (0, 10) for n in (1, 2, 3))
    ]
    angles = np.degrees(np.arccos(np.clip(cosines, -1, 1)))
    np.testing.assert_allclose(angles[:3], 0, atol=1e-5)
    assert 0.1 < angles[3:].min() < angles[3:].max() <= 10


def test_pixel_and_slice_spacing_are_the_protocols() -> None:
    """The distance between slices is thickness plus gap."""
    assert take(make_foot(), tilt_deg=8).grid.spacing_mm == pytest.approx((0.7, 0.7, 4.0))


def test_the_stack_extends_from_heel_to_toes() -> None:
    """Every tissue voxel lies in the image at the largest tilt."""
    foot = make_foot().moved(pose(5, 10))
    scan = take(foot, tilt_deg=10)

    inside = scan.grid.to_index(foot.grid.to_world(np.argwhere(foot.tissues)))
    assert inside.min() >= -0.5
    assert (inside <= np.array(scan.grid.shape) - 0.5).all()


def test_the_leg_extends_to_the_edge_of_the_image() -> None:
    """No cut surface is visible: fat fills the uppermost row."""
    scan = take(make_foot())

    centre = scan.intensity[scan.grid.shape[0] // 2, -1, 4] / FAT_LEVEL
    assert centre == pytest.approx(1, abs=0.01)


def test_a_voxel_at_a_boundary_averages_both_tissues() -> None:
    """A slice half in fat and half in air has half the signal of fat."""
    foot = make_foot()
    start_mm = float(foot.grid.to_world((0, 7.5, 0))[1])  # fat begins here

    scan = take(foot, replace(BARE, slice_thickness_mm=4.0))
    origin_mm = scan.grid.matrix[1, 3]
    fraction = np.clip((origin_mm + 2 + 4 * np.arange(2) - start_mm) / 4, 0, 1)
    profile = scan.intensity[scan.grid.shape[0] // 2, -3, :2] / FAT_LEVEL
    assert profile == pytest.approx(fraction, abs=0.04)


def test_noise_is_as_strong_as_the_protocol_says() -> None:
    """In air the magnitude of two noisy channels has a Rayleigh distribution."""
    scan = take(make_foot(), replace(BARE, muscle_snr=20))

    margin = scan.intensity[:3]
    assert margin.mean() == pytest.approx(np.sqrt(np.pi / 2) * NOISE_LEVELS, rel=0.05)


def test_coil_bias_is_within_its_limit() -> None:
    """The signal of fat varies by at most 15 %."""
    foot = make_foot()
    bright = take(foot, replace(BARE, slice_thickness_mm=4.0), coil_bias=0.15)
    plain = take(foot, replace(BARE, slice_thickness_mm=4.0))

    in_fat = plain.intensity > 0.9 * FAT_LEVEL
    ratio = bright.intensity[in_fat] / plain.intensity[in_fat]
    assert 0.05 < np.abs(ratio - 1).max() <= 0.152


def test_intensities_are_whole_numbers() -> None:
    """A scanner delivers integers."""
    scan = take(make_foot(), PROTOCOLS["t1_se_4mm"])

    np.testing.assert_array_equal(scan.intensity, np.rint(scan.intensity))


def test_same_generator_same_scan() -> None:
    """All randomness comes from the given generator."""
    first, second = (take(make_foot(), PROTOCOLS["t1_se_4mm"], 7, 10) for _ in range(2))

    assert first.grid == second.grid
    np.testing.assert_array_equal(first.intensity, second.intensity)


def test_another_seed_gives_another_scan() -> None:
    """Tilt and noise differ from scan to scan."""
    assert take(make_foot(), seed=7, tilt_deg=10).grid != take(make_foot(), tilt_deg=10).grid


@pytest.mark.parametrize("side", Side)
def test_the_scanner_does_not_know_the_side(side: Side) -> None:
    """The scan claims no side, and its axes run to the body's right for both feet."""
    scan = take(make_foot(side))

    assert scan.side is None
    assert scan.grid.matrix[0, 0] > 0


def test_acquisition_fields_are_in_bids_units() -> None:
    """Times are in seconds, thickness is not spacing."""
    fields = take(make_foot()).acquisition

    assert (fields["RepetitionTime"], fields["EchoTime"]) == (0.5, 0.015)
    assert (fields["SliceThickness"], fields["SpacingBetweenSlices"]) == (3.0, 4.0)


@pytest.mark.parametrize(("side", "toes_turn_right"), [(Side.RIGHT, 1), (Side.LEFT, -1)])
def test_poses_point_the_toes_down_and_out(side: Side, toes_turn_right: int) -> None:
    """Plantarflexion and external rotation are within 0 to 20 degrees; poses are rigid."""
    rng = np.random.default_rng(11)
    poses = [random_pose(rng, side)[:3, :3] for _ in range(30)]

    toes = np.array([p[:, 1] for p in poses])
    down = np.degrees(np.arcsin(-toes[:, 2]))
    out = np.degrees(np.arctan2(toes_turn_right * toes[:, 0], toes[:, 1]))
    assert 0 <= down.min() < down.max() <= 20
    assert 0 <= out.min() < out.max() <= 20
    np.testing.assert_allclose([np.linalg.det(p) for p in poses], 1)


def test_an_ideal_scan_has_pure_tissue_signals_on_the_grid_of_the_foot() -> None:
    """Fat is exactly 1, and the side is known."""
    foot = make_foot()
    scan = ideal_scan(foot, BARE)

    assert scan.grid == foot.grid
    assert scan.side is Side.RIGHT
    assert set(np.unique(scan.intensity[foot.tissues == Tissue.FAT]).tolist()) == {1.0}


def test_the_ground_truth_does_not_affect_the_image() -> None:
    """The same tissues with other labels give the same image and are not changed."""
    foot = make_foot()
    tissues, labels = foot.tissues.tobytes(), foot.truth.muscles.voxels.tobytes()
    unlabelled = replace(foot, truth=replace(foot.truth, muscles=foot.truth.bones))

    noisy = replace(BARE, muscle_snr=4)
    shown = [take(f, noisy, coil_bias=0.5, ghosts=0.3).intensity for f in (foot, unlabelled)]
    np.testing.assert_array_equal(shown[0], shown[1])
    assert (foot.tissues.tobytes(), foot.truth.muscles.voxels.tobytes()) == (tissues, labels)


def dixon(contrast: Contrast = Contrast.WATER) -> dict[str, Scan]:
    """Acquire a Dixon scan of a foot with oedema beside its muscle."""
    tissues = make_foot().tissues.copy()
    tissues[7:14, 20:44, 18:24] = Tissue.OEDEMA
    protocol = replace(BARE, is_dixon=True, contrast=contrast, slice_thickness_mm=4.0)
    return dict(acquire_all(foot_of(tissues, Side.RIGHT), protocol, np.random.default_rng(2)))


def test_a_dixon_scan_has_four_images_on_one_grid() -> None:
    """Each image has its contrast and image type."""
    images = dixon()

    assert list(images) == ["water", "fat", "in", "opposed"]
    assert len({image.grid for image in images.values()}) == 1
    assert [images[n].contrast for n in images] == ["water", "fat", "T1w", "T1w"]
    assert images["opposed"].acquisition["ImageType"][-1] == "OUT_PHASE"


def test_water_and_fat_add_up_in_phase_and_cancel_opposed() -> None:
    """Opposed phase is the difference; fat is black in the water image."""
    images = {name: image.intensity.astype(float) for name, image in dixon().items()}
    water, fat = images["water"], images["fat"]

    tolerance = 0.01 * images["in"].max()
    np.testing.assert_allclose(images["in"], water + fat, atol=tolerance)
    np.testing.assert_allclose(images["opposed"], np.abs(water - fat), atol=tolerance)
    purest = images["in"] > 0.95 * images["in"].max()
    assert np.median(water[purest]) < 0.05 * np.median(fat[purest])


def test_the_measured_image_of_a_dixon_scan_is_the_protocols() -> None:
    """`take` gives the water or fat image of the protocol."""
    protocol = replace(BARE, is_dixon=True, contrast=Contrast.FAT)

    fat = take(make_foot(), protocol)
    ideal = ideal_scan(make_foot(), protocol)
    assert fat.contrast is ideal.contrast is Contrast.FAT
    assert np.unique(ideal.intensity).tolist() == pytest.approx([0.0, 0.97])


def test_skin_is_as_bright_as_muscle_in_a_water_image() -> None:
    """The two differ by less than 15 % in the Dixon protocol."""
    tissues = make_foot().tissues.copy()
    tissues[4, 8:48, 6:] = Tissue.SKIN
    water = ideal_scan(foot_of(tissues, Side.RIGHT), PROTOCOLS["dixon_2pt"]).intensity

    skin, muscle, fat = (
        float(water[tissues == t].mean()) for t in (Tissue.SKIN, Tissue.MUSCLE, Tissue.FAT)
    )
    assert skin == pytest.approx(muscle, rel=0.15)
    assert fat < 0.1 * muscle


@pytest.mark.integration
def test_same_seed_same_bytes_in_another_process() -> None:
    """The result does not depend on hash seed or number of threads."""
    program = (
        "import hashlib; import numpy as np; from small_foot import make_foot, take;"
        "from pipeline.phantom.acquisition.random_protocol import draw_acquisition;"
        "from dataclasses import asdict, replace;"
        "p, a = draw_acquisition(np.random.default_rng(8), finest_mm=1.0);"
        "p = replace(p, cut_heel_mm=0, cut_toes_mm=0);"
        "s = take(make_foot(), p, 3, 5, **asdict(a));"
        "print(hashlib.sha256(s.intensity.tobytes()).hexdigest())"
    )
    paths = os.pathsep.join(filter(None, sys.path))
    digests = set()
    for seed, threads in (("1", "1"), ("2", "2")):
        env = {**os.environ, "PYTHONPATH": paths, "PYTHONHASHSEED": seed}
        env |= {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        done = subprocess.run(
            [sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True
        )
        digests.add(done.stdout.strip())
    assert len(digests) == 1
    assert len(digests.pop()) == 64
