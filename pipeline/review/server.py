"""The server of the review page, on the loopback interface."""

import os
import socket
import threading
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from pipeline.errors import ConfigError
from pipeline.review.followup import Followup
from pipeline.review.routes import make_app
from pipeline.review.security import HOSTS, Secrets
from pipeline.review.session import open_session, prepare_measuring


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How the review page is shown.

    Parameters
    ----------
    reviewer
        Name that decisions are signed with.
    port
        0 takes a free one.
    seed
        Of the order of a blinded review; None draws one.
    """

    reviewer: str
    port: int = 0
    opens_browser: bool = True
    is_blinded: bool = False
    seed: int | None = None


def serve(out: Path, options: ServerOptions, announce: Callable[[str], None]) -> None:
    """Serve the review page until the process is stopped.

    Parameters
    ----------
    announce
        Called with what to print: the address, and the seed of a blinded review.

    Raises
    ------
    ConfigError
        If there is nothing to review, or the port is taken.
    """
    session = open_session(
        out, options.reviewer, is_blinded=options.is_blinded, seed=options.seed
    )
    followup = Followup(session.cohort)
    with _bound(options.port) as listener:
        known = Secrets(listener.getsockname()[1])
        app = make_app(session, known, followup)
        if session.blinding:
            announce(f"Blinded review, order by seed {session.blinding.seed}.")
        announce(f"Review page: {known.address}")
        announce("Press Ctrl-C to end the review.")
        threading.Thread(target=prepare_measuring, args=(session,), daemon=True).start()
        if options.opens_browser:
            threading.Timer(0.5, _open, [known.address]).start()
        config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
        try:
            with suppress(KeyboardInterrupt):
                uvicorn.Server(config).run(sockets=[listener])
        finally:
            if followup.state == "writing":
                announce("Tables and report are being written.")
            followup.join()


def _bound(port: int) -> socket.socket:
    """Bind a socket that only this machine can reach."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, os.name != "nt")
    try:
        listener.bind((HOSTS[0], port))
        listener.listen()  # a browser that is quicker than the server waits
    except OSError as error:
        listener.close()
        msg = (
            f"The port must be free: got {port} ({error.strerror}). Choose another with --port."
        )
        raise ConfigError(msg) from error
    return listener


def _open(address: str) -> None:
    with suppress(webbrowser.Error):
        webbrowser.open(address)
