"""Names of all files: BIDS names of inputs, BIDS derivative names of outputs."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from pipeline.domain.scan import Contrast
from pipeline.domain.scan_key import ScanKey
from pipeline.errors import ConfigError, ScanError
from pipeline.store.junk import without_junk

# In order of preference: fat, muscle and tendon differ most on T1-weighted images.
SUFFIXES = ("T1w", "PDw", "T2w")
_ENTITY = re.compile(r"(?:^|_)(sub|ses|run)-([^_.]+)")
_IMAGE_ENDING = re.compile(r"\.(nii\.gz|nii|nrrd|nhdr|mha|mhd|hdr)$", re.IGNORECASE)


def without_ending(path: Path) -> str:
    """Return a file's name without the extension of an image."""
    return _IMAGE_ENDING.sub("", path.name)


def sidecar_of(image: Path) -> Path:
    """Return the JSON file that belongs to an image or table."""
    return image.with_name(without_ending(image).removesuffix(".tsv") + ".json")


def bare_label(label: str) -> str:
    """Return a participant label without ``sub-``.

    Raises
    ------
    ConfigError
        If it is not made of letters and digits, as BIDS requires.
    """
    bare = without_prefix(label)
    if not is_label(bare):
        msg = (
            f"A participant label must be letters and digits: got {label!r}. "
            "Rename the participant, for example 'sub-01'."
        )
        raise ConfigError(msg)
    return bare


def session_in(label: str) -> str:
    """Return a session label without ``ses-``.

    Raises
    ------
    ConfigError
        If it is not made of letters and digits, as BIDS requires.
    """
    bare = label.strip().removeprefix("ses-")
    if not is_label(bare):
        msg = (
            f"A session label must be letters and digits: got {label!r}. Choose another, for "
            "example 'ses-01'."
        )
        raise ConfigError(msg)
    return bare


def without_prefix(label: str) -> str:
    """Return a label without surrounding blanks and without ``sub-``, unchecked."""
    return label.strip().removeprefix("sub-")


def is_label(bare: str) -> bool:
    """Whether a label is valid in BIDS: letters and digits only."""
    return re.fullmatch(r"[A-Za-z0-9]+", bare) is not None


