"""The review page, served in a thread of a test."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
import uvicorn

from pipeline.review import ServerOptions, serve


@dataclass
class Served:
    """A review page that is being served."""

    out: Path
    address: str

    @property
    def origin(self) -> str:
        """Address without path and token."""
        return self.address.partition("/?")[0]


@contextmanager
def serving(out: Path, reviewer: str = "AB", **options: Any) -> Iterator[Served]:
    """Serve the review page of a folder in a thread."""
    said: Queue[str] = Queue()
    servers: list[uvicorn.Server] = []
    with pytest.MonkeyPatch.context() as patch:

        class Stoppable(uvicorn.Server):
            """A server that a test can stop."""

            def run(self, *args: Any, **kwargs: Any) -> None:
                """Remember the server, and run it."""
                servers.append(self)
                super().run(*args, **kwargs)

        patch.setattr(uvicorn, "Server", Stoppable)
        known = ServerOptions(reviewer, opens_browser=False, **options)
        thread = threading.Thread(target=serve, args=(out, known, said.put))
        thread.start()
        address = ""
        while not address:
            found = re.search(r"http://\S+", said.get(timeout=30))
            address = found[0] if found else ""
        yield Served(out, address)
        servers[0].should_exit = True
        thread.join(timeout=120)
