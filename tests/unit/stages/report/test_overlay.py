"""Overlays are in the frame of the foot, and have the same bytes each time."""

import re
from dataclasses import replace
from io import BytesIO

import matplotlib as mpl
import numpy as np
import pytest
from boxed_foot import scan_of, split_of
from numpy.typing import NDArray
from PIL import Image

from pipeline.domain.anatomy import BONE_NAMES, MUSCLE_NAMES
from pipeline.domain.labels import LabelMap
from pipeline.domain.scan import Side
from pipeline.settings.report import ReportParams
from pipeline.stages.report.overlay import overlay
from pipeline.stages.report.reformats import DORSAL, LONG, RIGHTWARD, Cut, View, sample


def picture_of(png: bytes) -> NDArray[np.uint8]:
    """Give the pixels, RGB."""
    return np.asarray(Image.open(BytesIO(png)).convert("RGB"))


def test_an_overlay_is_a_small_picture_of_fixed_width() -> None:
    """It is 1600 pixels wide and smaller than 700 kB."""
    split = split_of()

    png = overlay(scan_of(split), split, ReportParams())

    assert Image.open(BytesIO(png)).size[0] == 1600
    assert len(png) < 700_000


@pytest.mark.integration
def test_an_overlay_is_the_same_bytes_each_time() -> None:
    """It contains neither a date nor the name of a library."""
    split = split_of()

    first, second = (overlay(scan_of(split), split, ReportParams()) for _ in range(2))

    assert first == second
    assert not re.search(rb"tEXt|tIME|matplotlib", first)


@pytest.mark.integration
def test_an_overlay_ignores_the_user_s_matplotlib_settings() -> None:
    """Another style does not change the bytes."""
    split = split_of()
    usual = overlay(scan_of(split), split, ReportParams())

    with mpl.rc_context({"font.size": 21, "lines.linewidth": 9, "image.cmap": "jet"}):
        assert overlay(scan_of(split), split, ReportParams()) == usual


@pytest.mark.integration
def test_every_present_muscle_has_its_colour_in_the_picture() -> None:
    """The palette keeps the colours of outlines; the legend alone has fewer pixels."""
    split = split_of()
    pixels = picture_of(overlay(scan_of(split), split, ReportParams())).reshape(-1, 3)

    def count(colour: str) -> int:
        wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
        return int((np.abs(pixels.astype(int) - wanted).max(axis=1) <= 2).sum())

    assert count("#e69f00") > 2 * count("#56b4e9") > 0  # abductor hallucis, and FDB not there


@pytest.mark.integration
def test_a_foot_without_muscle_is_drawn() -> None:
    """An empty label map is shown as such."""
    split = split_of()
    none = LabelMap(np.zeros_like(split.muscles.voxels), split.muscles.grid, MUSCLE_NAMES)
    for bones in (split.segmentation.bones, replace(none, names=BONE_NAMES)):
        bare = replace(
            split, segmentation=replace(split.segmentation, muscles=none, bones=bones)
        )

        assert overlay(scan_of(split), bare, ReportParams(short_axis_levels=4))


@pytest.mark.parametrize("turn_deg", [0.0, 17.0])
def test_sections_follow_the_foot_not_the_scanner(turn_deg: float) -> None:
    """A turned foot gives the same view of the same muscle."""
    split = split_of(turn_deg=turn_deg)
    view = View.of(split)
    cut = Cut(LONG, 20.0, RIGHTWARD, DORSAL)
    mask = (split.muscles.voxels == 1).astype(np.float32)

    share = sample(mask, split.muscles.grid, view.world_mm(cut))

    columns, rows = view.page_axes(cut)
    inside = np.argwhere(share > 0.5)
    assert (columns[inside[:, 1].min()], columns[inside[:, 1].max()]) == pytest.approx(
        (2.25, 9.75), abs=0.5
    )
    assert (rows[inside[:, 0].min()], rows[inside[:, 0].max()]) == pytest.approx(
        (3, 13), abs=0.5
    )


@pytest.mark.parametrize(("side", "is_left_of_page"), [(Side.RIGHT, True), (Side.LEFT, False)])
def test_nothing_is_mirrored(side: Side, is_left_of_page: bool) -> None:
    """Seen from the heel, the medial side of a right foot is on the left."""
    split = split_of(side)
    view = View.of(split)

    medial, lateral = (view.muscles_mm[i][:, RIGHTWARD].mean() for i in (1, 3))

    assert (medial < lateral) == is_left_of_page


def test_sections_show_every_plantar_muscle() -> None:
    """A short muscle has the same weight as a long one."""
    view = View.of(split_of())

    levels = view.levels_mm(6)

    assert levels == sorted(levels)
    for points in view.muscles_mm.values():
        low, high = points[:, LONG].min() - 1.25, points[:, LONG].max() + 1.25
        assert any(low <= level <= high for level in levels)


def test_the_sole_is_seen_from_above() -> None:
    """The page's up is the body's left, so its right is the toes."""
    view = View.of(split_of())
    cut = Cut(DORSAL, 9.0, LONG, RIGHTWARD, upside_down=True)

    _, _, bottom, top = view.extent(cut)
    world = view.world_mm(cut)

    assert bottom > top
    assert world[0, 0, 0] == pytest.approx(bottom)
    assert world[-1, 0, 0] == pytest.approx(top)


@pytest.mark.parametrize("turn_deg", [0.0, 17.0])
def test_a_window_holds_all_that_is_seen_of_a_muscle(turn_deg: float) -> None:
    """Outside of it the muscle's fraction is 0, and where there is none it is 0 everywhere."""
    split = split_of(turn_deg=turn_deg)
    view = View.of(split)
    for position_mm in (-5.0, 12.0, 20.0, 36.0, 51.0):
        cut = Cut(LONG, position_mm, RIGHTWARD, DORSAL)
        for label in view.muscles_mm:
            mask = (split.muscles.voxels == label).astype(np.float32)
            fraction = sample(mask, split.muscles.grid, view.world_mm(cut))
            window = view.window(cut, label)
            if window:
                fraction[window] = 0
            assert not fraction.any()
