"""The command line: parse, call one function, turn errors into exit codes."""

from pipeline.cli.main import main

__all__ = ["main"]
