"""Models of MR artefacts: coil, k-space truncation, ghosts and aliasing."""

import numpy as np
import pytest
from numpy.typing import NDArray
from small_foot import FAT_LEVEL, THICK, make_foot, take


def shown(**artefacts: float) -> NDArray[np.float64]:
    """Acquire the small foot; fat is 1."""
    scan = take(make_foot(), THICK, **artefacts)  # type: ignore[arg-type]
    return scan.intensity.astype(float) / FAT_LEVEL


def test_a_surface_coil_is_most_sensitive_on_its_side() -> None:
    """Sensitivity decreases from 3 at the coil, and is at least 1."""
    inside = (slice(6, -6), slice(6, -3), slice(3, 7))
    gain = shown(surface_coil=2.0)[inside] / shown()[inside]

    assert 1 <= gain.min() < 2.2 < gain.max() <= 3.01
    assert np.ptp(gain, axis=2).max() < 0.02


def test_a_truncated_k_space_rings_beside_edges() -> None:
    """Fat beside air overshoots by 2 to 15 %; the total signal is kept."""
    ringing = shown(ringing=0.3)

    assert 1.02 < ringing.max() < 1.15
    assert ringing.sum() == pytest.approx(shown().sum(), rel=0.03)


def test_ghosts_lie_beside_the_foot_along_the_phase_axis() -> None:
    """There is signal left and right of the foot, and none below it."""
    ghosts = shown(ghosts=0.25)

    assert ghosts[:4, 10, 3:7].mean() > 0.02
    assert ghosts[10, :3, 3:7].max() < 0.02
    assert ghosts[10, 10, 3:7].mean() == pytest.approx(shown()[10, 10, 3:7].mean(), abs=0.5)


def test_wrap_narrows_the_image_and_aliases_the_rest() -> None:
    """Half of the width remains in place, and the total signal is kept."""
    plain, folded = (take(make_foot(), THICK, wrap=w) for w in (0.0, 0.5))

    n0 = plain.grid.shape[0]
    kept = folded.grid.shape[0]
    assert kept == round(n0 / 2)
    np.testing.assert_allclose(
        folded.grid.to_world((0, 0, 0)), plain.grid.to_world(((n0 - kept) // 2, 0, 0))
    )
    total, inner = (float(s.intensity.sum(dtype=float)) for s in (plain, folded))
    assert inner == pytest.approx(total, rel=0.02)
