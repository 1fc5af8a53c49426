"""Volumes of the intrinsic foot muscles, from scanner files to the comparison table."""

import os

# Before numpy is imported. Arrays of three columns are too small to share: OpenBLAS's threads
# took a quarter of the time of the regions stage to wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
