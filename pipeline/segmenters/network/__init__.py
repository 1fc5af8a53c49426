"""The network segmenter: localisation, prediction, boundaries."""
