"""The network segmenter: learnt from digital feet, seen through scanners drawn at random."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.cautions import Caution
from pipeline.domain.labels import LabelMap, Segmentation
from pipeline.domain.scan import Scan
from pipeline.errors import SegmentationError
from pipeline.segmenters.base import Recognition
from pipeline.segmenters.network.boundary import structure_probability
from pipeline.segmenters.network.foot_masks import check_shown
from pipeline.segmenters.network.localisation import TURN_DEG, Found, find_foot, shown_bones
from pipeline.segmenters.network.resample_to_scan import muscle_chance, refined_bones
from pipeline.segmenters.network.weights import load_weights

NAME = "network"
STAGE = "segment"
_GOOD_RESIDUAL_MM = 4.0
_GOOD_CERTAINTY = 0.75
_MOST_CHANGE = 0.05  # of plantar muscle, when the window is turned
_MOST_SHIFT = 0.05  # of all muscle, by the scan's brightness


@dataclass(frozen=True, slots=True)
class NetworkSegmenter:
    """Sees the foot twice: coarsely to find it, finely to label it.

    Notes
    -----
    The coarse pass, 4 mm, finds the bones; the window of the fine pass is laid along them,
    scaled to a foot of mean size, and mirrored if they fit a left foot better. Where muscles
    end is settled by the scan's own brightness across their borders.
    """

    @property
    def name(self) -> str:
        """Name that provenance records."""
        return NAME

    def recognise(self, scan: Scan) -> Recognition:
        """Find the foot and tell its side; likeness is how sure the network is of its labels.

        Raises
        ------
        ScanError
            If the image does not show one whole foot.
        ArtefactError
            If the weights are not those that came with the program.
        """
        found = _whole_foot(scan)
        return Recognition(found.side, found.sight.certainty(), _doubts(found))

    def segment(self, scan: Scan) -> Segmentation:
        """Label the muscles and bones of one foot.

        Raises
        ------
        ScanError
            If the image does not show one whole foot.
        SegmentationError
            If nothing of a muscle was found.
        ArtefactError
            If the weights are not those that came with the program.
        """
        found = _whole_foot(scan)
        weights = load_weights()
        with ThreadPoolExecutor(1) as pool:  # bones on the other core
            waited_for = pool.submit(
                lambda: refined_bones(found.sight.without_strays(), scan, weights)
            )
            chance, muscles = muscle_chance(found.muscles.without_strays(), scan.grid)
            probability = structure_probability(
                scan.intensity, scan.grid, chance, muscles, weights.muscle_border
            )
            bones = waited_for.result()
        is_muscle = probability > 0.5
        if not is_muscle.any():
            msg = (
                "A foot must show muscle: got none from the network. "
                "Look at the image, and check that it is not fat/water swapped."
            )
            raise SegmentationError(msg)
        doubts = _shifted(int(is_muscle.sum()), int((chance > 0.5).sum()))
        return Segmentation(
            LabelMap(np.where(is_muscle, muscles, 0), scan.grid, MUSCLE_NAMES),
            LabelMap(np.where(is_muscle, 0, bones), scan.grid, BONE_NAMES),
            found.side,
            NAME,
            (*scan.cautions, *_doubts(found), *doubts),
            np.clip(probability, 0, 1),
        )


def _whole_foot(scan: Scan) -> Found:
    weights = load_weights()
    found = find_foot(scan, weights)
    check_shown(shown_bones(found, weights, scan.grid))
    return found


def _doubts(found: Found) -> tuple[Caution, ...]:
    certainty = found.sight.certainty()
    cautions = []
    if certainty < _GOOD_CERTAINTY:
        message = (
            f"The network is sure of its labels by {certainty:.2f} only (good scans reach "
            f"{_GOOD_CERTAINTY:.2f}), so look at the labels."
        )
        cautions.append(Caution("low-certainty", message, STAGE))
    if found.residual_mm > _GOOD_RESIDUAL_MM:
        message = (
            f"The bones lie {found.residual_mm:.1f} mm off those of any foot "
            f"(good scans stay below {_GOOD_RESIDUAL_MM:.1f} mm), so look at the labels."
        )
        cautions.append(Caution("unusual-bones", message, STAGE))
    if abs(found.change) > _MOST_CHANGE:
        message = (
            f"Shown the foot turned by {TURN_DEG:g} degrees, the network finds "
            f"{abs(found.change):.0%} {'more' if found.change > 0 else 'less'} plantar muscle "
            f"(good scans: at most {_MOST_CHANGE:.0%}), so look at the labels."
        )
        cautions.append(Caution("turn-sensitive", message, STAGE))
    return tuple(cautions)


def _shifted(muscle: int, by_network: int) -> tuple[Caution, ...]:
    """Doubt where brightness, which only moves borders, changes the number of voxels."""
    shift = muscle / max(by_network, 1) - 1
    if abs(shift) <= _MOST_SHIFT:
        return ()
    message = (
        f"By the scan's brightness there is {abs(shift):.0%} {'more' if shift > 0 else 'less'} "
        f"muscle than by the network alone (good scans: at most {_MOST_SHIFT:.0%}), "
        "so look at the labels."
    )
    return (Caution("brightness-differs", message, STAGE),)
