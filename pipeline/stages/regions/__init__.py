"""Landmarks, and the border between rearfoot and forefoot."""

from pipeline.stages.regions.separate import regions

__all__ = ["regions"]
