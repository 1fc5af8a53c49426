"""Real commands for the pages' examples, each in a fork of one process that imported all.

A stage that has read the same files before is not run again: its outputs are copied, so every
page may measure the sample scans. What ``intake --check`` recognises is kept, too, and plots of
groups are not drawn. All else is as in use, but that processes are forked and that the review
page ends as soon as it is open.

Arguments: a socket, and a folder for outputs of stages. A client sends its arguments and
folder with its standard streams, and gets the exit code.
"""

import gc
import json
import multiprocessing
import os
import pickle
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import uvicorn

from pipeline.cli import cohort_commands, main  # noqa: F401 imports what commands need
from pipeline.domain.scan import Scan
from pipeline.export import export_feet  # noqa: F401
from pipeline.intake import check_scans
from pipeline.review import server
from pipeline.run import figures as cohort_figures
from pipeline.run import plan, write_cohort  # noqa: F401
from pipeline.run.stage_cache import hash_of
from pipeline.run.stages import figures, measure, preprocess, regions, segment  # noqa: F401
from pipeline.run.stages.context import StageContext
from pipeline.stages.plot_style import Picture
from pipeline.stages.segment import recognise
from pipeline.store.names import sidecar_of

PYTHON = "--python"


def kept(stage: plan.Stage, folder: Path) -> plan.Stage:
    """Give a stage that copies its outputs where it has read the same files before."""

    def run(context: StageContext) -> None:
        known = folder / _key(stage, context)
        if known.exists():
            for path, copy in _files(context, known):
                if copy.exists():
                    shutil.copyfile(copy, path)
            return
        stage.run(context)
        known.mkdir()
        for path, copy in _files(context, known):
            if path.exists():
                shutil.copyfile(path, copy)

    return replace(stage, run=run)


def _key(stage: plan.Stage, context: StageContext) -> str:
    parts = {
        "stage": stage.name,
        "inputs": sorted(context.sources.values()),
        "settings": context.config.model_dump(mode="json", include={*stage.settings}),
    }
    return hash_of(parts)


def _files(context: StageContext, known: Path) -> Iterator[tuple[Path, Path]]:
    """Give each file that a stage may write, and where it is kept."""
    for name, path in context.write.items():
        yield path, known / f"{name}{path.suffix}"
        yield sidecar_of(path), known / f"{name}-sidecar"


def kept_recognition(scan: Scan, folder: Path) -> Any:
    """Recognise the foot in a scan, once."""
    known = folder / hash_of({"voxels": sha256(scan.intensity.tobytes()).hexdigest()})
    if not known.exists():
        known.write_bytes(pickle.dumps(recognise(scan)))
    return pickle.loads(known.read_bytes())


def serve(address: str, folder: Path) -> None:
    """Run the commands of clients until this process is ended."""
    stages = tuple(kept(stage, folder) for stage in plan.STAGES)
    context = multiprocessing.get_context("fork")
    setattr(plan, "STAGES", stages)  # noqa: B010 as the name is a constant
    setattr(multiprocessing, "get_context", lambda _: context)  # noqa: B010
    setattr(check_scans, "recognise", partial(kept_recognition, folder=folder))  # noqa: B010
    for name in ("plot_groups", "plot_effects", "plot_border"):
        setattr(cohort_figures, name, lambda *_: Picture(b"<svg/>", b"PNG"))
    setattr(uvicorn.Server, "run", lambda *_, **__: None)  # noqa: B010
    setattr(server, "prepare_measuring", lambda _: None)  # noqa: B010
    gc.freeze()  # otherwise a collection in a fork would copy it all
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            client, _ = listener.accept()
            with client:
                _answer(client)


def _answer(client: socket.socket) -> None:
    sent, streams, *_ = socket.recv_fds(client, 1_000_000, 3)
    child = os.fork()
    if not child:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        words, folder = json.loads(sent)
        os.chdir(folder)
        code = _do(words)
        sys.stdout.flush()
        os._exit(code)  # an orderly exit would copy all memory of this process, in a second
    for stream in streams:
        os.close(stream)
    _, status = os.waitpid(child, 0)
    client.sendall(str(os.waitstatus_to_exitcode(status)).encode())


def _do(words: list[str]) -> int:
    if words[0] != PYTHON:
        return main(words)
    exec(compile(words[1], "page", "exec"), {"__name__": "__main__"})
    return 0


if __name__ == "__main__":
    serve(sys.argv[1], Path(sys.argv[2]))
