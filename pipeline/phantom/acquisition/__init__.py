"""Simulated acquisition: signal, slices, noise and MR artefacts."""
