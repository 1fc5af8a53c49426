"""The digital foot: its anatomy, the simulated acquisition, and cohorts of feet."""
