"""The manifests of user models, and which are refused."""

from typing import Any

import pytest
from user_models import LABELS, by_intensity, loaded, manifest_of, nnunet_manifest_of, parsed

from pipeline.errors import ConfigError
from pipeline.segmenters.user_model.manifest import NnunetManifest, OnnxManifest

GOOD = by_intensity()
EMPTY = dict.fromkeys(("plans.json", "dataset.json", "fold_0/checkpoint_final.pth"), b"{}")


def test_several_channels_may_be_one_structure() -> None:
    """As two heads of one muscle; names and abbreviations are known, in any case."""
    labels = LABELS | {29: "Flexor hallucis brevis", 6: "fhb"}

    assert loaded(GOOD, labels=labels).manifest.classes[29] == 6


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"spacing_mm": [1, 0, 1]}, r"'spacing_mm\.1' .* greater than 0, got 0\). Correct it"),
        ({"spacing_mm": [1, -2, 1]}, r"'spacing_mm\.1' .* greater than 0, got -2"),
        ({"spacing": 1}, r"'spacing' in 'mine\.toml' does not fit \(extra inputs are not"),
        ({"refine": None}, r"'refine' in .* \(field required\)"),
        ({"sha256": "ab"}, r"'sha256' .* should match"),
        ({"file": "../mine.onnx"}, r"'file' .* should match"),
        ({"name": "a b"}, r"'name' .* should match"),
        ({"orientation": "RAP"}, r"it needs one letter each of R or L.*got 'RAP'"),
        ({"percentiles": [90, 10]}, r"it needs percentiles that rise, got \(90\.0, 10\.0\)"),
        ({"normalisation": "minmax"}, r"'normalisation' .*'percentile', 'zscore' or 'none'"),
        ({"labels": LABELS | {3: "soleus"}}, r"footvol info, or 'background', got 'soleus'"),
        ({"labels": LABELS | {31: "talus"}}, r"every channel from 0 on, got 0, 1, .*31"),
        (
            {"labels": LABELS | {4: "background"}},
            r"reported as 0 cm3.*got no quadratus plantae",
        ),
        ({"labels": LABELS | {14: "cuboid"}}, r"border and the side, got no talus\)"),
    ],
)
def test_manifests_that_do_not_fit_are_refused(changes: dict[str, Any], words: str) -> None:
    """The message names the key and what it needs."""
    with pytest.raises(ConfigError, match=words):
        parsed(manifest_of(GOOD, **changes), OnnxManifest)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (["plans.json", "dataset.json"], r"it needs plans\.json, dataset\.json and fold_"),
        (["plans.json", "dataset.json", "checkpoint_final.pth"], "it needs plans"),
        ([*EMPTY, "../mine.pth"], "should match"),
    ],
)
def test_a_manifest_names_all_files(files: list[str], words: str) -> None:
    """Both JSON files and one fold or more, and nothing outside the folder."""
    text = nnunet_manifest_of(dict.fromkeys(files, b""))

    with pytest.raises(ConfigError, match=words):
        parsed(text, NnunetManifest)
