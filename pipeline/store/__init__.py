"""The shelves: the only room that touches files."""
