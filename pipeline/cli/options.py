"""Options that several commands share, and the session made from them."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from pipeline.cli.progress import open_log

if TYPE_CHECKING:
    from pipeline.config import PipelineConfig

BidsDir = Annotated[Path, typer.Argument(help="Raw BIDS dataset.", show_default=False)]
Out = Annotated[Path, typer.Argument(help="Folder for the results.", show_default=False)]
Labels = Annotated[
    list[str] | None,
    typer.Option(
        "--participant-label",
        metavar="L",
        help="Only these participants, with or without sub-. May be repeated.",
    ),
]
SessionLabels = Annotated[
    list[str] | None,
    typer.Option(
        "--session-label",
        metavar="L",
        help="Only these sessions, with or without ses-. May be repeated.",
    ),
]
Runs = Annotated[
    list[str] | None,
    typer.Option("--run", metavar="N", help="Only these runs. May be repeated."),
]
MoreLabels = Annotated[list[str] | None, typer.Argument(metavar="[L...]", hidden=True)]
SideOption = Annotated[
    Literal["right", "left"] | None, typer.Option(help="Side of the foot, if known.")
]
Force = Annotated[
    bool, typer.Option("--force", help="Run all stages again, and overwrite altered files.")
]
Jobs = Annotated[
    int, typer.Option("--jobs", metavar="N", help="Participants processed in parallel.")
]
Pacs = Annotated[
    str | None,
    typer.Option(
        "--pacs",
        metavar="URL",
        help="DICOMweb service of a PACS; credentials come from the environment.",
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(metavar="tcp://HOST:PORT", help="Dask scheduler to process participants on."),
]
Events = Annotated[
    Path | None,
    typer.Option(metavar="FILE.jsonl", help="Append what happens, one JSON object a line."),
]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", metavar="FILE.toml", help="Settings file.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="SECTION.KEY=VALUE", help="One setting. May be repeated."),
]
Verbose = Annotated[
    int, typer.Option("-v", "--verbose", count=True, show_default=False, help="Print more.")
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print errors only.")]


@dataclass(frozen=True, slots=True)
class Session:
    """The values of the options that all commands have.

    Parameters
    ----------
    verbosity
        -1 for errors only, 0 for progress, 1 for more detail.
    """

    config_file: Path | None
    overrides: tuple[str, ...]
    verbosity: int

    def config(self, *overrides: str) -> "PipelineConfig":
        """Resolve the settings; `overrides` come from options of the command itself."""
        from pipeline.config import load_config

        return load_config(self.config_file, (*self.overrides, *overrides))

    def print(self, text: str) -> None:
        """Print a result, unless quiet."""
        if self.verbosity >= 0:
            typer.echo(text)


@contextmanager
def opened_studies(
    source: Path, pacs: str | None, labels: Sequence[str] | None = None
) -> Iterator[Path]:
    """Give a source of scans; with a PACS, a folder of the studies that the source lists."""
    if pacs is None:
        yield source
        return
    from pipeline.store.dicom.fetch_studies import fetched_studies

    with fetched_studies(source, pacs, labels) as folder:
        yield folder


def with_session(command: Callable[..., int]) -> Callable[..., int]:
    """Add --config, --set, -v and -q to a command, which gets a `Session` as first argument."""

    @wraps(command)
    def entry(
        *,
        config_file: Path | None,
        settings: list[str] | None,
        verbose: int,
        quiet: bool,
        **own: Any,
    ) -> int:
        session = Session(config_file, tuple(settings or ()), -1 if quiet else verbose)
        with open_log(session.verbosity):
            return command(session, **own)

    shared: dict[str, tuple[object, object]] = {
        "config_file": (ConfigFile, None),
        "settings": (Settings, None),
        "verbose": (Verbose, 0),
        "quiet": (Quiet, False),
    }
    first, *own_parameters = inspect.signature(command).parameters.values()
    added = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind
        )
        for name, (kind, default) in shared.items()
    ]
    entry.__signature__ = inspect.Signature([*own_parameters, *added])  # type: ignore[attr-defined]
    hints = {name: hint for name, hint in command.__annotations__.items() if name != first.name}
    entry.__annotations__ = hints | {name: kind for name, (kind, _) in shared.items()}
    return entry
