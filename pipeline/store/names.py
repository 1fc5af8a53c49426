"""Where each file lies: BIDS names in, BIDS derivative names out."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pipeline.errors import ConfigError, ScanError, listed

# In order of preference: fat, muscle and tendon differ most on T1-weighted images.
SUFFIXES = ("T1w", "PDw", "T2w")
_IMAGE_ENDING = re.compile(r"\.(nii\.gz|nii|nrrd|nhdr|mha|mhd|hdr)$", re.IGNORECASE)


def without_ending(path: Path) -> str:
    """Give the file's name without its image ending."""
    return _IMAGE_ENDING.sub("", path.name)


def sidecar_of(image: Path) -> Path:
    """Give the JSON file that belongs to an image or table."""
    return image.with_name(without_ending(image).removesuffix(".tsv") + ".json")


def bare_label(label: str) -> str:
    """Give a participant label without ``sub-``.

    Raises
    ------
    ConfigError
        If it is not made of letters and digits, as BIDS asks.
    """
    bare = without_prefix(label)
    if not is_label(bare):
        msg = (
            f"A participant label must be letters and digits: got {label!r}. "
            "Rename the participant, for example 'sub-01'."
        )
        raise ConfigError(msg)
    return bare


def without_prefix(label: str) -> str:
    """Give a label without blanks about it and without ``sub-``, whatever it is made of."""
    return label.strip().removeprefix("sub-")


def is_label(bare: str) -> bool:
    """Whether BIDS can name a participant so: letters and digits alone."""
    return re.fullmatch(r"[A-Za-z0-9]+", bare) is not None


@dataclass(frozen=True, slots=True)
class ScanName:
    """The name of one raw scan; its methods name what is made of it, relative to OUT.

    Parameters
    ----------
    participant
        Label without ``sub-``.
    entities
        Key and value of the other entities, in the order of the file's name.
    suffix
        ``T1w``, ``PDw`` or ``T2w``.
    """

    participant: str
    entities: tuple[tuple[str, str], ...] = ()
    suffix: str = "T1w"

    @classmethod
    def parse(cls, path: Path) -> Self:
        """Read the name of a raw BIDS image.

        Raises
        ------
        ScanError
            If the name is not ``sub-<label>[_<key>-<value>...]_<suffix>``.
        """
        *parts, suffix = without_ending(path).split("_")
        pairs = [tuple(part.split("-", 1)) for part in parts]
        sound = pairs and all(len(p) == 2 and all(p) for p in pairs) and pairs[0][0] == "sub"
        if not sound or suffix not in SUFFIXES:
            msg = (
                f"A raw scan must be named like 'sub-01_T1w.nii.gz': got {path.name!r}. "
                f"Rename it, with one of the suffixes {', '.join(SUFFIXES)}."
            )
            raise ScanError(msg)
        (_, label), *rest = pairs
        return cls(label, tuple((key, value) for key, value in rest), suffix)

    @property
    def participant_id(self) -> str:
        """The label as BIDS writes it."""
        return f"sub-{self.participant}"

    def raw(self) -> Path:
        """Give the raw image, relative to the raw dataset."""
        return self._anat(f"{self.suffix}.nii.gz")

    def preproc(self) -> Path:
        """Give the preprocessed image."""
        return self._anat(f"desc-preproc_{self.suffix}.nii.gz")

    def muscles(self) -> Path:
        """Give the muscle label map."""
        return self._anat("seg-muscles_dseg.nii.gz")

    def bones(self) -> Path:
        """Give the bone label map."""
        return self._anat("seg-bones_dseg.nii.gz")

    def probability(self) -> Path:
        """Give the probability that a voxel is muscle of any kind."""
        return self._anat("label-muscle_probseg.nii.gz")

    def regions(self) -> Path:
        """Give the region label map."""
        return self._anat("seg-regions_dseg.nii.gz")

    def volumes_tsv(self) -> Path:
        """Give the table of one row per muscle and region."""
        return self._anat("seg-muscles_desc-volumes_dseg.tsv")

    def border_tsv(self) -> Path:
        """Give the table of volumes with the border moved."""
        return self._anat("seg-muscles_desc-border_dseg.tsv")

    def tissues(self) -> Path:
        """Give the true part of each voxel that each tissue fills, of a digital foot."""
        return self._anat("seg-tissues_probseg.nii.gz")

    def landmarks_json(self) -> Path:
        """Give the landmarks, frame and border."""
        return self._anat("landmarks.json")

    def overlay_png(self) -> Path:
        """Give the picture of labels over the scan."""
        return Path(self.participant_id, "figures", f"{self._stem()}_overlay.png")

    def participant_html(self) -> Path:
        """Give the participant's page."""
        return Path(f"{self.participant_id}.html")

    def _stem(self) -> str:
        return "_".join(
            (self.participant_id, *(f"{key}-{value}" for key, value in self.entities))
        )

    def _anat(self, ending: str) -> Path:
        sessions = [f"ses-{value}" for key, value in self.entities if key == "ses"]
        return Path(self.participant_id, *sessions, "anat", f"{self._stem()}_{ending}")


