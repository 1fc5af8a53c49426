"""The verbs: pure functions, nouns in, one noun out."""
