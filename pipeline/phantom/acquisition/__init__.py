"""Simulated MR acquisition: signal, slices, noise and MR artefacts."""
