"""Records of where every number came from: sidecars, dataset description, label tables."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pipeline
from pipeline.domain.anatomy import BONE_NAMES, MUSCLES, REGION_NAMES
from pipeline.domain.cautions import Caution
from pipeline.domain.scan import Side
from pipeline.errors import ArtefactError
from pipeline.store.files import read_json, write_json, written_whole
from pipeline.store.names import sidecar_of

BIDS_VERSION = "1.10.0"
_LIBRARIES = (
    *("matplotlib", "nibabel", "numpy", "onnxruntime", "pandas"),
    *("scikit-image", "scipy", "SimpleITK", "statsmodels"),
)
EXTRAS = {"nnunet": ("nnunetv2", "torch")}
"""Optional libraries, by the only segmenter that needs them."""
DATASET_FILES = (
    *("dataset_description.json", "dseg.tsv", "dseg.json"),
    *("seg-bones_dseg.tsv", "seg-regions_dseg.tsv", ".bidsignore"),
)
_MUSCLE_COLUMNS = {
    "index": "Label in the map seg-muscles",
    "name": "Name of the muscle",
    "abbreviation": "Abbreviation of the muscle in all tables",
    "fma": "Right-side part in the Foundational Model of Anatomy; n/a where pooled",
    "layer": "Plantar layer 1 to 4, or dorsal",
    "color": "Colour in figures and in DICOM, hexadecimal",
}
# Files that BIDS has no name for (its tables *_dseg.tsv have one row per label, these have
# more). The validator would not match figures/ with a slash, or a name with two stars.
_BIDSIGNORE = """\
config.toml
volumes.tsv
volumes.json
muscles.tsv
muscles.json
statistics.*
border_*
report.html
review.tsv
corrections
logs
sub-*.html
sub-*/figures
figures
**/*_landmarks.json
**/*_desc-volumes_dseg.tsv
**/*_desc-volumes_dseg.json
**/*_desc-border_dseg.tsv
**/*_desc-border_dseg.json
**/*_desc-profile_dseg.tsv
**/*_desc-profile_dseg.json
"""


@cache
def code_version() -> str:
    """Return the version and a short checksum of the package's own files."""
    root = Path(pipeline.__file__).parent
    digest = sha256()
    for path in sorted(root.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.relative_to(root).as_posix().encode() + b"\0")
            digest.update(path.read_bytes() + b"\0")
    return f"{pipeline.__version__}+{digest.hexdigest()[:12]}"


@cache
def library_versions(segmenter: str | None = None) -> Mapping[str, str]:
    """Return the versions of the libraries that numbers and figures depend on.

    They are read from the installed metadata; no library is imported.

    Parameters
    ----------
    segmenter
        Name of the segmenter, as in the settings; further libraries that it needs are listed
        if they are installed.
    """
    versions = {name: version(name) for name in _LIBRARIES}
    for name in EXTRAS.get(segmenter or "", ()):
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    return versions


def software_versions() -> Mapping[str, str]:
    """Return the versions of footvol and of the libraries that numbers depend on."""
    return {"footvol": code_version(), **library_versions()}


def sidecar(
    path: Path,
    *,
    sources: Mapping[str, str] | None = None,
    side: Side | None = None,
    segmenter: str | None = None,
    cautions: Iterable[Caution] = (),
    settings: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Path:
    """Write the JSON file that belongs to an image or table.

    Parameters
    ----------
    path
        The image or table.
    sources
        SHA-256 of the files that it was made from, by the name to record, such as
        ``bids:raw:sub-01/anat/sub-01_T1w.nii.gz``.
    side
        Written as the DICOM letter, ``R`` or ``L``.
    fields
        Further fields under their own names, such as ``SkullStripped=False``;
        those that are None are left out.

    Returns
    -------
    Path
        The sidecar.
    """
    sums = dict(sorted((sources or {}).items()))
    content = {
        "Sources": list(sums) or None,
        "SourcesSHA256": sums or None,
        "GeneratedBy": [{"Name": n, "Version": v} for n, v in software_versions().items()],
        "Settings": settings,
        "Cautions": [asdict(c) for c in cautions],
        "BodyPart": "FOOT",
        "Laterality": side.letter if side else None,
        "Segmenter": segmenter,
        **fields,
    }
    target = sidecar_of(path)
    write_json({k: v for k, v in content.items() if v is not None}, target)
    return target


def version_in(path: Path) -> str:
    """Read which footvol made an image, from its sidecar.

    Raises
    ------
    ArtefactError
        If the sidecar is missing or does not say.
    """
    made_by = read_json(sidecar_of(path)).get("GeneratedBy")
    for maker in made_by if isinstance(made_by, list) else ():
        if isinstance(maker, dict) and maker.get("Name") == "footvol" and maker.get("Version"):
            return str(maker["Version"])
    msg = (
        f"The sidecar {sidecar_of(path).name!r} must state the version of footvol: got none. "
        "Run the stage that writes it again."
    )
    raise ArtefactError(msg)


def write_dataset_files(out_dir: Path, *, raw: str | None = None) -> None:
    """Write the files that make a folder a BIDS derivative dataset.

    These are the description, the label tables and the ``.bidsignore``.

    Parameters
    ----------
    raw
        Location of the raw dataset, relative to `out_dir` or as a URI; sidecars refer to
        it as ``bids:raw:``.
    """
    description = {
        "Name": "Volumes of the intrinsic foot muscles",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "footvol", "Version": pipeline.__version__}],
    }
    links = {"DatasetLinks": {"raw": raw}} if raw else {}
    write_json({**description, **links}, out_dir / "dataset_description.json")
    _write_text(_muscle_table(), out_dir / "dseg.tsv")
    write_json(
        {k: {"Description": v} for k, v in _MUSCLE_COLUMNS.items()}, out_dir / "dseg.json"
    )
    _write_text(_label_table(BONE_NAMES), out_dir / "seg-bones_dseg.tsv")
    _write_text(_label_table(REGION_NAMES), out_dir / "seg-regions_dseg.tsv")
    _write_text(_BIDSIGNORE, out_dir / ".bidsignore")


def _muscle_table() -> str:
    rows = [
        (str(m.index), m.name, m.abbreviation, str(m.fma or "n/a"), m.layer, m.colour)
        for m in MUSCLES
    ]
    return _tsv([tuple(_MUSCLE_COLUMNS), *rows])


def _label_table(names: Mapping[int, str]) -> str:
    return _tsv([("index", "name"), *((str(i), name) for i, name in sorted(names.items()))])


def _tsv(rows: Iterable[tuple[str, ...]]) -> str:
    return "".join("\t".join(row) + "\n" for row in rows)


def _write_text(text: str, path: Path) -> None:
    with written_whole(path) as scratch:
        scratch.write_text(text, encoding="utf-8")
