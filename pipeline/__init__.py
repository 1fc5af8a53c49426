"""Volumes of the intrinsic foot muscles, from scanner files to the comparison table."""

__version__ = "0.1.0"
