"""Names of the outcomes that are measured, compared and shown: ``<region>_<unit>``."""

from pipeline.domain.anatomy import REGIONS

CM3, MM3_PER_KG, MM3_PER_MM = "cm3", "mm3_per_kg", "mm3_per_mm"
OUTCOME_UNITS = (CM3, MM3_PER_KG, MM3_PER_MM)
"""Volume, volume per body mass, volume per foot length."""

OUTCOME_KEYS = tuple(f"{region}_{unit}" for unit in OUTCOME_UNITS for region in REGIONS)
"""Columns of ``volumes.tsv``, in the order of the statistics."""
