"""The command that opens the review page."""

import getpass
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.commands import app
from pipeline.cli.options import Session, with_session


@app.command(epilog="Example: footvol review out/demo --reviewer AB")
@with_session
def review(
    session: Session,
    out: Annotated[
        Path, typer.Argument(help="Folder that footvol run or scan wrote.", show_default=False)
    ],
    reviewer: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Who reviews; by default the login name."),
    ] = None,
    blinded: Annotated[
        bool,
        typer.Option("--blinded", help="Hide names and groups, and shuffle the order."),
    ] = False,
    seed: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Seed of that order.")
    ] = None,
    port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65535, help="Port; 0 takes a free one.")
    ] = 0,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Only print the address.")
    ] = False,
) -> int:
    """Accept, reject or correct every foot in a browser on this machine."""
    from pipeline.domain.decision import one_line
    from pipeline.errors import ConfigError
    from pipeline.review import ServerOptions, serve

    if seed is not None and not blinded:
        msg = f"A seed belongs to a blinded review: got --seed {seed}. Add --blinded."
        raise ConfigError(msg)
    session.config()  # refuses wrong settings, as in all commands
    name = one_line(reviewer or _login_name())
    options = ServerOptions(name, port, not no_browser, blinded, seed)
    serve(out, options, session.print)
    return 0


def _login_name() -> str:
    from pipeline.errors import ConfigError

    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:  # a container may have no entry for its user
        msg = (
            "A review must have a reviewer: got none, as this user has no login name. Give "
            "--reviewer NAME."
        )
        raise ConfigError(msg) from error
