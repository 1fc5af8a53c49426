"""Damaged inputs made from a seed, and an independent reading of what they still hold."""
