"""Simulated studies: specification, ground truth, and their files."""
