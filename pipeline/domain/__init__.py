"""The nouns: what is passed from stage to stage. Needs numpy only."""
