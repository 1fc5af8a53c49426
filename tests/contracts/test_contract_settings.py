"""The shipped settings file and the models agree."""

import re
import tomllib
from pathlib import Path

from pipeline.config import PipelineConfig, load_config, setting_keys

DEFAULTS = Path(__file__).parents[2] / "configs" / "default.toml"


def test_the_shipped_settings_are_the_defaults() -> None:
    """Running with the file changes nothing."""
    assert load_config(DEFAULTS) == PipelineConfig()


def test_the_shipped_settings_list_every_setting() -> None:
    """Settings without a default are listed as comments."""
    settings = PipelineConfig().model_dump(exclude_none=True)
    set_keys = {f"{section}.{key}" for section, table in settings.items() for key in table}
    unset_keys = set(setting_keys()) - set_keys
    text = DEFAULTS.read_text()
    written = tomllib.loads(text)

    assert {f"{s}.{k}" for s, table in written.items() for k in table} == set_keys
    for key in unset_keys:
        section, name = key.split(".")
        assert re.search(rf"\[{section}\][^\[]*\n# {name} =", text), key


def test_every_setting_has_a_comment() -> None:
    """A line above each setting says what it is."""
    lines = DEFAULTS.read_text().splitlines()
    settings = [n for n, line in enumerate(lines) if re.match(r"(# )?\w+ =", line)]

    assert len(settings) == len([*setting_keys()])
    assert all(lines[n - 1].startswith("# ") for n in settings)
