"""Skeletons: posed feet, and values out of range."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.errors import ConfigError
from pipeline.phantom.anatomy.digital_foot import make_foot
from pipeline.phantom.anatomy.foot_kind import FootKind
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.phantom.anatomy.skeleton import Skeleton, draw_skeleton


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(FootKind))
def test_muscles_follow_the_bones(kind: FootKind) -> None:
    """A posed foot has about the muscle volume of the neutral one."""
    neutral = FootShape(kind=kind)
    posed = replace(neutral, skeleton=draw_skeleton(np.random.default_rng(4)))

    volumes = []
    for shape in (neutral, posed):
        muscles = make_foot(shape, 2.0).truth.muscles
        volumes.append(sum(muscles.volume_mm3(m) for m in range(1, 11)))
    assert volumes[1] == pytest.approx(volumes[0], rel=0.2)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("inversion_deg", 40.0, r"1 value\(s\) of inversion_deg from -25 to 30: got \[40\.0\]"),
        ("toe_lift_deg", (0.0, 0.0), r"5 value\(s\) of toe_lift_deg from -30 to 50"),
        ("bone_change", -1.0, r"bone_change from 0 to 2: got \[-1\.0\]"),
    ],
)
def test_values_out_of_range_are_refused(name: str, value: object, message: str) -> None:
    """The message gives the range."""
    with pytest.raises(ConfigError, match=message):
        Skeleton(**{name: value})  # type: ignore[arg-type]
