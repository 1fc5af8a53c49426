"""Settings: what wins, and what is refused by which words."""

import tomllib
from pathlib import Path

import pytest

from pipeline.config import PipelineConfig, load_config, setting_keys, to_toml
from pipeline.errors import ConfigError


def write(folder: Path, text: str) -> Path:
    """Write a settings file."""
    path = folder / "study.toml"
    path.write_text(text)
    return path


def test_no_file_gives_the_defaults() -> None:
    """All settings are optional."""
    assert load_config() == PipelineConfig()


def test_the_command_line_goes_before_the_file_before_the_defaults(tmp_path: Path) -> None:
    """Each source replaces only the keys that it has."""
    path = write(tmp_path, '[regions]\nborder = "chopart"\n[compare]\ntest = "student"\n')
    config = load_config(path, ["regions.border='mt5_base'"])

    assert config.regions.border == "mt5_base"
    assert config.compare.test == "student"
    assert config.compare.reference == "healthy"


def test_bare_words_are_text() -> None:
    """A shell eats quotes, so text needs none."""
    assert load_config(None, ["regions.border=chopart"]).regions.border == "chopart"


def test_values_are_toml() -> None:
    """Lists and truth values are written as in the file."""
    config = load_config(None, ["measure.muscles=['ABH','QP']", "intake.accept_left = true"])

    assert config.measure.muscles == ("ABH", "QP")
    assert config.intake.accept_left is True


def test_several_settings_of_one_section_add_up() -> None:
    """A second key of a section does not undo the first."""
    config = load_config(None, ["regions.border=fraction", "regions.fraction=0.42"])

    assert (config.regions.border, config.regions.fraction) == ("fraction", 0.42)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[regions]\nbordr = 'tmt1'", r"no setting 'regions.bordr' \(in '.*study.toml'\). "
         r"The nearest is 'regions.border'"),
        ("[region]\nborder = 'tmt1'", r"no setting 'region'.* The nearest is 'regions'"),
        ("border = 'tmt1'", r"no setting 'border'"),
        ("[regions]\nborder = 'lisfranc'", r"'regions.border' should be 'tmt1', 'tmt1_prox.*"
         r"got 'lisfranc' \(in '.*study.toml'\)"),
        ("[regions]\nborder = 'fraction'\nfraction = 1.5", r"'regions.fraction' should be less "
         r"than 1: got 1.5"),
        ("[regions]\nborder = 'fraction'", r"regions.fraction and .* go together"),
        ("[measure]\nmuscles = ['ABX']", r"each of ABH, .* got ABX"),
        ("[report]\nshort_axis_levels = '6'", r"should be a valid integer: got '6'"),
        ("[intake]\nseries = 'x'", "'intake.series' .*: got 'x'"),
        ("[intake]\nplane = 'short'", "'intake.plane' .*: got 'short'"),
        ("[intake]\nmax_slice_mm = 0", "'intake.max_slice_mm' .*: got 0"),
        ("[intake]\nsuffix = 'bold'", "'intake.suffix' .*: got 'bold'"),
        ("[intake]\nacept_left = true", "no setting 'intake.acept_left'"),
        ("[intake]\naccept_left = 1", r"should be a valid boolean: got 1"),
        ("regions = 3", r"'regions' .*: got 3"),
        ("[regions\n", r"must be valid TOML: got '.*study.toml'"),
        ("a = " + "[" * 5000 + "]" * 5000, r"nested more than 16 deep\). Correct that line"),
        ("a = " + "[" * 17 + "]" * 17, r"nested more than 16 deep"),
        ("a." * 5000 + "a = 1", r"nested more than 16 deep"),
        ("[compare]\nseed = " + "9" * 5000, r"a number has thousands of digits"),
        ("[compare]\ngroup_column = 07:32:00", r"a valid string: got {'date or time': '07:32"),
        ("[intake]\n" + "".join(f"x{k} = 1\n" for k in range(9)), r"'intake.x4'.* 4 more\.$"),
        (f"[regions]\nborder = '{'x' * 5000}'", r"got 'x{96}\.\.\. \(in"),
    ],
)  # fmt: skip
def test_faulty_files_are_refused(tmp_path: Path, text: str, words: str) -> None:
    """The message names key, value, file, and what is allowed or near."""
    with pytest.raises(ConfigError, match=words):
        load_config(write(tmp_path, text))


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    """Some editors put one before the first letter."""
    path = write(tmp_path, "\ufeff[regions]\nborder = 'mt5_base'\n")

    assert load_config(path).regions.border == "mt5_base"


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    """One fault does not hide the next."""
    path = write(tmp_path, "[report]\nshort_axis_levels = 99\n[compare]\ntset = 'welch'\n")

    with pytest.raises(ConfigError, match=r"(?s)compare.tset.*report.short_axis_levels"):
        load_config(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """A wrong path does not mean the defaults."""
    with pytest.raises(
        ConfigError, match=r"must be a file 'no.toml': got none in .* Check --config\."
    ):
        load_config(tmp_path / "no.toml")


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("border=tmt1", "must look like section.key=value: got 'border=tmt1'"),
        ("regions.border", "must look like section.key=value"),
        ("regions.border=[1", r"needs a TOML value: got '\[1'"),
        ("regions.bordr=tmt1", r"no setting 'regions.bordr' \(in --set\)"),
        ("regions.border=lisfranc", r"got 'lisfranc' \(in --set\)"),
        ("regions.border=fraction", r"'regions' do not fit \(in --set\)"),
        ("regions.border=" + "[" * 5000, r"needs a TOML value: got '\[{96}\.\.\. \(tables or"),
        ("compare.seed=" + "9" * 5000, r"\(a number has thousands of digits\)"),
    ],
)
def test_faulty_overrides_are_refused(override: str, words: str) -> None:
    """The message says that the fault is on the command line."""
    with pytest.raises(ConfigError, match=words):
        load_config(None, [override])


def test_an_override_holds_one_value() -> None:
    """A line break cannot bring in further settings."""
    with pytest.raises(ConfigError, match=r"must look like section.key=value"):
        load_config(None, ["regions.border='tmt1'\nx = 1"])


def test_written_settings_are_read_back(tmp_path: Path) -> None:
    """The resolved settings are a settings file, also for what is not set."""
    config = load_config(None, ["regions.border=fraction", "regions.fraction=0.42"])

    assert load_config(write(tmp_path, to_toml(config))) == config
    assert "series" not in tomllib.loads(to_toml(config))["intake"]


def test_every_section_has_keys() -> None:
    """All settings are known by their full names."""
    sections = {key.partition(".")[0] for key in setting_keys()}

    assert sections == set(PipelineConfig.model_fields)
