"""Measured feet as DICOM objects that refer to the scanner's original images."""
