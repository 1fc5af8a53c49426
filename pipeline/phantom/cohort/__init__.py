"""Cohorts of digital feet: groups that differ by given effect sizes."""
