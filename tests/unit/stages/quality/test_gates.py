"""Quality gates on scans of digital feet, with and without defects."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from pipeline.domain.grid import Grid
from pipeline.domain.quality_reading import Reading, Verdict
from pipeline.domain.scan import Contrast, Scan
from pipeline.errors import ScanError
from pipeline.phantom.acquisition.acquire import acquire
from pipeline.phantom.acquisition.artefacts import Artefacts
from pipeline.phantom.acquisition.protocols import get_protocol
from pipeline.phantom.anatomy.foot import Foot
from pipeline.settings.quality import QualityParams
from pipeline.stages.quality import GATE_NAMES, assess, cautioned

Take = Callable[..., Scan]
PARAMS = QualityParams()


@pytest.fixture(scope="module")
def take(coarse_foot: Foot) -> Take:
    """Give a function that scans the mean digital foot in pixels of 1 mm."""

    def take(
        name: str = "t1_se_4mm", spoilt: dict[str, float] | None = None, **how: Any
    ) -> Scan:
        protocol = replace(get_protocol(name), **{"in_plane_mm": 1.0, **how})
        artefacts = Artefacts(**{"coil_bias": 0.15, **(spoilt or {})})
        return acquire(coarse_foot, protocol, np.random.default_rng(7), artefacts=artefacts)

    return take


@pytest.fixture(scope="module")
def sound(take: Take) -> Scan:
    """Scan without defects."""
    return take()


def read(scan: Scan, gate: str, params: QualityParams = PARAMS) -> Reading:
    """Give the reading of one gate."""
    return next(reading for reading in assess(scan, params) if reading.gate == gate)


@pytest.mark.integration
@pytest.mark.parametrize("protocol", ["t1_se_4mm", "pd_tse", "t2_fs", "dixon_2pt"])
def test_a_sound_scan_passes_every_gate(protocol: str, take: Take) -> None:
    """Properties that a contrast does not show are unknown."""
    readings = assess(take(protocol), PARAMS)

    assert [r.gate for r in readings] == list(GATE_NAMES)
    assert {r.verdict for r in readings} <= {Verdict.PASSED, Verdict.UNKNOWN}
    assert all(r.message == "" for r in readings)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("gate", "how", "message"),
    [
        (
            "pixel_mm",
            {"in_plane_mm": 2.0},
            r"got pixel_mm 2 mm, where below 1\.2 mm is required",
        ),
        ("slice_mm", {"slice_thickness_mm": 6.0, "slice_spacing_mm": 6.0}, "got slice_mm 6 mm"),
        ("length_mm", {"cut_toes_mm": 100.0}, r"at least 170 mm .*field of view from heel"),
        ("cut_ends", {"cut_heel_mm": 30.0}, "cut_ends 1, where below 1 is required"),
        ("snr", {"muscle_snr": 5.0}, r"where at least 10 is required \(quality\.snr_caution\)"),
        ("contrast", {"fat_left": 0.35}, "that fat is not suppressed"),
        ("ghost_percent", {"spoilt": {"ghosts": 0.1}}, "may have moved"),
        ("dim_end", {"spoilt": {"toe_dropoff": 0.6}}, "may lie outside the coil"),
        ("agreement", {"name": "dixon_2pt", "spoilt": {"swap": 0.5}}, "may be swapped"),
    ],
)
def test_a_spoilt_scan_gets_a_caution(
    gate: str, how: dict[str, Any], message: str, take: Take
) -> None:
    """Each defect is detected by its own gate, and the message has value and limit."""
    scan = take(**how)
    reading = read(scan, gate)

    assert reading.verdict is Verdict.CAUTION
    code = f"quality-{gate.replace('_', '-')}"
    (caution,) = [c for c in cautioned(scan, [reading]) if c.code == code]
    with pytest.raises(ScanError, match=message):
        raise ScanError(caution.message)


def test_clipping_is_detected(sound: Scan) -> None:
    """Intensities are clipped at two thirds of the maximum."""
    top = sound.intensity.max() * 0.66
    clipped = replace(sound, intensity=np.minimum(sound.intensity, top))

    assert read(sound, "clipped_percent").verdict is Verdict.PASSED
    assert read(clipped, "clipped_percent").verdict is Verdict.CAUTION


@pytest.mark.integration
def test_two_feet_are_counted(sound: Scan) -> None:
    """A mirror image beside the foot counts as another foot."""
    gap = np.zeros_like(sound.intensity[:20])
    voxels = np.concatenate((sound.intensity[::-1], gap, sound.intensity))
    pair = replace(
        sound, intensity=voxels, grid=Grid.from_arrays(voxels.shape, sound.grid.matrix)
    )

    assert read(sound, "feet").value == 1
    assert read(pair, "feet").value == 2
    assert read(pair, "feet").verdict is Verdict.CAUTION


@pytest.mark.integration
def test_the_noise_is_measured(take: Take) -> None:
    """It rises with the true SNR, and is within 45 % of it."""
    measured = [read(take(muscle_snr=snr), "snr").value for snr in (10.0, 20.0, 30.0)]

    assert measured == sorted(measured, key=lambda value: value or 0)
    assert measured == pytest.approx([10, 20, 30], rel=0.45)


def test_ghosts_are_unknown_where_the_air_is_masked(take: Take) -> None:
    """The reading is n/a, not a pass."""
    reading = read(take(spoilt={"background_mask": 4.0}), "ghost_percent")

    assert (reading.value, reading.verdict) == (None, Verdict.UNKNOWN)
    assert reading.summary() == "n/a"


@pytest.mark.integration
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_the_order_of_axes_does_not_matter(order: tuple[int, int, int], sound: Scan) -> None:
    """Slices may be stacked along any axis."""
    voxels = np.transpose(sound.intensity, order)
    affine = np.eye(4)
    affine[:, :3] = sound.grid.matrix[:, order]
    affine[:, 3] = sound.grid.matrix[:, 3]
    turned = replace(sound, intensity=voxels, grid=Grid.from_arrays(voxels.shape, affine))

    ours, theirs = ([r.value or 0.0 for r in assess(scan, PARAMS)] for scan in (sound, turned))
    assert theirs == pytest.approx(ours, rel=0.02, abs=1e-6)


@pytest.mark.parametrize("contrast", list(Contrast))
def test_noise_alone_is_refused_without_a_crash(contrast: Contrast) -> None:
    """It has no tissue of the length of a foot."""
    noise = np.random.default_rng(1).normal(100, 10, (40, 40, 10)).astype(np.float32)
    scan = Scan(noise, Grid.from_arrays(noise.shape, np.diag((1.0, 1.0, 4.0, 1.0))), contrast)

    with pytest.raises(ScanError, match="from heel to ball: got length_mm"):
        cautioned(scan, assess(scan, PARAMS))


@pytest.mark.parametrize("shape", [(2, 2, 2), (3, 50, 2), (120, 2, 2)])
def test_tiny_images_do_not_crash(shape: tuple[int, int, int]) -> None:
    """Every image can be assessed."""
    voxels = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    scan = Scan(voxels, Grid.from_arrays(shape, np.diag((0.5, 0.5, 3.0, 1.0))))

    assert len(assess(scan, PARAMS)) == len(GATE_NAMES)


def test_a_refusal_names_each_reason(take: Take) -> None:
    """The message has the setting of every gate that refuses."""
    scan = take(in_plane_mm=4.0, slice_spacing_mm=12.0)

    with pytest.raises(ScanError, match=r"pixel_mm_refusal.*quality\.slice_mm_refusal"):
        cautioned(scan, assess(scan, PARAMS))


def test_refusals_may_be_made_cautions(take: Take) -> None:
    """With a setting, and the scan then has cautions."""
    scan = take(in_plane_mm=4.0, slice_spacing_mm=12.0)
    params = QualityParams(enforce=False, slice_mm_caution=None)

    codes = [c.code for c in cautioned(scan, assess(scan, params))]
    assert {"quality-pixel-mm", "quality-slice-mm"} <= set(codes)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"pixel_mm_caution": 4.0}, "pixel_mm_refusal must lie beyond pixel_mm_caution, got 3"),
        ({"snr_refusal": 11.0}, "snr_refusal must lie beyond snr_caution, got 11 and 10"),
        ({"snr": 3}, "snr"),
    ],
)
def test_limits_must_be_in_order(wrong: dict[str, float], message: str) -> None:
    """The limit of refusal lies beyond that of caution."""
    with pytest.raises(ValidationError, match=message):
        QualityParams.model_validate(wrong)
