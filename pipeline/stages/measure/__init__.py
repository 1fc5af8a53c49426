"""Volumes, fat, cross-sections and lengths of every muscle."""

from pipeline.stages.measure.measure_muscles import measure

__all__ = ["measure"]
