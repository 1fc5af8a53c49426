"""Ground truth of digital feet, measured by the stages of the pipeline."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from pipeline.domain.anatomy import PLANTAR_MUSCLES
from pipeline.domain.participant import Participant
from pipeline.phantom.anatomy.digital_foot import make_foot
from pipeline.phantom.anatomy.foot import Foot
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.phantom.cohort.draw_cohort import draw_cohort, with_matched_masses
from pipeline.simulate.effect_file import read_effect
from pipeline.simulate.ground_truth import (
    coarse_region_volumes,
    ground_truth_statistics,
    measure_ground_truth,
    region_volumes,
)

PRINTED = {"rearfoot": 1.13, "forefoot": 0.30, "total": 0.92}


def cell(statistics: pd.DataFrame, outcome: str, column: str) -> float:
    """Give one value of the table."""
    return float(statistics.set_index("outcome")[column].astype(float)[outcome])


def test_ground_truth_is_the_volume_of_the_labels(coarse_foot: Foot) -> None:
    """The regions of a muscle sum to the volume of its voxels."""
    split, table = measure_ground_truth(coarse_foot)

    assert split.segmentation is coarse_foot.truth
    expected = [coarse_foot.truth.muscles.volume_mm3(label) / 1e3 for label in range(1, 11)]
    np.testing.assert_allclose(region_volumes(table).sum(axis=0), expected, rtol=1e-6)
    assert table.volume_cm3("total") == pytest.approx(sum(expected), rel=1e-6)


@pytest.mark.integration
def test_ground_truth_fat_is_that_of_the_foot() -> None:
    """It is measured from the foot's fat fractions, not from a signal."""
    shape = FootShape(fat_fractions={**dict.fromkeys(range(1, 13), 0.2), 2: 0.55})

    _, table = measure_ground_truth(make_foot(shape, 2.0))

    fat = {r.muscle: r.fat_fraction for r in table.rows if r.region == "total"}
    assert fat["ABH"] == pytest.approx(0.2, abs=0.002)
    assert fat["FDB"] == pytest.approx(0.55, abs=0.002)


@pytest.mark.integration
def test_coarse_volumes_are_near_the_target() -> None:
    """Each muscle is within 10 %; labels 1 to 4 lie mostly in the rearfoot."""
    shape = FootShape()
    volumes = coarse_region_volumes(shape)

    assert volumes.shape == (2, len(PLANTAR_MUSCLES))
    target = [shape.muscle_volumes_cm3[label] for label in range(1, 11)]
    np.testing.assert_allclose(volumes.sum(axis=0), target, rtol=0.10)
    assert (volumes[0, :4] > volumes[1, :4]).all()
    assert (volumes[0, 4:] < volumes[1, 4:]).all()


def test_statistics_compare_groups_per_body_mass(coarse_foot: Foot) -> None:
    """Four participants have the same foot and differ in body mass."""
    _, table = measure_ground_truth(coarse_foot)
    masses = {"a": (50.0, 60.0), "b": (70.0, 90.0)}
    people = [
        Participant(f"{g}{kg:.0f}", group=g, body_mass_kg=kg)
        for g, both in masses.items()
        for kg in both
    ]

    result = ground_truth_statistics(people, [table] * 4, "b")
    total_mm3 = 1e3 * (table.volume_cm3("total") or 0)
    mean = total_mm3 * (1 / 50 + 1 / 60) / 2
    assert cell(result, "total_mm3_per_kg", "mean_b") == pytest.approx(mean)
    assert cell(result, "total_mm3_per_kg", "cohens_d") < 0
    assert cell(result, "total_cm3", "mean_difference") == 0


@pytest.mark.slow
def test_twenty_feet_have_the_published_effect_sizes() -> None:
    """Of built feet; the forefoot does not differ, and volumes are those of Chang 2012."""
    effect = read_effect("cheung2016")
    cohort = draw_cohort(10, 0, effect, partial(map, coarse_region_volumes))
    tables = [measure_ground_truth(make_foot(member.shape, 1.0))[1] for member in cohort]
    matched = with_matched_masses(cohort, effect, [region_volumes(table) for table in tables])

    people = [member.participant for member in matched]
    result = ground_truth_statistics(people, tables, effect.reference)
    for region, d in PRINTED.items():
        assert cell(result, f"{region}_mm3_per_kg", "cohens_d") == pytest.approx(d, abs=1e-3)
    assert cell(result, "forefoot_mm3_per_kg", "p") > 0.3
    assert cell(result, "total_cm3", "mean_a") == pytest.approx(113.3, abs=25)
    drawn, solved = (
        np.array([m.participant.body_mass_kg for m in who], dtype=float)
        for who in (cohort, matched)
    )
    np.testing.assert_allclose(solved, drawn, atol=5)
