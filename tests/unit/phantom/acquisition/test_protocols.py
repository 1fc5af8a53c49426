"""Protocols, and values out of range."""

import math
from dataclasses import replace

import pytest

from pipeline.domain.scan import Contrast
from pipeline.errors import ConfigError
from pipeline.phantom.acquisition.protocols import (
    PROTOCOLS,
    Orientation,
    Technique,
    get_orientation,
    get_protocol,
)

GIVEN = PROTOCOLS["t1_tse_3mm"]


@pytest.mark.parametrize(
    ("name", "voxel_mm"),
    [
        ("t1_se_4mm", (0.5, 4.0, 4.0)),
        ("t1_tse_3mm", (0.4, 3.0, 3.3)),
        ("vibe_0p8", (0.8, 0.8, 0.8)),
        ("dixon_2pt", (1.0, 3.0, 3.0)),
    ],
)
def test_protocols_have_the_resolution_of_their_names(
    name: str, voxel_mm: tuple[float, float, float]
) -> None:
    """Pixel, thickness and spacing, in mm."""
    protocol = get_protocol(name)

    result = (protocol.in_plane_mm, protocol.slice_thickness_mm, protocol.slice_spacing_mm)
    assert result == voxel_mm


def test_protocols_cover_all_contrasts() -> None:
    """T1, PD, T2 with fat suppression, and water."""
    assert {p.contrast for p in PROTOCOLS.values()} == set(Contrast) - {Contrast.FAT}
    assert PROTOCOLS["t2_fs"].fat_left < 0.1
    assert PROTOCOLS["vibe_0p8"].technique is Technique.GRADIENT_ECHO


def test_an_unknown_protocol_is_refused_with_the_known_ones() -> None:
    """The message lists the known ones."""
    with pytest.raises(ConfigError, match=r"got 't1_magic'.*one of t1_se_4mm, .*pd_tse"):
        get_protocol("t1_magic")


def test_an_unknown_orientation_is_refused_with_the_known_ones() -> None:
    """The message lists the known ones."""
    assert get_orientation("sagittal") is Orientation.SAGITTAL
    with pytest.raises(ConfigError, match=r"got 'coronal'.*short-axis, axial, sagittal"):
        get_orientation("coronal")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"muscle_snr": 0}, r"SNR must be above 0: got 0"),
        ({"muscle_snr": math.nan}, r"SNR must be above 0: got nan"),
        ({"slice_spacing_mm": -3.3}, r"spacing must lie in 0\.1 to 20\.0 mm: got .*-3\.3"),
        ({"in_plane_mm": 0.0}, r"pixel size.*must lie in 0\.1 to 20\.0 mm: got \(0\.0"),
        ({"slice_thickness_mm": 25.0}, r"slice thickness.*got .*25\.0"),
        ({"slice_spacing_mm": 2.9}, r"at least the slice thickness: got \(2\.9, 3\.0\)"),
        ({"field_t": 2.0}, r"field must be 1\.5, 3 or 7 T: got 2\.0"),
        ({"echo_time_ms": 800}, r"longer than echo time.*got \(700, 800, 36\.0\)"),
        ({"echo_train_ms": 900.0}, r"echo train.*900\.0"),
        ({"flip_deg": 0}, r"flip angle must lie in 1 to 90: got 0"),
        ({"fat_left": 1.2}, r"fraction of fat left must lie in 0 to 1: got 1\.2"),
        ({"oblique_deg": 120}, r"oblique angle must lie in -90 to 90 degrees: got 120"),
        ({"phase_axis": 2}, r"phase axis must be 0 or 1: got 2"),
        ({"cut_toes_mm": -5}, r"cuts must be 0 mm or more: got .*-5"),
    ],
)
def test_a_protocol_out_of_range_is_refused(changes: dict[str, float], words: str) -> None:
    """The message gives rule and value."""
    with pytest.raises(ConfigError, match=rf"{words}.*Give numbers that fit\."):
        replace(GIVEN, **changes)  # type: ignore[arg-type]
