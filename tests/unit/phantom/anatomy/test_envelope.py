"""Fascia, pad and skin around a block."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from pipeline.phantom.anatomy.envelope import SPACING_MM, Envelope, make_envelope
from pipeline.phantom.anatomy.generalised_cylinders import Field

SHAPE = (35, 50, 40)
BLOCK = (slice(12, 23), slice(13, 37), slice(14, 26))  # 22 x 48 x 24 mm
ALONG = np.linspace(0.42, 0.72, SHAPE[1])  # midfoot: sole 7.5, sides 3.9 mm
CENTRE = (17, 25, 20)


def block() -> NDArray[np.bool_]:
    """Make a box of deep structures at the centre of the lattice."""
    core = np.zeros(SHAPE, dtype=bool)
    core[BLOCK] = True
    return core


def distance_mm(core: NDArray[np.bool_]) -> Field:
    """Signed distance to the surface of a mask: 0 half-way between voxels."""
    outside, inside = (distance_transform_edt(m, sampling=SPACING_MM) for m in (~core, core))
    distance: Field = (outside - inside + SPACING_MM * (core - 0.5)).astype(np.float32)
    return distance


def wrap(core: NDArray[np.bool_], pad_scale: float = 1.0, skin_scale: float = 1.0) -> Envelope:
    """Make the envelope as for a part of the midfoot."""
    return make_envelope(distance_mm(core), ALONG, pad_scale=pad_scale, skin_scale=skin_scale)


def thickness_mm(envelope: Envelope) -> tuple[float, float, float]:
    """Measure the thickness at the sole, the side and the dorsum, at mid-length."""
    depth = envelope.fascia - envelope.skin
    i, j, k = CENTRE
    return (
        float(depth[i, j, BLOCK[2].start - 2]),
        float(depth[BLOCK[0].stop + 1, j, k]),
        float(depth[i, j, BLOCK[2].stop + 1]),
    )


def test_the_fascia_encloses_the_deep_structures() -> None:
    """Its distance is negative inside, positive outside, in mm."""
    fascia = wrap(block()).fascia

    i, j, k = CENTRE
    assert fascia[CENTRE] < -8
    profile = fascia[i, j, BLOCK[2].stop :] - fascia[i, j, BLOCK[2].stop]
    np.testing.assert_allclose(profile[:6], SPACING_MM * np.arange(6), atol=0.5)
    assert fascia[i, j, BLOCK[2].stop + 1] > 0 > fascia[i, j, BLOCK[2].stop - 2]
    assert fascia[BLOCK[0].stop + 1, j, k] > 0


def test_only_the_sole_is_plantar() -> None:
    """`plantar` is 1 under the block, and 0 above it and at its sides."""
    plantar = wrap(block()).plantar

    i, j, k = CENTRE
    assert plantar[i, j, BLOCK[2].start - 3] > 0.95
    assert plantar[i, j, BLOCK[2].stop + 2] == 0
    assert plantar[BLOCK[0].stop + 2, j, k] < 0.05
    assert 0 <= plantar.min() <= plantar.max() <= 1


def test_skin_lies_outside_the_fascia_everywhere() -> None:
    """They are more than 1.5 mm apart."""
    envelope = wrap(block())

    near = np.abs(envelope.fascia) < 8
    assert (envelope.fascia - envelope.skin)[near].min() > 1.5


def test_the_sole_is_thicker_than_side_and_dorsum() -> None:
    """About 8 mm versus 3.9 mm here."""
    sole_mm, side_mm, dorsum_mm = thickness_mm(wrap(block()))

    assert sole_mm == pytest.approx(7.8, abs=1.0)
    assert (side_mm, dorsum_mm) == pytest.approx((3.9, 3.9), abs=0.5)


def test_a_thicker_pad_is_thicker_under_the_sole() -> None:
    """The dorsum stays as it was."""
    mean, thick = (thickness_mm(wrap(block(), pad_scale=s)) for s in (1.0, 1.2))

    assert thick[0] - mean[0] == pytest.approx(0.2 * 7.8, abs=0.4)
    assert thick[2] == pytest.approx(mean[2], abs=0.1)


def test_a_thicker_subcutis_is_thicker_everywhere_else() -> None:
    """The pad stays as it was."""
    mean, thick = (thickness_mm(wrap(block(), skin_scale=s)) for s in (1.0, 1.4))

    assert thick[2] - mean[2] == pytest.approx(0.4 * 3.7, abs=0.2)
    assert thick[0] == pytest.approx(mean[0], abs=0.4)


@pytest.mark.parametrize(
    ("along", "gap_mm", "is_closed"),
    [(0.2, 24, True), (0.2, 48, False), (0.5, 24, False), (0.5, 12, True), (0.9, 12, False)],
)
def test_wide_gaps_are_closed_behind_the_ankle_only(
    along: float, gap_mm: float, is_closed: bool
) -> None:
    """Up to 36 mm at the ankle, 20 mm at the midfoot, and none between the toes."""
    planes = round(gap_mm / SPACING_MM)
    core = np.zeros((planes + 16, *SHAPE[1:]), dtype=bool)
    core[4:8, 10:40, 5:35] = core[planes + 8 : planes + 12, 10:40, 5:35] = True

    fascia = make_envelope(
        distance_mm(core), np.full(SHAPE[1], along), pad_scale=1.0, skin_scale=1.0
    ).fascia
    assert bool(fascia[planes // 2 + 8, 25, 20] < 0) is is_closed


def test_the_cut_end_of_the_leg_stays_flat() -> None:
    """The skin at the lattice's upper edge is as below it."""
    core = block()
    core[8:14, 16:34, 20:] = core[20:26, 16:34, 20:] = True  # with a gap to be closed

    envelope = wrap(core)
    near_skin = np.abs(envelope.skin[..., -1]) < 3
    below = envelope.skin[..., -3][near_skin]
    np.testing.assert_allclose(envelope.skin[..., -1][near_skin], below, atol=0.3)
    assert envelope.fascia[17, 25, -1] < 0


def test_a_toe_keeps_the_shape_of_its_core() -> None:
    """Distal to the web the fascia is the given distance, neither closed nor smoothed."""
    core = distance_mm(block())

    envelope = make_envelope(core, np.full(SHAPE[1], 0.95), pad_scale=1.0, skin_scale=1.0)
    np.testing.assert_allclose(envelope.fascia, core)