def find_participants(bids_dir: Path) -> tuple[str, ...]:
    """Give the labels, without ``sub-``, of all participants' folders, sorted.

    Raises
    ------
    ConfigError
        If the folder is missing or holds no ``sub-`` folder.
    """
    if not bids_dir.is_dir():
        msg = (
            f"The raw dataset must be a folder: got {str(bids_dir)!r}, which is none. "
            "Check the path."
        )
        raise ConfigError(msg)
    labels = sorted(p.name.removeprefix("sub-") for p in bids_dir.glob("sub-*") if p.is_dir())
    if not labels:
        msg = (
            f"The raw dataset must hold folders named 'sub-<label>': got none in "
            f"{str(bids_dir)!r}. Make them with 'footvol intake'."
        )
        raise ConfigError(msg)
    return tuple(labels)


def find_images(folder: Path) -> list[Path]:
    """Give all images below a folder, by the ending of their names, sorted."""
    return sorted(p for p in folder.rglob("*") if _IMAGE_ENDING.search(p.name))


def find_scan(bids_dir: Path, label: str) -> Path:
    """Find the one scan of a participant that is to be measured.

    T1-weighted goes before proton-density and T2-weighted; the fat image of a
    Dixon pair stands back for its water image.

    Raises
    ------
    ConfigError
        If the label is not one.
    ScanError
        If no image fits, or more than one.
    """
    folder = bids_dir / f"sub-{bare_label(label)}"
    images = sorted({*folder.glob("anat/*.nii*"), *folder.glob("ses-*/anat/*.nii*")})
    for suffix in SUFFIXES:
        fitting = [p for p in images if without_ending(p).endswith(f"_{suffix}")]
        fitting = [p for p in fitting if not _is_fat(p)] or fitting
        if len(fitting) > 1:
            names = listed(path.name for path in fitting)
            msg = (
                f"A participant must have one {suffix} scan: got {len(fitting)} ({names}). "
                "Keep the one to be measured and move the others out of the dataset."
            )
            raise ScanError(msg)
        if fitting:
            return fitting[0]
    msg = (
        f"A participant must have a scan named '{folder.name}_T1w.nii.gz' (or PDw, T2w): got "
        f"{len(images)} other images in '{folder.name}'. Put it there with 'footvol intake'."
    )
    raise ScanError(msg)


def find_fat_image(water: Path) -> Path | None:
    """Find the fat image that was taken with a water image; it bears its name but for that.

    Returns
    -------
    Path or None
        None where the image is not named as water, or stands alone.
    """
    name = re.sub("water", "fat", water.name, flags=re.IGNORECASE)
    if name == water.name or not water.parent.is_dir():
        return None
    # acq-Water goes with acq-Fat, whatever the capitals
    beside = (p for p in sorted(water.parent.iterdir()) if p.name.lower() == name.lower())
    return next(beside, None)


def _is_fat(path: Path) -> bool:
    return re.search(r"_(acq|part)-[A-Za-z0-9]*fat_", path.name) is not None
