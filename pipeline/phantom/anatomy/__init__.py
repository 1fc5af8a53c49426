"""Anatomy of the digital foot: skeleton, muscles and soft tissue."""
