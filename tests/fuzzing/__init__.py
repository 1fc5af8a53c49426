"""Damaged inputs made from a number, and an independent judge of what they still hold."""
