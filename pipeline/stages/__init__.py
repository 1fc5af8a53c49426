"""Stages: pure functions from typed data to one typed result."""
