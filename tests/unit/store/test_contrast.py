"""What an image shows: by option, sidecar and name, which must not contradict each other."""

from pathlib import Path

import pytest

from pipeline.domain.scan import Contrast
from pipeline.errors import ScanError
from pipeline.store.contrast import contrast_of, stated_contrast

WATER, FAT, T1W, T2W = Contrast.WATER, Contrast.FAT, Contrast.T1W, Contrast.T2W


@pytest.mark.parametrize(
    ("name", "contrast"),
    [
        ("sub-01_T1w.nii.gz", T1W),
        ("sub-01_PDw.nii.gz", Contrast.PDW),
        ("sub-01_acq-x_T2w.nrrd", T2W),
        ("foot_t2w.nii", T2W),
        ("sub-01_acq-water_T1w.nii", WATER),
        ("sub-01_acq-dixonWater_T2w.nii", WATER),
        ("sub-01_acq-mdixonwater_T1w.nii", WATER),
        ("sub-01_acq-WATER_T1w.nii", WATER),
        ("sub-01_part-fat_T1w.nii", FAT),
        ("sub-01_acq-Fat2_T1w.nii", FAT),
        ("both_feet_dixon_water.nii.gz", WATER),
        ("sub-01_acq-fatsat_T1w.nii", T1W),
        ("sub-01_acq-fatSat_T1w.nii", T1W),
        ("sub-01_acq-nofat_T1w.nii", T1W),
        ("sub-01_acq-noFat_T1w.nii", T1W),
        ("foot_fat_fraction.nii", T1W),
        ("sub-01_acq-waterFat_T1w.nii", T1W),
        ("sub-Moffat_T1w.nii", T1W),
        ("sub-water.nii", T1W),
        ("sub-Atwater_acq-fat_T1w.nii", FAT),
        ("foot.mha", T1W),
    ],
)
def test_water_and_fat_in_a_name_precede_the_weighting(name: str, contrast: Contrast) -> None:
    """As separate words; neither fat suppression nor names of people count."""
    assert contrast_of(Path(name), {}) is contrast


@pytest.mark.parametrize(
    ("image_type", "contrast"),
    [
        (["DERIVED", "PRIMARY", "W", "W", "DERIVED"], WATER),  # Philips
        (["DERIVED", "PRIMARY", "DIXON", "WATER"], WATER),  # GE, enhanced DICOM
        (["DERIVED", "PRIMARY", "M", "DIXON", "FAT", "NORM", "MAGNITUDE"], FAT),  # Siemens
        ("DERIVED\\PRIMARY\\F\\F", FAT),
        (["ORIGINAL", "PRIMARY", "M", "OPP", "PHASE"], T1W),
        (["DERIVED", "PRIMARY", "DIXON", "FAT", "FRACTION"], T1W),
        (["DERIVED", "PRIMARY", "DIXON", "FAT_FRACTION"], T1W),
        (["ORIGINAL", "PRIMARY", "M", "SE"], T1W),
        ([1, None, {}], T1W),
        (None, T1W),
    ],
)
def test_a_sidecar_states_water_and_fat(image_type: object, contrast: Contrast) -> None:
    """As makers, and dcm2niix, which splits words at underscores, write ImageType."""
    assert contrast_of(Path("sub-01_T1w.nii"), {"ImageType": image_type}) is contrast


def test_a_sidecar_of_footvol_states_the_contrast() -> None:
    """So a preprocessed image keeps the contrast that the user stated."""
    assert contrast_of(Path("sub-01_T1w.nii"), {"Contrast": "water"}) is WATER
    assert contrast_of(Path("sub-01_T1w.nii"), {"Contrast": ["water"]}) is T1W


@pytest.mark.parametrize(
    ("name", "image_type", "option", "contrast"),
    [
        ("foot.nii", "", WATER, WATER),
        ("foot_T1w.nii", "", WATER, WATER),
        ("foot.nii", "WATER", WATER, WATER),
        ("foot_fat.nii", "F", FAT, FAT),
        ("foot.nii", "IN_PHASE", T2W, T2W),
        ("sub-01_T2w.nii", "IP", None, T2W),
        ("sub-01_acq-water_T2w.nii", "W", None, WATER),
    ],
)
def test_sources_may_complete_each_other(
    name: str, image_type: str, option: Contrast | None, contrast: Contrast
) -> None:
    """A Dixon image has a weighting, too."""
    assert contrast_of(Path(name), {"ImageType": [image_type]}, option) is contrast


@pytest.mark.parametrize(
    ("name", "image_type", "option", "words"),
    [
        ("a_fat.nii", "W", None, "got water from the sidecar but fat from the file name"),
        ("a_water.nii", "OP", None, "got opposed phase from the sidecar but water from"),
        ("a.nii", "F", WATER, "got water from the option --contrast but fat from the sidecar"),
        ("a.nii", "IP", FAT, "got fat from the option --contrast but in phase from"),
        ("a_fat.nii", "", WATER, "got water from the option --contrast but fat from the file"),
        ("a_T1w.nii", "", T2W, "got T2w from the option --contrast but T1w from the file name"),
        ("a_water_T1w.nii", "", T1W, "got T1w from the option .* but water from the file"),
        ("a.nii", "W", T1W, "got T1w from the option --contrast but water from the sidecar"),
    ],
)
def test_a_contradiction_is_refused_with_both_facts(
    name: str, image_type: str, option: Contrast | None, words: str
) -> None:
    """Neither source takes precedence."""
    with pytest.raises(ScanError, match=rf"^{name}: .*{words}.*correct the wrong source"):
        contrast_of(Path(name), {"ImageType": [image_type]}, option)


def test_an_unstated_contrast_is_none() -> None:
    """The caller of the function chooses the default."""
    assert stated_contrast(Path("foot.nii"), {}) is None
