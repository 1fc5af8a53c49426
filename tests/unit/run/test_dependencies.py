"""What the outputs of a stage depend on: code, data files and libraries."""

import shutil
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import pipeline
from pipeline.run.dependencies import DISTRIBUTIONS, code_hash, dependencies_of, versions_of
from pipeline.run.plan import module_of, stage_names

SOURCES = Path(pipeline.__file__).parent
TABLES, PAGES = "pipeline.run.cohort_tables", "pipeline.run.cohort_pages"
CHECK = "pipeline.run.comparison_input"
SEGMENT = module_of("segment")


def write_package(root: Path, **modules: str) -> Path:
    """Write a package named as footvol's, of these modules."""
    for name, source in {"__init__": "__version__ = '1'", **modules}.items():
        path = root / "pipeline" / f"{name.replace('__', '/', name != '__init__')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return root


def files_of(module: str, root: Path = SOURCES.parent) -> set[str]:
    """Give the files that a module depends on, as paths below the package."""
    files = dependencies_of(module, root).files
    return {path.relative_to("pipeline").as_posix() for path in files}


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("segment", "segmenters/network/network_segmenter.py store/corrections.py"),
        ("segment", "segmenters/network/models/fine.onnx segmenters/user_model/nnunet.py"),
        ("segment", "settings/segment.py domain/labels.py stages/segment.py errors.py"),
        ("preprocess", "stages/preprocess.py stages/quality/measures.py settings/quality.py"),
        ("preprocess", "stages/laterality.py store/images.py itk.py"),
        ("regions", "stages/regions/find_landmarks.py run/stages/inputs.py"),
        ("measure", "stages/measure/calibration.tsv stages/measure/border_sweep.py"),
        ("measure", "stages/measure/prediction_intervals.py store/tables.py"),
        ("figures", "stages/report/overlay.py stages/plot_style.py settings/report.py"),
    ],
)
def test_a_stage_depends_on_what_it_uses(module: str, names: str) -> None:
    """Code and data files count, directly or through other modules."""
    assert set(names.split()) <= files_of(module_of(module))


@pytest.mark.parametrize(
    ("module", "names"),
    [
        (TABLES, "stages/compare/groups.py stages/report/templates/statistics.md.j2"),
        (TABLES, "stages/compare/volume_row.py settings/compare.py"),
        (PAGES, "stages/report/templates/report.html.j2 stages/report/effect_plot.py"),
        (PAGES, "run/figures.py stages/report/study_page.py"),
    ],
)
def test_tables_and_pages_depend_on_what_they_use(module: str, names: str) -> None:
    """The templates of the pages count for them."""
    assert set(names.split()) <= files_of(module)


@pytest.mark.parametrize("stage", ["preprocess", "segment", "regions", "measure"])
def test_a_measuring_stage_does_not_depend_on_what_shows_its_results(stage: str) -> None:
    """Neither report nor review nor command line makes a foot be segmented again."""
    others = ("cli/", "review/", "phantom/", "intake/", "stages/report/", "stages/compare/")
    found = files_of(module_of(stage))

    assert not [name for name in found if name.startswith(others)]
    assert "config.py" not in found


@pytest.mark.parametrize(
    ("module", "others"),
    [
        (TABLES, "run/cohort_pages.py stages/report/study_page.py stages/report/overlay.py"),
        (CHECK, "run/cohort_tables.py stages/compare/groups.py stages/report/sentences.py"),
    ],
)
def test_what_comes_before_does_not_depend_on_what_follows(module: str, others: str) -> None:
    """Another page leaves the tables as they are, another statistic the check of the design."""
    assert not set(others.split()) & files_of(module)


def test_pictures_of_a_foot_do_not_depend_on_pages() -> None:
    """A page with other words does not draw a thousand feet again."""
    found = files_of(module_of("figures"))

    assert not [name for name in found if "templates" in name or "page" in name]


@pytest.mark.parametrize("stage", ["preprocess", "regions", "measure", "figures"])
def test_only_segmentation_depends_on_the_networks(stage: str) -> None:
    """New weights leave what does not use them up to date."""
    assert not [name for name in files_of(module_of(stage)) if name.endswith(".onnx")]


