"""The atlas foot."""

import numpy as np
import pytest

from pipeline.domain.scan import Contrast, Side
from pipeline.phantom.anatomy.foot import Tissue
from pipeline.segmenters.atlas.atlas_template import Template, make_template


def signal(template: Template, tissue: Tissue) -> float:
    """Give the brightness of a tissue."""
    return float(np.median(template.intensity[template.foot.tissues == tissue]))


@pytest.mark.parametrize("contrast", Contrast)
def test_every_contrast_has_an_atlas(contrast: Contrast) -> None:
    """On the foot's own grid, air dark and muscle not."""
    template = make_template(contrast)

    assert template.intensity.shape == template.grid.shape
    assert signal(template, Tissue.AIR) < 0.1 <= signal(template, Tissue.MUSCLE)


@pytest.mark.parametrize("contrast", [Contrast.T1W, Contrast.PDW, Contrast.T2W, Contrast.FAT])
def test_fat_is_one_where_fat_is_bright(contrast: Contrast) -> None:
    """As on preprocessed scans; muscle is darker."""
    template = make_template(contrast)

    assert signal(template, Tissue.FAT) == pytest.approx(1)
    assert signal(template, Tissue.MUSCLE) < 0.95


def test_on_water_images_muscle_is_brighter_than_fat() -> None:
    """Marrow is as dark as fat."""
    template = make_template(Contrast.WATER)

    assert signal(template, Tissue.FAT) == signal(template, Tissue.MARROW)
    assert signal(template, Tissue.MUSCLE) > 5 * signal(template, Tissue.FAT)


def test_the_atlas_is_a_right_foot_made_once() -> None:
    """All contrasts share one foot, and nobody can change it."""
    first, second = (make_template(Contrast.T1W) for _ in range(2))

    assert first is second
    assert first.foot is make_template(Contrast.WATER).foot
    assert first.foot.side is Side.RIGHT
    assert not first.intensity.flags.writeable
