"""Templates of the pages and of the statistics in words."""
