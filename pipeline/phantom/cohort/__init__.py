"""Groups of digital feet with given effect sizes."""
