"""A dataset in which participants have several sessions and runs."""

from pathlib import Path

NAMES = (
    *("sub-01_ses-01", "sub-01_ses-02", "sub-02_ses-01"),
    *("sub-02_ses-02_run-1", "sub-02_ses-02_run-2"),
    *("sub-03_ses-01", "sub-04_ses-01", "sub-05_ses-01", "sub-06_ses-01"),
)
"""The scans of the dataset, in order."""


def add_sessions(bids_dir: Path) -> Path:
    """Move the scans of the dataset ``bids_dir`` into sessions, and add three more."""
    for number, name in enumerate(NAMES, start=1):
        who, session = name.split("_")[:2]
        anat = bids_dir / who / session / "anat"
        anat.mkdir(parents=True, exist_ok=True)
        (anat / f"{name}_T1w.nii.gz").write_bytes(b"scan" * number)
    for who in {name.split("_")[0] for name in NAMES}:
        (bids_dir / who / "anat" / f"{who}_T1w.nii.gz").unlink()
    return bids_dir
