"""Segmenters that run a model of the user's own."""
