"""DICOM series: headers, geometry, selection and conversion."""
