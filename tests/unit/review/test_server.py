"""The server of the review page."""

import socket
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from review_server import serving
from reviewed import make_reviewable

from pipeline.errors import ConfigError
from pipeline.review import ServerOptions, serve


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Write two tiny feet."""
    return make_reviewable(tmp_path / "out")


def test_the_page_is_served_on_this_machine_alone(out: Path) -> None:
    """The printed address gives the page; without the token there is none."""
    with serving(out) as page:
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        with opener.open(page.address, timeout=30) as answer:
            assert b"<title>Review of foot muscles</title>" in answer.read()
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(page.origin, timeout=30)

    assert page.origin.startswith("http://127.0.0.1:")


def test_a_taken_port_is_refused(out: Path) -> None:
    """The message says how to choose another."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        options = ServerOptions("AB", port, opens_browser=False)

        with pytest.raises(ConfigError, match=rf"The port must be free: got {port} .*--port"):
            serve(out, options, print)


def test_the_seed_of_a_blinded_review_is_printed(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is drawn, if none is given."""
    said: list[str] = []
    monkeypatch.setattr("uvicorn.Server.run", lambda *_, **__: None)

    serve(out, ServerOptions("AB", opens_browser=False, is_blinded=True), said.append)

    assert said[0].startswith("Blinded review, order by seed ")
    assert said[1].startswith("Review page: http://127.0.0.1:")


def test_ctrl_c_ends_the_review(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the way to end it, so no error."""

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("uvicorn.Server.run", interrupt)

    serve(out, ServerOptions("AB", opens_browser=False), lambda _: None)
