"""One module per stage: read the inputs, call the stage function, write the outputs."""
