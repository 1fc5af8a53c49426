"""The comparison: one row per participant, then one comparison per outcome."""
