"""Learn how the bone centres of feet vary: ``python -m training.learn_bone_shape``."""

import argparse
import hashlib
import tomllib
from pathlib import Path

import numpy as np
import tomli_w

import pipeline
from pipeline.phantom.anatomy.displacement_field import make_displacement_field
from pipeline.phantom.anatomy.joint_pose import pose_structures
from pipeline.phantom.anatomy.lattice import Lattice
from pipeline.phantom.anatomy.nearest_label import assign_nearest_label
from pipeline.phantom.anatomy.shape import FootShape
from pipeline.phantom.anatomy.skeleton import NEUTRAL, Cylinders
from pipeline.phantom.anatomy.structures import BONES
from pipeline.segmenters.network.bone_shape import Array, BoneShape
from pipeline.segmenters.network.pose_fit import fit_pose
from pipeline.segmenters.network.weights import BONE_SHAPE, MANIFEST
from pipeline.store.files import written_whole
from training.feet import ALL_KINDS, draw_kind, draw_training_shape
from training.template import POSE_BONES, template_mm

BONE_SHAPE_STREAM = 7_000_000
"""First seed of the feet, far from those of other training feet and of tests."""

_SPACING_MM = 2.0
_MARGIN_MM = 8.0  # around the bones, within which their displacements are blended
_JOINT_MM = 1.0  # between bones: their cartilage
_LOCALISATION_SD_MM = 1.5  # error of a centre that the network gives
_POSE_SD_MM = 1000.0  # along each direction of a similarity transform: no information


def main() -> None:
    """Learn the model, and write it and its entry in the manifest into the package."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feet", type=int, default=600)
    models = Path(pipeline.__file__).parent / "segmenters" / "network" / "models"
    parser.add_argument("--models", type=Path, default=models)
    given = parser.parse_args()
    export(learn(given.feet), given.models, given.feet)


def export(shape: BoneShape, models: Path, feet: int) -> None:
    """Write a model that was learned from some feet, and enter it into the manifest."""
    path, manifest = models / f"{BONE_SHAPE}.tsv", models / MANIFEST
    content = to_tsv(shape).encode()
    record = tomllib.loads(manifest.read_text()) if manifest.exists() else {}
    entry = {"name": path.name, "sha256": hashlib.sha256(content).hexdigest()}
    record.setdefault("files", {})[BONE_SHAPE] = entry
    record.setdefault("training", {})[BONE_SHAPE] = {"feet": feet, "stream": BONE_SHAPE_STREAM}
    for target, text in ((path, content), (manifest, tomli_w.dumps(record).encode())):
        with written_whole(target) as scratch:
            scratch.write_bytes(text)


def median_centres_mm(shape: FootShape) -> dict[int, Array]:
    """Give the median position of each pose bone, as the network's labels give it.

    Notes
    -----
    As `make_foot` makes them, without soft tissue, which would take ten times as long.
    """
    cylinders = pose_structures(shape).cylinders
    bones = {name: cylinders[name] for name in BONES}
    labels, first, second = assign_nearest_label(
        lattice := _lattice(bones, shape), bones.items(), BONES, margin_mm=_JOINT_MM
    )
    labels[(first >= 0) | (second - first < _JOINT_MM)] = 0
    return {
        label: lattice.origin_mm + _SPACING_MM * np.median(np.argwhere(labels == label), axis=0)
        for label in POSE_BONES
    }


def _lattice(bones: Cylinders, shape: FootShape) -> Lattice:
    """Give a lattice over the bones, deformed with the skeleton."""
    corners = np.array([bone.bounds for bone in bones.values()]).reshape(-1, 3)
    low_mm, high_mm = corners.min(axis=0) - _MARGIN_MM, corners.max(axis=0) + _MARGIN_MM
    if shape.skeleton == NEUTRAL:
        return Lattice.over(low_mm, high_mm, _SPACING_MM)
    field = make_displacement_field(shape.skeleton, bones, low_mm, high_mm)
    moved = field.apply(corners)
    return field.deformed_lattice(
        moved.min(axis=0) - _MARGIN_MM, moved.max(axis=0) + _MARGIN_MM, _SPACING_MM
    )


def learn(feet: int) -> BoneShape:
    """Learn the model from training feet of all kinds."""
    aligned = np.array([_aligned(_draw_shape(index)) for index in range(feet)])
    mean_mm = aligned.mean(axis=0)
    covariance = np.cov(aligned.reshape(feet, -1), rowvar=False)
    covariance += _LOCALISATION_SD_MM**2 * np.eye(len(covariance))
    directions, _ = np.linalg.qr(_pose_directions(mean_mm))
    covariance += _POSE_SD_MM**2 * directions @ directions.T
    return BoneShape(tuple(POSE_BONES), mean_mm, covariance)


def _draw_shape(index: int) -> FootShape:
    kind = draw_kind(BONE_SHAPE_STREAM, index, ALL_KINDS)
    return draw_training_shape(np.random.default_rng((BONE_SHAPE_STREAM, index)), kind)


def _aligned(shape: FootShape) -> Array:
    """Give the bone centres in the patch that is fitted to them, (12, 3) in mm."""
    centres = median_centres_mm(shape)
    pose, _ = fit_pose(centres, template_mm(), is_mirrored=False)
    points = np.array([centres[label] for label in POSE_BONES])
    aligned: Array = (points - pose[:3, 3]) @ np.linalg.inv(pose[:3, :3]).T
    return aligned


def _pose_directions(mean_mm: Array) -> Array:
    """Give the seven directions in which a small similarity transform moves all coordinates."""
    axes = np.eye(3)
    translations = [np.broadcast_to(axis, mean_mm.shape) for axis in axes]
    rotations = [np.cross(axis, mean_mm) for axis in axes]
    return np.stack([d.ravel() for d in (*translations, *rotations, mean_mm)], axis=1)


def to_tsv(shape: BoneShape) -> str:
    """Write a model as text: a row for each coordinate of each bone."""
    header = ["bone", "mean_mm"] + [
        f"{label}_{axis}_mm2"
        for label in shape.labels
        for axis in ("lateral", "distal", "dorsal")
    ]
    lines = ["\t".join(header)]
    for row, (mean, covariance) in enumerate(
        zip(shape.mean_mm.ravel(), shape.covariance_mm2, strict=True)
    ):
        numbers = [f"{value:.3f}" for value in (mean, *covariance)]
        lines.append("\t".join([str(shape.labels[row // 3]), *numbers]))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
