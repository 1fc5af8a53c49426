"""Volumes, fat, cross-sections and lengths of every muscle."""

from pipeline.stages.measure.measure_muscles import MeasureParams, measure

__all__ = ["MeasureParams", "measure"]
