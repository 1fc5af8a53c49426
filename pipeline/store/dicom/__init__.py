"""DICOM series: headers, geometry, selection and conversion to NIfTI."""
