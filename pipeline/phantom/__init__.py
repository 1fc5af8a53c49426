"""The digital foot: anatomy, acquisition and cohort, kept apart."""
