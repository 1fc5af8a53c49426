"""Orthanc, a real PACS, on free ports of loopback, configured as docs/pacs.md shows."""

import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

USER, PASSWORD = "technician", "hunter2"
LOGIN = {"FOOTVOL_PACS_USER": USER, "FOOTVOL_PACS_PASSWORD": PASSWORD}
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
PROGRAM = shutil.which("Orthanc")
MISSING = (
    None if PROGRAM and PLUGIN.exists() else "Orthanc is missing: apt install orthanc-dicomweb"
)
DOCS = Path(__file__).parents[1] / "docs" / "pacs.md"
_START_S = 60.0


@contextmanager
def orthanc(folder: Path) -> Iterator[str]:
    """Run Orthanc with DICOMweb and a password; yields the address of its DICOMweb service."""
    port = _free_port()
    (shown,) = re.findall(r"```json\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    config = json.loads(shown) | {"HttpPort": port, "RegisteredUsers": {USER: PASSWORD}}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "orthanc.json").write_text(json.dumps(config))
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [str(PROGRAM), "orthanc.json"], cwd=folder, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        address = f"http://127.0.0.1:{port}"
        _await(f"{address}/system", process)
        yield f"{address}/dicom-web"
    finally:
        process.terminate()
        process.wait(30)


def _await(address: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end and process.poll() is None:
        try:
            if requests.get(address, auth=(USER, PASSWORD), timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.05)
    msg = f"Orthanc must start: got exit code {process.poll()}"
    raise RuntimeError(msg)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
