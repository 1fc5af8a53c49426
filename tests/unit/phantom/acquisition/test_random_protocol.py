"""Random protocols: range, validity and reproducibility."""

from dataclasses import asdict

import numpy as np
from small_foot import make_foot, take

from pipeline.domain.scan import Contrast
from pipeline.phantom.acquisition.artefacts import LIMITS
from pipeline.phantom.acquisition.protocols import Orientation, Technique
from pipeline.phantom.acquisition.random_protocol import draw_acquisition


def test_same_seed_same_acquisition() -> None:
    """All randomness comes from the given generator."""
    first, second = (draw_acquisition(np.random.default_rng(4)) for _ in range(2))

    assert first == second
    assert first != draw_acquisition(np.random.default_rng(5))


def test_draws_cover_every_contrast_orientation_and_artefact() -> None:
    """400 draws contain every value, and each artefact on and off."""
    rng = np.random.default_rng(1)
    draws = [draw_acquisition(rng) for _ in range(400)]

    protocols = [p for p, _ in draws]
    assert {p.contrast for p in protocols} == set(Contrast)
    assert {p.orientation for p in protocols} == set(Orientation)
    assert {p.technique for p in protocols} == set(Technique)
    assert {p.field_t for p in protocols} == {1.5, 3.0, 7.0}
    snr = [p.muscle_snr for p in protocols]
    assert (min(snr) < 12, max(snr) > 55) == (True, True)
    for name in LIMITS:
        strengths = [asdict(a)[name] for _, a in draws]
        assert min(strengths) == 0 < max(strengths)


def test_pixels_and_slices_are_not_below_the_limit() -> None:
    """The limit is `finest_mm`."""
    rng = np.random.default_rng(2)
    protocols = [draw_acquisition(rng, finest_mm=2.0)[0] for _ in range(50)]

    assert min(p.in_plane_mm for p in protocols) == 2.0
    assert min(p.slice_thickness_mm for p in protocols) >= 2.0


def test_every_draw_can_be_acquired() -> None:
    """Every draw gives an image with a finite, positive signal."""
    for seed in range(25):
        rng = np.random.default_rng(seed)
        protocol, artefacts = draw_acquisition(rng, finest_mm=1.0)
        short = {"cut_heel_mm": 0.0, "cut_toes_mm": 0.0}  # the foot has 40 mm only
        protocol = type(protocol)(**(asdict(protocol) | short))
        scan = take(make_foot(), protocol, seed, 10, **asdict(artefacts))
        assert np.isfinite(scan.intensity).all()
        assert scan.intensity.max() > 0
