"""Make ``sample_scans/`` again: six digital feet, the first of them as DICOM, too.

Run as ``python -m validation.make_samples FOLDER``, with a folder that is empty or new.
"""

import sys
from pathlib import Path

from pipeline.phantom.acquisition.protocols import get_protocol
from pipeline.phantom.cohort.draw_cohort import draw_cohort
from pipeline.simulate.dataset import simulate_dataset, simulate_images
from pipeline.simulate.image_files import write_dicom_images
from pipeline.simulate.specification import Study

PER_GROUP = 3
SEED = 18
PROTOCOL = "t1_se_4mm_coarse"
_README_END = """
## Sample scans

These are the scans that `make demo` runs on. Participant `sub-01` also lies in
`sourcedata/dicom/sub-01/`, as a scanner would send it, to try `footvol intake` on.
The true label maps are left out to keep the files small; `footvol phantom` with
the same settings writes them. `make samples` remakes this folder bit for bit.
"""


def _tell(line: str) -> None:
    """Show progress."""
    sys.stderr.write(f"{line}\n")


def make_samples(out: Path) -> None:
    """Write the sample dataset into a folder that is empty or new."""
    study = Study(PER_GROUP, SEED, PROTOCOL, with_label_maps=False)
    simulate_dataset(out, study, _tell)
    first = draw_cohort(PER_GROUP, SEED)[0]
    _, images = simulate_images(first, get_protocol(PROTOCOL), study.imaging)
    who = first.participant
    write_dicom_images(out, images, label=who.label, side=first.shape.side)
    readme = out / "README.md"
    readme.write_text(readme.read_text(encoding="utf-8") + _README_END, encoding="utf-8")


if __name__ == "__main__":
    make_samples(Path(sys.argv[1]))
