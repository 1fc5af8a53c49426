"""The files over all participants: written together, and never over files of other origin."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from pipeline.config import to_toml
from pipeline.errors import ArtefactError, ConfigError
from pipeline.run.cohort import Cohort
from pipeline.run.stage_cache import (
    StageRecord,
    check_unaltered,
    check_unclaimed,
    hash_of,
    put_in_place,
    read_record,
    write_record,
)
from pipeline.run.user_models import model_files
from pipeline.store.correction_files import check_owners
from pipeline.store.files import remove_dead_scratch, scratch_folder, write_json
from pipeline.store.provenance import DATASET_FILES, write_dataset_files

# Each part has its own record, as a command may write only some of them.
DATASET, TABLES, PAGES = PARTS = ("dataset", "tables", "report")
SETTINGS = "config.toml"
# What `footvol scan` was given, so that a review can measure the scan again.
SCAN_RECORD = "logs/scan.json"
TABLE_NAMES = ("volumes", "muscles", "statistics", "border_sweep", "border_statistics")
PLOT_NAMES = ("main", "groups", "effects", "border")
# Optional tables: once written, later runs update them.
LATEX, CSV = "statistics.tex", "statistics.csv"


def check_out(cohort: Cohort, *, force: bool = False) -> None:
    """Refuse an OUT in which files would be lost or could not be written; writes nothing.

    Raises
    ------
    ConfigError
        If OUT is not writable or has a correction for an unknown participant, or the
        settings name a model that does not exist.
    ArtefactError
        If files over all participants were edited, or files of these names exist that
        footvol did not write, unless `force` is set.
    """
    out = cohort.out
    existing = next(path for path in (out, *out.absolute().parents) if os.path.lexists(path))
    if not (existing.is_dir() and os.access(existing, os.W_OK)):
        raise ConfigError(_not_writable(out, f"{str(existing)!r} is not a writable folder"))
    check_owners(out, [scan.key for scan in cohort.participants])
    if cohort.config.segment.model:
        model_files(Path(cohort.config.segment.model), cohort.config.segment.segmenter)
    if force:
        return
    records = [record for part in PARTS if (record := read_record(record_path(cohort, part)))]
    known = StageRecord(
        "",
        outputs={name: sha256 for r in records for name, sha256 in r.outputs.items()},
        pending={name: sha256 for r in records for name, sha256 in r.pending.items()},
    )
    faults: list[str] = []
    for check in (
        partial(check_unaltered, known, out),
        partial(check_unclaimed, known, targets(cohort), out),
    ):
        try:
            check()
        except ArtefactError as error:
            faults.append(str(error))
    if faults:
        raise ArtefactError(" ".join(faults))


def prepare_out(cohort: Cohort, *, force: bool = False) -> None:
    """Make OUT a dataset with the resolved settings, after `check_out`.

    Scratch files of killed commands are removed.

    Raises
    ------
    ConfigError, ArtefactError
        As `check_out`.
    """
    check_out(cohort, force=force)
    raw = (
        None if cohort.image else Path(os.path.relpath(cohort.bids_dir, cohort.out)).as_posix()
    )
    try:
        cohort.out.mkdir(parents=True, exist_ok=True)
        remove_dead_scratch(cohort.out, cohort.out / "figures", cohort.out / "logs")
        with written_together(cohort, DATASET, force=force) as scratch:
            write_dataset_files(scratch.out, raw=raw)
            (scratch.out / SETTINGS).write_text(to_toml(cohort.config), encoding="utf-8")
            if cohort.image:
                _write_scan_record(cohort, cohort.image, scratch.out / SCAN_RECORD)
    except OSError as error:
        raise ConfigError(
            _not_writable(cohort.out, f"the system says {error.strerror!r}")
        ) from error


@contextmanager
def written_together(
    cohort: Cohort, part: str, parts: Mapping[str, str] | None = None, *, force: bool = False
) -> Iterator[Cohort]:
    """Yield the cohort with a scratch OUT, whose files are moved to OUT if the block succeeds.

    Files that the part contained before and does not contain now are removed.

    Parameters
    ----------
    part
        One of `PARTS`.
    parts
        Hashes of what the files depend on, to be recorded.
    force
        Overwrite files that were edited or that footvol did not write.

    Raises
    ------
    ArtefactError
        If there is such a file, unless `force` is set.
    """
    path = record_path(cohort, part)
    record = read_record(path, force=force) or StageRecord("")
    with scratch_folder(cohort.out) as scratch:
        yield replace(cohort, out=scratch)
        outputs = put_in_place(record, scratch, cohort.out, path, force=force)
    done = StageRecord(hash_of(parts or {}), outputs=outputs, parts=parts or {})
    write_record(done, path)


def record_path(cohort: Cohort, part: str) -> Path:
    """Give the file of the record of a part."""
    return cohort.out / "logs" / f"{part}.json"


def targets(cohort: Cohort) -> list[str]:
    """Give the paths below OUT of all files over all participants."""
    optional = {LATEX: cohort.config.compare.latex, CSV: cohort.config.compare.csv}
    return [
        *(*DATASET_FILES, SETTINGS, *((SCAN_RECORD,) if cohort.image else ())),
        *(f"{name}.{ending}" for name in TABLE_NAMES for ending in ("tsv", "json")),
        *("statistics.md", *(name for name, is_wanted in optional.items() if is_wanted)),
        *("report.html", *(f"{scan.key.name}.html" for scan in cohort.participants)),
        *(f"figures/{name}.{ending}" for name in PLOT_NAMES for ending in ("svg", "png")),
    ]


def find_optional(cohort: Cohort, *, force: bool = False) -> frozenset[str]:
    """Give those of `LATEX` and `CSV` that an earlier run wrote and that still exist."""
    record = read_record(record_path(cohort, TABLES), force=force) or StageRecord("")
    written = record.files & {LATEX, CSV}
    return frozenset(name for name in written if (cohort.out / name).exists())


def _write_scan_record(cohort: Cohort, image: Path, path: Path) -> None:
    (participant,) = cohort.participants
    content = {
        "image": Path(os.path.relpath(image, cohort.out)).as_posix(),
        "side": cohort.side,
        "body_mass_kg": participant.body_mass_kg,
        "contrast": cohort.contrast,
    }
    write_json(content, path)


def _not_writable(out: Path, fact: str) -> str:
    return (
        f"The output folder must be writable: got {str(out)!r}, where {fact}. "
        "Choose another folder."
    )
