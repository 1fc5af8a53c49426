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

from pipeline.cli import agree_command as _agree  # noqa: F401 registers its command
from pipeline.cli.commands import app
from pipeline.errors import ConfigError, PipelineError, system_refusal

INTERRUPTED = 130  # 128 + SIGINT, as shells have it
BUG = 1
STOPPED = "Stopped. What was finished is kept; run again to go on."
# The system's own requests to end, and that of a terminal which is closed.
_STOP_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
_SAME_REQUEST_S = 1.0

# typer carries click within itself or beside it, by version; its base class has no public name.
_UsageError = typer.BadParameter.__base__ or typer.BadParameter


def main(argv: Sequence[str] | None = None) -> int:
    """Do one command and give its exit code.

    Parameters
    ----------
    argv
        Without the program's name; None takes the process's own.
    """
    words = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    said = " ".join(["footvol", *[word for word in words if word in _command_names()][:1]])
    try:
        _check_words(words)
        with _stopped_by_signals(), _plots_without_home():
            code = typer.main.get_command(app).main(
                words, prog_name="footvol", standalone_mode=False
            )
    except (PipelineError, OSError) as error:
        if isinstance(error, OSError):
            error = ConfigError(system_refusal(error))
        return _say(said, str(error), error.exit_code)
    except KeyboardInterrupt:
        return _say(said, STOPPED, INTERRUPTED)
    except Exception as error:  # the last place where a bug of ours can be told
        if isinstance(error, _UsageError):
            return _say(said, _sentence(error), ConfigError.exit_code)
        traceback.print_exc()
        return _say(
            said, "this is a bug of footvol: please report it with the lines above.", BUG
        )
    if code == INTERRUPTED:
        return _say(said, STOPPED, INTERRUPTED)
    return int(code or 0)


def _check_words(words: Sequence[str]) -> None:
    """Refuse names that could not be written into records, tables and sidecars."""
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
    """Give matplotlib a temporary folder for its fonts where there is no home to write to.

    Left to itself it would make the home folder, or warn.
    """
    with ExitStack() as folders:
        if "MPLCONFIGDIR" not in os.environ and not _has_home():
            with suppress(OSError):  # most commands draw nothing
                folder = folders.enter_context(TemporaryDirectory(prefix="footvol-"))
                os.environ["MPLCONFIGDIR"] = folder
                folders.callback(os.environ.pop, "MPLCONFIGDIR")
        yield


def _has_home() -> bool:
    try:
        return os.access(Path.home(), os.W_OK)
    except RuntimeError:  # neither HOME nor an entry in the list of users
        return False


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Let a request to end stop the work as Ctrl-C does, unless it is ignored (nohup)."""
    stopped_at = -_SAME_REQUEST_S

    def stop(_number: int, _frame: object) -> None:
        """Stop once, though `timeout` and `make` hand on what the process has got already."""
        nonlocal stopped_at
        if time.monotonic() - stopped_at > _SAME_REQUEST_S:
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
    """Say what is wrong with the words of the command, in one line."""
    text = getattr(error, "format_message", lambda: str(error))()
    sentence = " ".join(text.split())
    return f"{sentence or 'Name a command.'} See --help."


def _say(said: str, sentence: str, code: int) -> int:
    sys.stderr.write(f"{said}: {sentence}\n")
    return code
