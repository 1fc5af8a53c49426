"""Return of freed memory to the system."""

import ctypes
import sys


def release_memory() -> None:
    """Return to the system what is free, where the C library would keep it for later.

    Notes
    -----
    Only glibc has ``malloc_trim``. Without it a process grows with the participants that it has
    worked on, as free memory lies in between of what is used. It takes 10 ms.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
