"""Weights of the networks, ONNX, with their record."""
