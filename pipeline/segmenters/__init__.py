"""Segmenters: anything that turns a scan into muscle and bone labels, behind one Protocol."""
