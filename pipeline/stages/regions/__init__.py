"""Landmarks, and the border between rearfoot and forefoot."""

from pipeline.stages.regions.separate import RegionsParams, regions

__all__ = ["RegionsParams", "regions"]
