"""The command that opens the review page."""

import getpass
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import review
from pipeline.cli import main
from pipeline.errors import ConfigError
from pipeline.review import ServerOptions


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[ServerOptions]:
    """Serve nothing; gives the options."""
    options: list[ServerOptions] = []

    def serve(_out: Path, given: ServerOptions, announce: Callable[[str], None]) -> None:
        options.append(given)
        announce("Review page: http://127.0.0.1")

    monkeypatch.setattr(review, "serve", serve)
    monkeypatch.setenv("LOGNAME", "technician")
    return options


def test_the_address_is_printed(
    opened: list[ServerOptions], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By default the login name signs, and the browser opens."""
    assert main(["review", str(tmp_path)]) == 0

    assert opened == [ServerOptions("technician")]
    assert "http://127.0.0.1" in capsys.readouterr().out


def test_options_are_passed_on(opened: list[ServerOptions], tmp_path: Path) -> None:
    """The name of a reviewer fits into a table."""
    options = ["--reviewer", "A\tB ", "--blinded", "--seed", "4", "--port", "8000"]

    assert main(["review", str(tmp_path), *options, "--no-browser"]) == 0

    assert opened == [ServerOptions("A B", 8000, False, True, 4)]


def test_a_seed_needs_a_blinded_review(
    opened: list[ServerOptions], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An open review is not shuffled."""
    assert main(["review", str(tmp_path), "--seed", "4"]) == ConfigError.exit_code

    assert "A seed belongs to a blinded review: got --seed 4." in capsys.readouterr().err
    assert not opened


def test_nothing_to_review_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder without results."""
    assert main(["review", str(tmp_path), "--no-browser"]) == ConfigError.exit_code

    assert "must have a volumes.tsv: got none" in capsys.readouterr().err


def test_a_user_without_a_login_name_gives_a_reviewer(
    opened: list[ServerOptions],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As in a container that runs as any number."""

    def getuser() -> str:
        raise KeyError

    monkeypatch.setattr(getpass, "getuser", getuser)
    assert main(["review", str(tmp_path)]) == ConfigError.exit_code

    assert "must have a reviewer: got none, as this user has no" in capsys.readouterr().err
    assert not opened
    assert main(["review", str(tmp_path), "--reviewer", "AB"]) == 0
