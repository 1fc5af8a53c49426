"""Import of scans into a raw BIDS dataset, and the check before it."""
