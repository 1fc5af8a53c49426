"""Whether a Dixon image shows what it is said to show: water or fat."""

import numpy as np

from pipeline.domain.anatomy import MUSCLE_NAMES
from pipeline.domain.scan import Contrast, Scan
from pipeline.errors import ScanError
from pipeline.segmenters.network.placed_image import PlacedImage
from pipeline.segmenters.network.prediction import OTHER, Prediction


def check_fat_water(prediction: Prediction, scan: Scan) -> None:
    """Refuse a Dixon image with fat and water swapped in the whole foot.

    Parameters
    ----------
    prediction
        Of the fine network. It labels muscles and bones whatever the contrast.

    Raises
    ------
    ScanError
        If the median intensity of muscle is below that of bone, which is mostly marrow fat,
        on a water image, or above it on a fat image.
    """
    if not scan.contrast.is_dixon:
        return
    image = PlacedImage.from_scan(scan).resampled(prediction.patch, prediction.pose)
    labels = prediction.labels
    is_muscle = (labels > 0) & (labels <= len(MUSCLE_NAMES))
    is_bone = (labels > len(MUSCLE_NAMES)) & (labels < OTHER)
    if not is_muscle.any() or not is_bone.any():
        return
    muscle, bone = float(np.median(image[is_muscle])), float(np.median(image[is_bone]))
    if (muscle > bone) is not (scan.contrast is Contrast.WATER):
        must = "brighter" if scan.contrast is Contrast.WATER else "darker"
        msg = (
            f"Muscle must be {must} than bone marrow on a Dixon {scan.contrast} image: got "
            f"intensities of {muscle:.2f} and {bone:.2f}. Fat and water are swapped or the "
            "image is named wrongly: exchange the two images of the pair."
        )
        raise ScanError(msg)
