"""The atlas segmenter from a scan to its labels, and what it refuses."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage
from simulated import (
    GAP,
    LONG,
    PLANTAR,
    Poses,
    Segmented,
    Simulated,
    both_feet,
    cropped,
    planes_of,
    shifted,
    simulate,
)

from pipeline.domain.anatomy import CALCANEUS, METATARSAL_1, PHALANGES
from pipeline.domain.grid import Grid
from pipeline.domain.scan import Scan, Side
from pipeline.errors import ScanError
from pipeline.segmenters.atlas.atlas_segmenter import AtlasSegmenter
from pipeline.stages.measure import MeasureParams, measure
from pipeline.stages.preprocess import PreprocessParams, preprocess
from pipeline.stages.regions import RegionsParams, regions
from validation.label_overlap import dice, on_grid

Give = Callable[..., None]
Cut = Callable[[int, int], Scan]
MIRROR = np.diag((-1.0, 1.0, 1.0))


def plantar(labels: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
    """Mark the muscles of the plantar total."""
    return np.isin(labels, PLANTAR)


def mirrored(poses: Poses) -> Poses:
    """Give the poses of the mirror image along the first array axis."""
    first, second = (
        replace(
            p,
            matrix=MIRROR @ p.matrix,
            offset_mm=MIRROR @ p.offset_mm,
            is_mirrored=not p.is_mirrored,
        )
        for p in poses
    )
    return first, second


def alike(poses: Poses, margin: float) -> Poses:
    """Let the mirror image of the first pose fit worse than it by this much only."""
    first = poses[0]
    return first, replace(mirrored(poses)[0], similarity=first.similarity - margin)


def test_labels_overlap_the_truth(simulated: Simulated, segmented: Segmented) -> None:
    """Plantar muscles reach a Dice of 0.85 on a scan of 1 x 1 x 4 mm."""
    truth = on_grid(simulated.foot.truth.muscles, simulated.scan.grid)

    assert dice(plantar(segmented.labels.muscles.voxels), plantar(truth)) >= 0.85
    assert segmented.labels.side is Side.RIGHT
    assert segmented.labels.segmenter == "atlas"
    assert segmented.labels.cautions == ()


def test_bones_and_muscles_do_not_overlap(segmented: Segmented) -> None:
    """A voxel is one or the other."""
    muscles, bones = segmented.labels.muscles.voxels, segmented.labels.bones.voxels

    assert not (muscles[bones > 0] > 0).any()


@pytest.mark.usefixtures("undeformed")
def test_the_mirror_image_is_a_left_foot(
    simulated: Simulated, segmented: Segmented, give_pose: Give
) -> None:
    """The same voxels in a mirrored world: only the side changes."""
    affine = np.diag((-1.0, 1, 1, 1)) @ simulated.scan.grid.matrix
    grid = Grid.from_arrays(simulated.scan.grid.shape, affine)
    give_pose(segmented.poses)

    found = AtlasSegmenter().segment(replace(simulated.scan, grid=grid))

    assert segmented.labels.side is Side.RIGHT
    assert found.side is Side.LEFT


@pytest.mark.slow
@pytest.mark.parametrize("seed", [12, 13])
def test_a_left_foot_is_found_left(seed: int) -> None:
    """Other feet, taken and searched for from scratch."""
    simulated = simulate(seed, Side.LEFT)

    found = AtlasSegmenter().segment(simulated.scan)

    truth = on_grid(simulated.foot.truth.muscles, simulated.scan.grid)
    assert found.side is Side.LEFT
    assert dice(plantar(found.muscles.voxels), plantar(truth)) >= 0.85


@pytest.mark.parametrize("side", [Side.LEFT, pytest.param(Side.RIGHT, marks=pytest.mark.slow)])
def test_of_two_feet_the_one_asked_for_is_measured(
    side: Side, simulated: Simulated, segmented: Segmented, give_pose: Give
) -> None:
    """Its labels are those that it has alone; the other foot has none."""
    width = simulated.scan.grid.shape[0]
    aside_mm = (width + GAP) / 2 * simulated.scan.grid.spacing_mm[0]
    left, right = mirrored(segmented.poses), segmented.poses
    give_pose(shifted(left, 0, -aside_mm), shifted(right, 0, aside_mm))

    found = AtlasSegmenter().segment(replace(both_feet(simulated.scan), side=side))

    halves = {Side.LEFT: found.muscles.voxels[:width][::-1]}
    halves[Side.RIGHT] = found.muscles.voxels[width + GAP :]
    assert found.side is side
    assert not halves[side.opposite].any()
    assert dice(halves[side] > 0, segmented.labels.muscles.voxels > 0) > 0.95


def test_two_feet_and_no_side_are_refused(
    simulated: Simulated, segmented: Segmented, give_pose: Give
) -> None:
    """The sentence says what was found and how to choose."""
    give_pose(mirrored(segmented.poses), segmented.poses)

    words = r"got 2 feet, by anatomy left, right, and the side asked for is not given\. Crop"
    with pytest.raises(ScanError, match=words):
        AtlasSegmenter().segment(both_feet(simulated.scan))


def test_two_feet_of_one_side_are_refused(
    simulated: Simulated, segmented: Segmented, give_pose: Give
) -> None:
    """Anatomy cannot tell which of them is meant."""
    give_pose(segmented.poses, segmented.poses)

    with pytest.raises(ScanError, match=r"by anatomy right, right, .* asked for is right\."):
        AtlasSegmenter().segment(replace(both_feet(simulated.scan), side=Side.RIGHT))


def test_two_feet_of_unclear_side_are_refused(
    simulated: Simulated, segmented: Segmented, give_pose: Give
) -> None:
    """Nobody is asked to trust a guess between two feet."""
    unclear = alike(segmented.poses, 0.01)
    give_pose(unclear, unclear)

    with pytest.raises(ScanError, match=r"got 2 feet, by anatomy of unclear side"):
        AtlasSegmenter().segment(replace(both_feet(simulated.scan), side=Side.RIGHT))


@pytest.mark.slow
@pytest.mark.parametrize("side", [Side.RIGHT, Side.LEFT])
def test_two_feet_are_told_apart_from_scratch(
    side: Side, simulated: Simulated, segmented: Segmented
) -> None:
    """With the poses searched for."""
    width = simulated.scan.grid.shape[0]

    found = AtlasSegmenter().segment(replace(both_feet(simulated.scan), side=side))

    own = found.muscles.voxels[:width][::-1]
    own = found.muscles.voxels[width + GAP :] if side is Side.RIGHT else own
    assert found.side is side
    assert dice(own > 0, segmented.labels.muscles.voxels > 0) > 0.95
    assert np.count_nonzero(found.muscles.voxels) == np.count_nonzero(own)


@pytest.mark.usefixtures("undeformed")
@pytest.mark.parametrize("side", [Side.RIGHT, Side.LEFT])
def test_an_unclear_side_is_taken_from_the_claim(
    side: Side, simulated: Simulated, segmented: Segmented, give_pose: Give
) -> None:
    """A caution says so."""
    give_pose(alike(segmented.poses, 0.02))

    found = AtlasSegmenter().segment(replace(simulated.scan, side=side))

    assert found.side is side
    assert [c.code for c in found.cautions] == ["side-unconfirmed"]


def test_an_unclear_side_without_a_claim_is_refused(
    simulated: Simulated, segmented: Segmented, give_pose: Give
) -> None:
    """Both similarities stand in the sentence."""
    give_pose(alike(segmented.poses, 0.02))

    with pytest.raises(
        ScanError, match=r"got no claim.*similarity 0\.9\d+ and 0\.[89]\d+.*--side"
    ):
        AtlasSegmenter().segment(simulated.scan)


@pytest.mark.usefixtures("undeformed")
def test_a_doubtful_likeness_is_a_caution(
    simulated: Simulated, segmented: Segmented, give_pose: Give
) -> None:
    """Between what is refused and what is good."""
    first, second = segmented.poses
    give_pose((replace(first, similarity=0.85), replace(second, similarity=0.5)))

    found = AtlasSegmenter().segment(simulated.scan)

    assert [c.code for c in found.cautions] == ["low-similarity"]
    assert "resembles the atlas by 0.85 only" in found.cautions[0].message


@pytest.mark.parametrize(("similarity", "size"), [(0.79, 1.0), (0.95, 0.6), (0.95, 1.6)])
def test_what_is_unlike_or_of_no_foots_size_is_refused(
    similarity: float, size: float, simulated: Simulated, segmented: Segmented, give_pose: Give
) -> None:
    """The sentence says what to check."""
    first, second = (
        replace(p, similarity=similarity, matrix=p.matrix * size) for p in segmented.poses
    )
    give_pose((first, second))

    words = rf"must show a foot: got one piece of tissue.* by {similarity} .*fat/water swapped"
    with pytest.raises(ScanError, match=words):
        AtlasSegmenter().segment(simulated.scan)


def body(radii_mm: tuple[float, float, float], *, noise: float) -> Scan:
    """Draw an ellipsoid of muscle in fat around bone, or of noise alone."""
    spacing = np.array((2.0, 2.2, 4.0))
    shape = (60, 55, 52)
    positions = (np.indices(shape).T - (np.array(shape) - 1) / 2) * spacing
    radius = np.linalg.norm(positions / radii_mm, axis=-1).T
    clean = np.select([radius < 0.2, radius < 0.8, radius < 1], [950, 300, 900])
    rng = np.random.default_rng(9)
    speckle = ndimage.gaussian_filter(rng.normal(0, 1, shape), 1.0) * 3000 * (radius < 1)
    values = np.abs(clean * (1 - noise) + noise * speckle) + rng.rayleigh(8, shape)
    grid = Grid.from_arrays(shape, np.diag((*spacing, 1.0)))
    return preprocess(Scan(values.astype(np.float32), grid), PreprocessParams())


def test_a_leg_without_a_foot_is_refused() -> None:
    """A cylinder of muscle, bone and fat that the image cuts at both ends."""
    with pytest.raises(ScanError, match=r"must show a foot: got one piece.*0\.80 is asked"):
        AtlasSegmenter().segment(body((45, 42, 1e6), noise=0))


@pytest.mark.slow
def test_a_ball_of_noise_is_refused() -> None:
    """It has no structure at all."""
    with pytest.raises(ScanError, match=r"must show a foot: got one piece.*0\.80 is asked"):
        AtlasSegmenter().segment(body((50, 52, 60), noise=1))


def test_air_is_refused(simulated: Simulated) -> None:
    """Nothing is large enough to be a foot."""
    small = np.zeros(simulated.scan.grid.shape, dtype=np.float32)
    small[40:45, 40:45, 20:22] = 1

    with pytest.raises(ScanError, match=r"must show a foot: got 0 pieces of tissue"):
        AtlasSegmenter().segment(replace(simulated.scan, intensity=small))


def test_a_cut_heel_is_refused(simulated: Simulated, cut: Cut) -> None:
    """The sentence names the bone and how much of it there is."""
    bones, grid = simulated.foot.truth.bones, simulated.scan.grid
    first, last = planes_of(bones, CALCANEUS, grid)

    with pytest.raises(ScanError, match=r"got \d+% of the calcaneus\. Scan again"):
        AtlasSegmenter().segment(cut((first + last) // 2, grid.shape[2]))


def test_cut_metatarsal_heads_are_refused(simulated: Simulated, cut: Cut) -> None:
    """All that lack their heads are named."""
    bones, grid = simulated.foot.truth.bones, simulated.scan.grid
    first, last = planes_of(bones, METATARSAL_1, grid)

    with pytest.raises(ScanError, match=r"got \d+% of the metatarsal 1.* heel to toes"):
        AtlasSegmenter().segment(cut(0, (first + 2 * last) // 3))


def test_cut_toes_leave_the_length_unknown(
    simulated: Simulated, segmented: Segmented, cut: Cut
) -> None:
    """All else is measured as on the whole scan."""
    bones, grid = simulated.foot.truth.bones, simulated.scan.grid
    _, last = planes_of(bones, PHALANGES, grid)
    scan = cut(0, last - 4)

    split = regions(AtlasSegmenter().segment(scan), RegionsParams())

    assert [c.code for c in split.cautions] == ["foot-length-unknown"]
    short = measure(split, scan, MeasureParams()).volume_cm3("total")
    whole = np.isin(segmented.labels.muscles.voxels, PLANTAR).sum() * grid.voxel_volume_mm3
    assert short == pytest.approx(whole / 1e3, rel=0.03)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "last", "words"),
    [(0.20, 1.0, "of the calcaneus"), (0.0, 0.6, "of the metatarsal 1")],
)
def test_cut_feet_are_refused_from_scratch(
    first: float, last: float, words: str, simulated: Simulated
) -> None:
    """With the pose searched for in what is left."""
    planes = simulated.scan.grid.shape[2]
    kept = slice(round(first * planes), round(last * planes))

    with pytest.raises(ScanError, match=words):
        AtlasSegmenter().segment(cropped(simulated.scan, LONG, kept))
