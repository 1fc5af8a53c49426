"""A small PACS on loopback that speaks DICOMweb, and can be told to answer wrongly."""

import json
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread
from time import sleep
from urllib.parse import parse_qsl, urlsplit

import pydicom
from pydicom import Dataset

ROOT = "/dicom-web"
_BOUNDARY = "cut-here"
Answer = tuple[int, str, bytes]
"""Status, content type and body."""
_KEYS = {
    "studies": ("StudyInstanceUID", "PatientID", "AccessionNumber", "StudyDate"),
    "series": ("SeriesInstanceUID", "Modality"),
    "instances": ("SOPInstanceUID",),
}


@dataclass
class FakePacs:
    """What the PACS holds, what it was asked, and how it answers wrongly.

    Parameters
    ----------
    wrong
        Answer in place of the right one, by a pattern of method and path: status, content
        type and body.
    delay_s
        Time before each answer.
    lost
        Images that it holds but does not send.
    """

    datasets: list[Dataset] = field(default_factory=list)
    wrong: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    signed: set[str] = field(default_factory=set)
    delay_s: float = 0.0
    lost: int = 0
    address: str = ""

    def add(self, folder: Path) -> None:
        """Take in all DICOM files of a folder."""
        self.datasets += [pydicom.dcmread(path) for path in sorted(folder.rglob("*.dcm"))]

    def answer(self, method: str, target: str, body: bytes) -> Answer:
        """Give status, content type and body of an answer."""
        parts = urlsplit(target)
        self.asked.append((method, target))
        sleep(self.delay_s)
        for pattern, wrong in self.wrong.items():
            if re.fullmatch(pattern, f"{method} {parts.path}"):
                return wrong
        if method == "POST":
            return self._store(body)
        *named, level = parts.path.removeprefix(ROOT).strip("/").split("/")
        if level in _KEYS:
            return self._search(level, named, dict(parse_qsl(parts.query)))
        return self._send(self._below([*named, level]))

    def _below(self, named: Sequence[str]) -> list[Dataset]:
        keys = {kind: uids[0] for kind, uids in _KEYS.items()}
        pairs = [(keys[k], uid) for k, uid in zip(named[::2], named[1::2], strict=True)]
        return [d for d in self.datasets if all(d.get(key) == uid for key, uid in pairs)]

    def _search(self, level: str, named: Sequence[str], wanted: dict[str, str]) -> Answer:
        found: dict[str, Dataset] = {}
        counts: dict[str, int] = {}
        for dataset in self._below(named):
            if all(
                fnmatchcase(str(dataset.get(key, "")), value) for key, value in wanted.items()
            ):
                uid = str(dataset.get(_KEYS[level][0]))
                counts[uid] = counts.get(uid, 0) + 1
                found[uid] = Dataset()
                for key in _KEYS[level]:
                    setattr(found[uid], key, dataset.get(key, ""))
                if level == "series":
                    found[uid].NumberOfSeriesRelatedInstances = counts[uid]
        text = json.dumps([item.to_json_dict() for item in found.values()])
        return 200, "application/dicom+json", text.encode()

    def _send(self, datasets: Sequence[Dataset]) -> Answer:
        body = b""
        for dataset in datasets[self.lost :]:
            part = BytesIO()
            dataset.save_as(part)
            body += f"\r\n--{_BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
            body += part.getvalue()
        kind = f'multipart/related; type="application/dicom"; boundary={_BOUNDARY}'
        return 200, kind, body + f"\r\n--{_BOUNDARY}--".encode()

    def _store(self, body: bytes) -> Answer:
        boundary = body[2 : body.index(b"\r\n", 2)]
        for part in body.split(boundary)[1:-1]:
            content = part.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n")
            self.datasets.append(pydicom.dcmread(BytesIO(content)))
        return 200, "application/dicom+json", b"{}"


@contextmanager
def served(pacs: FakePacs, certificate: Path | None = None) -> Iterator[FakePacs]:
    """Serve it on a free port of loopback; with TLS, if a file has certificate and key."""

    class Handler(BaseHTTPRequestHandler):
        """Passes requests on."""

        def do_GET(self) -> None:
            self._reply(b"")

        def do_POST(self) -> None:
            self._reply(self._body())

        def _body(self) -> bytes:
            if "Content-Length" in self.headers:
                return self.rfile.read(int(self.headers["Content-Length"]))
            chunks = []
            while size := int(self.rfile.readline(), 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(chunks)

        def _reply(self, body: bytes) -> None:
            pacs.signed.add(self.headers.get("Authorization", ""))
            status, kind, answer = pacs.answer(self.command, self.path, body)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(answer)))
            if status // 100 == 3:
                self.send_header("Location", answer.decode())
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    scheme = "https" if certificate else "http"
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    pacs.address = f"{scheme}://127.0.0.1:{server.server_address[1]}{ROOT}"
    try:
        yield pacs
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
