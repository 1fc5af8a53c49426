"""How a scan is preprocessed."""

from pydantic import BaseModel, Field


class PreprocessParams(BaseModel, frozen=True, extra="forbid"):
    """How a scan is preprocessed."""

    bias_correction: bool = True
    """N4 bias field correction (Tustison 2010, IEEE Trans Med Imaging 29:1310)."""
    bias_spacing_mm: float = Field(3.0, ge=1, le=8)
    """Voxel size to which the scan is averaged before the smooth field is fitted."""
    bias_knot_mm: float = Field(80.0, ge=20, le=400)
    """Spacing of the B-spline knots of the field; coil profiles are no finer."""
    bias_iterations: int = Field(40, ge=1, le=500)
    """Maximum number of iterations on each of two levels."""
