"""All kinds of damaged inputs, how many of each are tried, and their faults."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from fuzzing.dicom import make_dicom
from fuzzing.metaimage import make_metaimage
from fuzzing.nifti import make_nifti
from fuzzing.nrrd import make_nrrd
from fuzzing.records import make_json
from fuzzing.settings import make_settings
from fuzzing.tables import make_table
from fuzzing.trial import Case, Maker, try_cases

MAKERS: Mapping[str, Maker] = {
    "nifti": make_nifti,
    "nrrd": make_nrrd,
    "metaimage": make_metaimage,
    "dicom": make_dicom,
    "tsv": make_table,
    "json": make_json,
    "toml": make_settings,
}
COUNTS: Mapping[str, int] = {
    "nifti": 2500,
    "nrrd": 1500,
    "metaimage": 1500,
    "dicom": 1500,
    "tsv": 1500,
    "json": 1000,
    "toml": 1000,
}
"""How many of each kind the long run tries."""


_TOGETHER = 25


def faults_of(kind: str, numbers: Sequence[int], sandbox: Path) -> Iterator[str]:
    """Give a line for each input with a fault; its number is its seed."""
    makers = [partial(_make, kind, number) for number in numbers]
    faults = try_cases(makers, sandbox, _TOGETHER)
    for number, fault in zip(numbers, faults, strict=True):
        if fault:
            text = " ".join(f"{fault.damage} | {fault.text}".split())
            yield f"{fault.kind} | {kind} {number} | {text}"


def _make(kind: str, number: int, folder: Path) -> Case:
    rng = np.random.default_rng((zlib.crc32(kind.encode()), number))
    return MAKERS[kind](rng, folder)
