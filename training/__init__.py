"""Training of the networks on simulated scans of digital feet, and export of their weights."""
