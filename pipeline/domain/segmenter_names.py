"""Names of the segmenters, as the settings write them."""

NETWORK = "network"
NNUNET, ONNX = "nnunet", "onnx"
USER_MODELS = (NNUNET, ONNX)
"""Segmenters that run a model of the user's own."""
SEGMENTER_NAMES = (NETWORK, *USER_MODELS)