@dataclass(frozen=True, slots=True)
class ScanName:
    """The name of one raw scan; its methods name the outputs for it, relative to OUT.

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

    @property
    def key(self) -> ScanKey:
        """Participant, session and run."""
        entities = dict(self.entities)
        return ScanKey(self.participant, entities.get("ses"), entities.get("run"))

    def in_session(self, session: str | None) -> Self:
        """Add a session to the name.

        Raises
        ------
        ScanError
            If the name has another one.
        """
        if session is None or self.key.session == session:
            return self
        if self.key.session:
            msg = (
                f"A scan must be of the session that --session-label names: got one of "
                f"'ses-{self.key.session}' in place of 'ses-{session}'. Import it without the "
                "option, or rename it."
            )
            raise ScanError(msg)
        return replace(self, entities=(("ses", session), *self.entities))

    def raw(self) -> Path:
        """Return the raw image, relative to the raw dataset."""
        return self._anat(f"{self.suffix}.nii.gz")

    def preproc(self) -> Path:
        """Return the preprocessed image."""
        return self._anat(f"desc-preproc_{self.suffix}.nii.gz")

    def muscles(self) -> Path:
        """Return the muscle label map."""
        return self._anat("seg-muscles_dseg.nii.gz")

    def bones(self) -> Path:
        """Return the bone label map."""
        return self._anat("seg-bones_dseg.nii.gz")

    def probability(self) -> Path:
        """Return the image of the probability that a voxel is any muscle."""
        return self._anat("label-muscle_probseg.nii.gz")

    def regions(self) -> Path:
        """Return the region label map."""
        return self._anat("seg-regions_dseg.nii.gz")

    def volumes_tsv(self) -> Path:
        """Return the table with one row per muscle and region."""
        return self._anat("seg-muscles_desc-volumes_dseg.tsv")

    def border_tsv(self) -> Path:
        """Return the table of volumes with the border shifted."""
        return self._anat("seg-muscles_desc-border_dseg.tsv")

    def profile_tsv(self) -> Path:
        """Return the table of cross-sections along the foot."""
        return self._anat("seg-muscles_desc-profile_dseg.tsv")

    def tissues(self) -> Path:
        """Return the image of each tissue's partial-volume fraction, of a digital foot."""
        return self._anat("seg-tissues_probseg.nii.gz")

    def landmarks_json(self) -> Path:
        """Return the file of landmarks, foot frame and border."""
        return self._anat("landmarks.json")

    def overlay_png(self) -> Path:
        """Return the figure of labels over the scan."""
        return self._figure("overlay.png")

    def thumbnail_jpg(self) -> Path:
        """Return the small figure of labels over the scan."""
        return self._figure("thumbnail.jpg")

    def surface_png(self) -> Path:
        """Return the figure of the surfaces of muscles and bones."""
        return self._figure("surface.png")

    def profile_svg(self) -> Path:
        """Return the figure of cross-sections along the foot."""
        return self._figure("profile.svg")

    def histogram_svg(self) -> Path:
        """Return the figure of the intensities of tissues."""
        return self._figure("histogram.svg")

    def probability_png(self) -> Path:
        """Return the figure of the probability of muscle over the scan."""
        return self._figure("probability.png")

    def participant_html(self) -> Path:
        """Return the page of the scan."""
        return Path(f"{self.key.name}.html")

    def dicom(self, kind: str) -> Path:
        """Return a DICOM object of the scan, relative to the folder of an export."""
        return Path(self.participant_id, f"{self._stem()}_{kind}.dcm")

    def _figure(self, ending: str) -> Path:
        return Path(self.participant_id, "figures", f"{self._stem()}_{ending}")

    def _stem(self) -> str:
        return "_".join(
            (self.participant_id, *(f"{key}-{value}" for key, value in self.entities))
        )

    def _anat(self, ending: str) -> Path:
        sessions = [f"ses-{value}" for key, value in self.entities if key == "ses"]
        return Path(self.participant_id, *sessions, "anat", f"{self._stem()}_{ending}")


def name_scan(label: str, image: Path, contrast: Contrast | None, *, suffix: str) -> ScanName:
    """Name the raw scan of a participant.

    A BIDS name keeps its entities; any other name is replaced by the contrast.

    Parameters
    ----------
    contrast
        Contrast that the user or the sidecar states; None gives `suffix`.
    """
    try:
        named = ScanName.parse(image)
    except ScanError:
        if contrast and contrast.is_dixon:
            return ScanName(label, (("acq", contrast.value),), suffix)
        return ScanName(label, (), contrast or suffix)
    return ScanName(label, named.entities, named.suffix)


def key_of(file: Path) -> ScanKey:
    """Return the participant, session and run in the name of any file of a participant."""
    named = dict(_ENTITY.findall(file.name))
    label = re.split(r"[_.]", file.name)[0].removeprefix("sub-")
    return ScanKey(label, named.get("ses"), named.get("run"))


def is_image(path: Path) -> bool:
    """Whether a file has the extension of an image."""
    return _IMAGE_ENDING.search(path.name) is not None


def find_images(folder: Path, more: tuple[str, ...] = ()) -> list[Path]:
    """Find all images below a folder by their extensions, sorted.

    Parameters
    ----------
    more
        Further extensions to look for, in lower case.

    Raises
    ------
    ScanError
        If one is named after another participant or session than its folder.
    """
    files = without_junk(folder.rglob("*"), folder)
    images = sorted(p for p in files if is_image(p) or p.name.lower().endswith(more))
    for image in images:
        check_owner(image, folder)
    return images


def check_owner(image: Path, root: Path) -> None:
    """Refuse an image named after another participant or session than its folders below `root`.

    Raises
    ------
    ScanError
        Naming the image and the folder.
    """
    named = dict(_ENTITY.findall(image.name))
    for folder in image.relative_to(root).parts[:-1]:
        entity, _, value = folder.partition("-")
        if entity != "run" and named.get(entity, value) != value:
            msg = (
                f"An image must be named as the folder that contains it: got {image.name!r} "
                f"in {folder!r}. Find out whose it is, and move or rename it."
            )
            raise ScanError(msg)
