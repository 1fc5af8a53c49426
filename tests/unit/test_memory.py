"""Memory that is free goes back to the system."""

import platform
from pathlib import Path

import pytest

from pipeline.memory import release_memory

BLOCKS, BLOCK_BYTES = 2000, 100_000  # too small for pages of their own


def resident_bytes() -> int:
    """Give the memory that this process has of the system."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * 4096


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="other C libraries have no such call"
)
def test_free_memory_in_between_is_returned() -> None:
    """Of two hundred megabytes, every tenth block is still in use."""
    blocks = [bytes(BLOCK_BYTES) for _ in range(BLOCKS)]
    kept = blocks[::10]
    del blocks
    before = resident_bytes()

    release_memory()

    assert resident_bytes() < before - BLOCKS * BLOCK_BYTES // 2
    assert len(kept) == BLOCKS // 10


def test_other_systems_keep_their_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is called there."""
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr("ctypes.CDLL", None)

    release_memory()