def test_the_hash_follows_the_files(tmp_path: Path) -> None:
    """One byte of code or data that a stage uses is another hash; other files do not matter."""

    def hashes(name: str, change: str = "") -> tuple[str, str]:
        root = tmp_path / name
        shutil.copytree(SOURCES, root / "pipeline", ignore=shutil.ignore_patterns("vendor"))
        if change:
            with (root / "pipeline" / change).open("ab") as file:
                file.write(b"\n")
        return code_hash(SEGMENT, root), code_hash(PAGES, root)

    before = hashes("before")

    assert before == (code_hash(SEGMENT), code_hash(PAGES))
    assert hashes("page", "stages/report/study_page.py")[0] == before[0]
    assert hashes("page2", "stages/report/templates/report.html.j2")[1] != before[1]
    assert hashes("domain", "domain/labels.py")[0] != before[0]
    assert hashes("weights", "segmenters/network/models/fine.onnx")[0] != before[0]
    assert hashes("version", "__init__.py") == before


def test_imports_are_found_wherever_they_stand(tmp_path: Path) -> None:
    """In functions and conditions, too, but not where only types are checked."""
    source = """
from typing import TYPE_CHECKING
import pipeline.a
from pipeline import b
if TYPE_CHECKING:
    import pandas
    import pipeline.unused
else:
    import scipy
def later():
    try:
        from pipeline.package import c
    except ImportError:
        import numpy.linalg
    from pipeline.package.d import name
DATA, MODULE = "pipeline.data", "pipeline.unused"
"""
    root = write_package(
        tmp_path,
        top=source,
        **dict.fromkeys(("a", "b", "unused", "package____init__", "package__c"), ""),
        package__d="import json",
        data____init__="",
    )
    (root / "pipeline" / "data" / "weights.bin").write_bytes(b"1")
    (root / "pipeline" / "data" / ".DS_Store").write_bytes(b"1")

    found = dependencies_of("pipeline.top", root)

    assert files_of("pipeline.top", root) == {
        *("top.py", "a.py", "b.py", "package/__init__.py", "package/c.py", "package/d.py"),
        *("data/__init__.py", "data/weights.bin"),
    }
    assert found.libraries == {"scipy", "numpy"}


def test_modules_that_import_each_other_are_found_once(tmp_path: Path) -> None:
    """A circle has an end."""
    root = write_package(tmp_path, one="import pipeline.two", two="import pipeline.one")

    assert files_of("pipeline.one", root) == {"one.py", "two.py"}


@pytest.mark.parametrize(
    ("stage", "used", "unused"),
    [
        ("preprocess", {"SimpleITK", "scipy", "skimage", "nibabel", "numpy"}, "onnxruntime"),
        ("segment", {"onnxruntime", "scipy", "skimage", "nibabel", "numpy"}, "SimpleITK"),
        ("regions", {"numpy", "nibabel"}, "onnxruntime"),
        ("measure", {"numpy", "scipy", "pandas"}, "statsmodels"),
        ("figures", {"matplotlib", "PIL"}, "jinja2"),
    ],
)
def test_the_libraries_of_a_stage_are_those_that_it_imports(
    stage: str, used: set[str], unused: str
) -> None:
    """What only checks settings decides no output."""
    versions = versions_of(module_of(stage))

    assert used <= set(versions)
    assert unused not in versions
    assert "pydantic" not in versions
    assert "n/a" not in versions.values()


def test_distributions_are_those_of_the_imports() -> None:
    """A library that is installed under another name is found by it."""
    installed = packages_distributions()
    names = {n for s in stage_names() for n in versions_of(module_of(s))}

    for name in names | set(versions_of(TABLES)) | set(versions_of(PAGES)):
        found = {distribution.lower() for distribution in installed[name]}
        assert DISTRIBUTIONS.get(name, name).lower() in found


def test_a_library_that_is_not_installed_has_no_version() -> None:
    """An optional one does not stop the stages that could use it."""
    versions = versions_of(SEGMENT, "nnunet")

    assert {"torch", "nnunetv2"} <= set(versions)
