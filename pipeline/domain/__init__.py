"""The data types that are passed from stage to stage. Needs numpy only."""
