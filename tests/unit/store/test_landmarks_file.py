"""Landmarks as JSON."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.domain.landmarks import Border, FootFrame, Landmarks
from pipeline.errors import ArtefactError
from pipeline.store.files import read_json, sha256_of, write_json
from pipeline.store.landmarks_file import read_landmarks, write_landmarks


@pytest.fixture
def landmarks() -> Landmarks:
    """Make landmarks that all differ."""
    frame = FootFrame((0.5, 1.0, 2.0), (0.6, 0.8, 0.0), (-0.8, 0.6, 0.0), (0.0, 0.0, 1.0))
    return Landmarks(
        heel=(1.0, 2.0, 3.0),
        calcaneal_tuberosity=(4.0, 5.0, 6.0),
        metatarsal_1_head=(7.0, 8.0, 9.0),
        metatarsal_5_head=(10.0, 11.0, 12.0),
        metatarsal_2_head=(13.0, 14.0, 15.0),
        metatarsal_1_base=(16.0, 17.0, 18.0),
        frame=frame,
        border=Border("tmt1", 123.5),
        foot_length_mm=250.25,
    )


@pytest.mark.parametrize("length_mm", [250.25, None])
def test_landmarks_come_back(
    length_mm: float | None, landmarks: Landmarks, tmp_path: Path
) -> None:
    """Every point, the frame, the border, and a length that may be unknown."""
    expected = replace(landmarks, foot_length_mm=length_mm)
    write_landmarks(expected, tmp_path / "a.json")

    assert read_landmarks(tmp_path / "a.json") == expected


def test_rounding_errors_do_not_change_the_bytes(landmarks: Landmarks, tmp_path: Path) -> None:
    """Another storage order moves points by less than a picometre, and zero keeps its sign."""
    frame = replace(landmarks.frame, long=(0.6, 0.8, -1e-15))
    write_landmarks(landmarks, tmp_path / "a.json")
    write_landmarks(
        replace(landmarks, heel=(1.0 + 1e-14, 2.0, 3.0), frame=frame), tmp_path / "b.json"
    )

    assert sha256_of(tmp_path / "a.json") == sha256_of(tmp_path / "b.json")


@pytest.mark.parametrize("name", ["heel", "frame", "border", "foot_length_mm"])
@pytest.mark.parametrize("value", [None, "x", [1.0]])
def test_an_altered_landmark_is_refused(
    name: str, value: object, landmarks: Landmarks, tmp_path: Path
) -> None:
    """Missing, text and short lists all end in one sentence."""
    write_landmarks(landmarks, tmp_path / "a.json")
    content = read_json(tmp_path / "a.json")
    content[name] = value
    if value is None:
        del content[name]
    write_json(content, tmp_path / "a.json")

    with pytest.raises(
        ArtefactError, match=rf"'a.json' must be complete: got a fault at '{name}.*regions st"
    ):
        read_landmarks(tmp_path / "a.json")


@pytest.mark.parametrize("value", ["true", '"123.5"', "null"])
def test_a_coordinate_is_a_number(value: str, landmarks: Landmarks, tmp_path: Path) -> None:
    """Neither text that looks like one, nor a truth value."""
    write_landmarks(landmarks, tmp_path / "a.json")
    text = (tmp_path / "a.json").read_text().replace("123.5", value)
    (tmp_path / "a.json").write_text(text)

    with pytest.raises(ArtefactError, match="must be complete: got a fault at"):
        read_landmarks(tmp_path / "a.json")


@pytest.mark.parametrize("number", ["NaN", "1e999", "-Infinity"])
def test_a_landmark_that_is_not_finite_is_refused(
    number: str, landmarks: Landmarks, tmp_path: Path
) -> None:
    """Python's JSON accepts NaN and infinity."""
    write_landmarks(landmarks, tmp_path / "a.json")
    text = (tmp_path / "a.json").read_text().replace("123.5", number)
    (tmp_path / "a.json").write_text(text)

    with pytest.raises(
        ArtefactError, match="must be complete: got numbers that are not finite"
    ):
        read_landmarks(tmp_path / "a.json")
