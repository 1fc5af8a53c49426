"""Volumes of the intrinsic foot muscles, from scanner files to the comparison table."""

import os

# Before numpy is imported. Arrays of three columns are too small to share: OpenBLAS's threads
# took a quarter of the time of the regions stage to wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Before onnxruntime is imported. It would write an identifier of the machine into the home
# folder, and send events to its maker whenever there is a network.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"
