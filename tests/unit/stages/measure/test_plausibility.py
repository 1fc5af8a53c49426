"""Cautions about implausible volumes and shapes."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.domain.anatomy import MUSCLES
from pipeline.domain.measurement_table import Measurement
from pipeline.domain.region_split import RegionSplit
from pipeline.domain.scan import Scan
from pipeline.phantom.anatomy.foot import Foot
from pipeline.settings.measure import MeasureParams
from pipeline.settings.regions import RegionsParams
from pipeline.stages.measure import measure
from pipeline.stages.measure.plausibility import find_oddities
from pipeline.stages.regions import regions

Voxels = NDArray[np.uint8]
LABEL = {m.abbreviation: m.index for m in MUSCLES}


@pytest.fixture(scope="module")
def split(coarse_foot: Foot) -> RegionSplit:
    """Give the muscles of the mean digital foot."""
    return regions(coarse_foot.truth, RegionsParams())


def rows_of(split: RegionSplit) -> list[Measurement]:
    """Give rows with volumes only."""
    return [
        Measurement(
            m.abbreviation,
            "total",
            split.muscles.volume_mm3(m.index),
            contractile_mm3=None,
            fat_fraction=None,
            acsa_max_mm2=None,
            acsa_max_position_mm=None,
            length_mm=None,
        )
        for m in MUSCLES
    ]


def codes_of(
    split: RegionSplit, change: Callable[[Voxels], None] = lambda _: None
) -> list[str]:
    """Give the cautions about a foot whose labels were changed."""
    voxels = split.muscles.voxels.astype(np.uint8)
    change(voxels)
    segmentation = replace(split.segmentation, muscles=replace(split.muscles, voxels=voxels))
    changed = replace(split, segmentation=segmentation)
    return [c.code for c in find_oddities(rows_of(changed), changed)]


def test_a_digital_foot_raises_no_caution(split: RegionSplit) -> None:
    """Its own labels are plausible."""
    assert codes_of(split) == []


@pytest.mark.parametrize("name", ["ABH", "ADHT", "EHB"])
def test_a_missing_muscle_is_a_caution(name: str, split: RegionSplit) -> None:
    """Its volume stays zero."""

    def remove(voxels: Voxels) -> None:
        voxels[voxels == LABEL[name]] = 0

    assert codes_of(split, remove) == [f"missing-{name}"]


def test_a_muscle_too_small_or_too_large_is_a_caution(split: RegionSplit) -> None:
    """Nine tenths of one muscle are labelled as another."""

    def trade(voxels: Voxels) -> None:
        given = np.argwhere(voxels == LABEL["INT"])
        voxels[tuple(given[len(given) // 10 :].T)] = LABEL["FDMB"]

    assert {"implausible-INT", "implausible-FDMB"} <= {*codes_of(split, trade)}


def test_a_belly_in_two_components_is_a_caution(split: RegionSplit) -> None:
    """Its middle is missing."""

    def cut(voxels: Voxels) -> None:
        inside = np.argwhere(voxels == LABEL["ABH"])
        low, high = np.quantile(inside[:, 1], (0.4, 0.6))
        lost = inside[(inside[:, 1] > low) & (inside[:, 1] < high)]
        voxels[tuple(lost.T)] = 0

    assert codes_of(split, cut) == ["in-pieces-ABH"]


def test_muscles_out_of_order_are_a_caution(split: RegionSplit) -> None:
    """Two of them are swapped."""

    def swap(voxels: Voxels) -> None:
        lumbricals, quadratus = (voxels == LABEL[n] for n in ("LUM", "QP"))
        voxels[lumbricals], voxels[quadratus] = LABEL["QP"], LABEL["LUM"]

    assert "out-of-order-QP-LUM" in codes_of(split, swap)


def test_a_muscle_cut_by_the_image_is_not_checked(split: RegionSplit) -> None:
    """It has a caution already."""
    rows = [replace(r, volume_mm3=0.0, is_truncated=r.muscle == "QP") for r in rows_of(split)]

    codes = [c.code for c in find_oddities(rows, split)]

    assert "missing-QP" not in codes
    assert "missing-FDB" in codes


def test_the_measurement_has_these_cautions(split: RegionSplit, coarse_foot: Foot) -> None:
    """They are part of the table."""
    voxels = split.muscles.voxels.copy()
    voxels[voxels == LABEL["FDB"]] = 0
    muscles = replace(split.muscles, voxels=voxels)
    odd = replace(split, segmentation=replace(split.segmentation, muscles=muscles))
    scan = Scan(coarse_foot.tissues.astype(np.float32), coarse_foot.grid)

    table = measure(odd, scan, MeasureParams())

    assert "missing-FDB" in [c.code for c in table.cautions]
