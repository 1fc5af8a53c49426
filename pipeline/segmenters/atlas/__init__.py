"""The atlas segmenter: a digital foot brought to the scan by registration."""
