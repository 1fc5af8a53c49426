"""The model of bone centres that is learned from training feet."""

import hashlib
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.phantom.anatomy.digital_foot import make_foot
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.phantom.anatomy.skeleton import draw_skeleton
from pipeline.segmenters.network.bone_shape import BoneShape
from training.learn_bone_shape import export, learn, median_centres_mm, to_tsv
from training.template import POSE_BONES

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def model() -> BoneShape:
    """Learn from a few feet."""
    return learn(6)


def test_centres_are_those_of_the_whole_foot() -> None:
    """Of a posed foot, although no soft tissue is made."""
    shape = replace(FootShape(), skeleton=draw_skeleton(np.random.default_rng(3)))
    bones = make_foot(shape, 2.0).truth.bones

    centres = median_centres_mm(shape)

    for label in POSE_BONES:
        median = np.median(np.argwhere(bones.voxels == label), axis=0)
        np.testing.assert_allclose(centres[label], bones.grid.to_world(median), atol=1e-6)


def test_a_learned_model_can_be_inverted(model: BoneShape) -> None:
    """The localisation error makes the covariance of few feet regular."""
    spread = np.linalg.eigvalsh(model.covariance_mm2)

    assert model.labels == tuple(POSE_BONES)
    assert spread[0] >= 1.5**2 - 1e-6
    assert (spread > 1e5).sum() == 7  # the directions of the pose


def test_a_model_survives_as_text(model: BoneShape) -> None:
    """To the third decimal."""
    read = BoneShape.from_tsv(to_tsv(model).encode())

    assert read.labels == model.labels
    np.testing.assert_allclose(read.mean_mm, model.mean_mm, atol=5e-4)
    np.testing.assert_allclose(read.covariance_mm2, model.covariance_mm2, atol=5e-4)


def test_the_manifest_names_the_file_and_keeps_the_rest(
    model: BoneShape, tmp_path: Path
) -> None:
    """With its sha256, and how many feet it was learned from."""
    (tmp_path / "network.toml").write_text('name = "footnet"\n[files.fine]\nname = "f"\n')

    export(model, tmp_path, 6)

    record = tomllib.loads((tmp_path / "network.toml").read_text())
    content = (tmp_path / "bone_shape.tsv").read_bytes()
    entry = {"name": "bone_shape.tsv", "sha256": hashlib.sha256(content).hexdigest()}
    assert record["files"] == {"fine": {"name": "f"}, "bone_shape": entry}
    assert record["name"] == "footnet"
    assert record["training"]["bone_shape"]["feet"] == 6
