"""From a command line to an exit code."""

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import typer

from pipeline.cli import (  # noqa: F401 they register their commands
    agree_command,
    export_command,
    intake_command,
    phantom_command,
    review_command,
)
from pipeline.cli.bids_app_command import as_command
from pipeline.cli.commands import app
from pipeline.errors import ConfigError, PipelineError, system_refusal

INTERRUPTED = 130  # 128 + SIGINT, as in shells
BUG = 1
STOPPED = "Stopped. Finished work is kept; run again to continue."
# Sent by Ctrl-C, by the system or a scheduler, and by a closed terminal.
_STOP_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
_REPEATED_WITHIN_S = 1.0

# Depending on its version, typer contains click or requires it; this base class is not public.
_UsageError = typer.BadParameter.__base__ or typer.BadParameter


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Parameters
    ----------
    argv
        Arguments without the program's name; None takes those of the process.
    """
    words = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    words = as_command(words, _command_names())
    prefix = " ".join(["footvol", *[word for word in words if word in _command_names()][:1]])
    try:
        _check_words(words)
        with _stopped_by_signals(), _plots_without_home():
            code = typer.main.get_command(app).main(
                words, prog_name="footvol", standalone_mode=False
            )
    except (PipelineError, OSError) as error:
        if isinstance(error, OSError):
            error = ConfigError(system_refusal(error))
        return _print_error(prefix, str(error), error.exit_code)
    except KeyboardInterrupt:
        return _print_error(prefix, STOPPED, INTERRUPTED)
    except Exception as error:  # any other error is a bug of footvol
        if isinstance(error, _UsageError):
            return _print_error(prefix, _sentence(error), ConfigError.exit_code)
        traceback.print_exc()
        return _print_error(
            prefix, "this is a bug of footvol: please report it with the lines above.", BUG
        )
    if code == INTERRUPTED:
        return _print_error(prefix, STOPPED, INTERRUPTED)
    return int(code or 0)


def _check_words(words: Sequence[str]) -> None:
    """Refuse names that cannot be written to records, tables and sidecars."""
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError as error:
            msg = (
                f"Names of files and folders must be UTF-8: got {word!r}. Rename the file or "
                "folder."
            )
            raise ConfigError(msg) from error


@contextmanager
def _plots_without_home() -> Iterator[None]:
    """Give matplotlib a temporary folder for its font cache if the home is not writable.

    By default, matplotlib would create the home folder or warn.
    """
    with ExitStack() as folders:
        if "MPLCONFIGDIR" not in os.environ and not _has_home():
            with suppress(OSError):  # most commands draw no plots
                folder = folders.enter_context(TemporaryDirectory(prefix="footvol-"))
                os.environ["MPLCONFIGDIR"] = folder
                folders.callback(os.environ.pop, "MPLCONFIGDIR")
        yield


def _has_home() -> bool:
    try:
        return os.access(Path.home(), os.W_OK)
    except RuntimeError:  # neither HOME nor an entry in the user database
        return False


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Make termination signals act as Ctrl-C does, unless they are ignored (nohup)."""
    stopped_at = -_REPEATED_WITHIN_S

    def stop(_number: int, _frame: object) -> None:
        """Stop only once, as `timeout` and `make` send a signal a second time."""
        nonlocal stopped_at
        if time.monotonic() - stopped_at > _REPEATED_WITHIN_S:
            stopped_at = time.monotonic()
            raise KeyboardInterrupt

    known = [getattr(signal, name) for name in _STOP_SIGNALS if hasattr(signal, name)]
    usual = (signal.SIG_DFL, signal.default_int_handler)
    is_main = threading.current_thread() is threading.main_thread()
    before = {
        number: handler
        for number in known
        if is_main and (handler := signal.getsignal(number)) in usual
    }
    try:
        for number in before:
            signal.signal(number, stop)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _command_names() -> set[str]:
    return {
        str(command.name or getattr(command.callback, "__name__", ""))
        for command in app.registered_commands
    }


def _sentence(error: Exception) -> str:
    """Give the message of a usage error as one line."""
    text = getattr(error, "format_message", lambda: str(error))()
    sentence = " ".join(text.split())
    return f"{sentence or 'Name a command.'} See --help."


def _print_error(prefix: str, sentence: str, code: int) -> int:
    sys.stderr.write(f"{prefix}: {sentence}\n")
    return code
