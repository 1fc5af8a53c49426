"""The settings, one module per section; they are read without importing any stage."""
