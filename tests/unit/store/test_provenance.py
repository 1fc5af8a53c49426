"""Sidecars and the files of a derivative dataset."""

import re
from pathlib import Path

import pytest

import pipeline
from pipeline.domain.anatomy import MUSCLES
from pipeline.domain.cautions import Caution
from pipeline.domain.scan import Side
from pipeline.errors import ArtefactError
from pipeline.store.files import read_json, write_json
from pipeline.store.provenance import code_version, sidecar, version_in, write_dataset_files
from pipeline.store.tables import read_table


def test_the_code_version_names_version_and_sources() -> None:
    """Two states of the code have different versions."""
    assert re.fullmatch(re.escape(pipeline.__version__) + r"\+[0-9a-f]{12}", code_version())


def test_a_sidecar_says_where_its_image_came_from(tmp_path: Path) -> None:
    """Sources by name and checksum, side, settings, cautions, further fields."""
    written = sidecar(
        tmp_path / "a_dseg.nii.gz",
        sources={"bids:raw:sub-01/anat/raw.nii.gz": "ab12"},
        side=Side.RIGHT,
        segmenter="network",
        cautions=[Caution("a", "B.", "segment")],
        settings={"shrink": 2},
        SkullStripped=False,
        Seconds=None,
    )
    facts = read_json(written)

    assert written.name == "a_dseg.json"
    assert facts.pop("GeneratedBy")[0] == {"Name": "footvol", "Version": code_version()}
    assert facts == {
        "Sources": ["bids:raw:sub-01/anat/raw.nii.gz"],
        "SourcesSHA256": {"bids:raw:sub-01/anat/raw.nii.gz": "ab12"},
        "Settings": {"shrink": 2},
        "Cautions": [{"code": "a", "message": "B.", "stage": "segment"}],
        "BodyPart": "FOOT",
        "Laterality": "R",
        "Segmenter": "network",
        "SkullStripped": False,
    }


def test_a_sidecar_tells_the_version_that_wrote_it(tmp_path: Path) -> None:
    """Among the libraries."""
    sidecar(tmp_path / "a_dseg.nii.gz")

    assert version_in(tmp_path / "a_dseg.nii.gz") == code_version()


@pytest.mark.parametrize(
    "makers", [None, "footvol", [], ["footvol"], [{"Name": "other", "Version": "1"}]]
)
def test_a_sidecar_without_the_version_is_refused(makers: object, tmp_path: Path) -> None:
    """Whatever it has in its place."""
    write_json({"GeneratedBy": makers}, tmp_path / "a_dseg.json")

    with pytest.raises(ArtefactError, match=r"'a_dseg.json' must state the version of footvol"):
        version_in(tmp_path / "a_dseg.nii.gz")


def test_a_derivative_dataset_describes_itself(tmp_path: Path) -> None:
    """BIDS version, type, generator, and the location of the raw data."""
    write_dataset_files(tmp_path, raw="../raw")

    assert read_json(tmp_path / "dataset_description.json") == {
        "Name": "Volumes of the intrinsic foot muscles",
        "BIDSVersion": "1.10.0",
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "footvol", "Version": pipeline.__version__}],
        "DatasetLinks": {"raw": "../raw"},
    }
    assert "sub-*/figures\n" in (tmp_path / ".bidsignore").read_text()


def test_the_label_table_is_the_contract(tmp_path: Path) -> None:
    """Index, name, abbreviation and FMA of every muscle; pooled ones have no FMA."""
    write_dataset_files(tmp_path)

    table = read_table(tmp_path / "dseg.tsv")
    assert table["index"].tolist() == list(range(1, 13))
    assert table["abbreviation"].tolist() == [m.abbreviation for m in MUSCLES]
    assert table["fma"].iloc[0] == 37459
    assert table["fma"].isna().sum() == 3
    assert table["color"].tolist() == [m.colour for m in MUSCLES]
    assert len(read_table(tmp_path / "seg-bones_dseg.tsv")) == 16
    assert read_table(tmp_path / "seg-regions_dseg.tsv")["name"].tolist() == [
        "rearfoot",
        "forefoot",
    ]
