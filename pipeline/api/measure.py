"""Measure one scan, or a dataset."""

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, TypeVar

import pandas as pd

from pipeline.api.scan_result import TEXT_COLUMNS, ScanResult, read_result
from pipeline.config import PipelineConfig, load_config
from pipeline.domain.participant import MISSING
from pipeline.domain.scan import Contrast, Side
from pipeline.domain.scan_key import ENTITIES, ScanKey, bare_entity
from pipeline.errors import ConfigError, listed, shown
from pipeline.run.cohort import Cohort, check_known, open_cohort, open_scan
from pipeline.run.locked_out import out_prepared
from pipeline.run.outcome import Outcome
from pipeline.run.run_jobs import run_jobs
from pipeline.run.update_cohort import check_comparison, update_cohort
from pipeline.store.names import bare_label
from pipeline.store.participants import read_body_mass
from pipeline.store.tables import read_table

Config = Mapping[str, object] | str | Path | None
Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True, eq=False)
class DatasetResult:
    """The tables of a dataset, and what became of every participant.

    Parameters
    ----------
    volumes
        ``volumes.tsv``: one row per scan, failed ones too, with the reason.
    muscles
        ``muscles.tsv``: the same participants, with every muscle and region in columns.
    statistics
        ``statistics.tsv``: one row per outcome and pair of groups.
    outcomes
        Status, reason and exit code of every scan, in the order of the tables.
    out
        The folder with all files, ``report.html`` among them.
    """

    volumes: pd.DataFrame
    muscles: pd.DataFrame
    statistics: pd.DataFrame
    outcomes: tuple[Outcome, ...]
    out: Path
    _cohort: Cohort = field(repr=False)

    def scan(
        self, participant: str, *, session: str | None = None, run: str | None = None
    ) -> ScanResult:
        """Read what was measured of one scan.

        Parameters
        ----------
        participant, session, run
            As in BIDS names, with or without ``sub-``, ``ses-`` and ``run-``. Session and run
            may be left out if they leave no choice.

        Raises
        ------
        ConfigError
            If there is no such scan, or several are.
        PipelineError
            If it was not measured, with the reason.
        """
        session, run = (
            bare_entity(cell, name) for cell, name in zip((session, run), ENTITIES, strict=True)
        )
        wanted = ScanKey(bare_label(participant), session, run)
        known = {outcome.participant.key: outcome for outcome in self.outcomes}
        check_known([wanted.participant_id], [key.participant_id for key in known])
        found = wanted.among(known)
        if len(found) != 1:
            all_keys = ScanKey(wanted.label).among(known)
            msg = (
                f"A scan must be one of {listed(key.name for key in all_keys)}: got "
                f"{wanted.name!r}. Name its session and run."
            )
            raise ConfigError(msg)
        return read_result(self._cohort, known[found[0]], out=self.out)


def measure_scan(
    image: str | Path,
    *,
    side: Literal["right", "left"] | None = None,
    body_mass_kg: float | None = None,
    contrast: Literal["T1w", "PDw", "T2w", "water", "fat"] | None = None,
    out: str | Path | None = None,
    force: bool = False,
    config: Config = None,
) -> ScanResult:
    """Measure one scan, as ``footvol scan`` does.

    Parameters
    ----------
    image
        NIfTI, NRRD or MetaImage.
    side
        Side of the foot, if known; the anatomy is compared with it.
    body_mass_kg
        From 20 to 300 kg; None leaves the volumes per kg empty.
    contrast
        What the image is, if neither its sidecar nor its name says so.
    out
        Folder for all files; what is up to date there is not measured again. None works in
        a temporary folder, which is removed.
    force
        Measure again, and overwrite files that were edited.
    config
        A settings file, or settings by name, such as ``{"regions.border": "chopart"}``.

    Raises
    ------
    PipelineError
        `ConfigError` for a setting or argument, `ScanError` if the scan is refused,
        `SegmentationError` if no foot is found, `ArtefactError` if a file in `out` was
        edited.

    Examples
    --------
    >>> from pipeline import measure_scan
    >>> foot = measure_scan(
    ...     "sample_scans/sub-01/anat/sub-01_T1w.nii.gz", body_mass_kg=63.9, out="out/foot"
    ... )
    >>> foot.volumes[["rearfoot_cm3", "forefoot_cm3", "total_cm3"]].round()
       rearfoot_cm3  forefoot_cm3  total_cm3
    0          71.0          76.0      146.0
    >>> foot.landmarks.border.definition
    'tmt1'
    """
    claimed, stated = _chosen(Side, side, "side"), _chosen(Contrast, contrast, "contrast")
    mass_kg = read_body_mass(
        MISSING if body_mass_kg is None else str(body_mass_kg), "body_mass_kg"
    )
    settings = _settings(config)
    with ExitStack() as stack:
        folder = out or stack.enter_context(TemporaryDirectory(prefix="footvol-"))
        cohort = open_scan(Path(image), Path(folder), settings, claimed, mass_kg, stated)
        (outcome,) = _run(cohort, force=force, has_pages=out is not None)
        return read_result(cohort, outcome, out=Path(out) if out else None)


def run_dataset(
    bids_dir: str | Path,
    out: str | Path,
    *,
    participants: Sequence[str] = (),
    exclude: str | Path | None = None,
    jobs: int = 1,
    force: bool = False,
    config: Config = None,
) -> DatasetResult:
    """Measure a dataset, compare its groups and write the report, as ``footvol run`` does.

    A participant that fails does not stop the others; its row says why.

    Parameters
    ----------
    bids_dir
        Raw BIDS dataset.
    out
        Folder for the results; what is up to date there is not measured again.
    participants
        Labels, with or without ``sub-``; none means all. The tables contain all.
    exclude
        Decisions of a review, or a table of ``participant_id`` and ``reason``.
    jobs
        Participants measured at the same time, each in a process of its own. A script must
        then protect its own start by ``if __name__ == "__main__":``.
    force
        Measure again, and overwrite files that were edited.
    config
        As for `measure_scan`.

    Raises
    ------
    PipelineError
        `ConfigError` if dataset, settings or labels cannot be used, `ArtefactError` if a file
        in `out` was edited.

    Examples
    --------
    >>> from pipeline import run_dataset
    >>> study = run_dataset("sample_scans", "out/demo", jobs=2)
    >>> study.volumes.loc[0, ["participant_id", "group", "status"]].tolist()
    ['sub-01', 'healthy', 'ok']
    >>> study.scan("01").muscles.names[1]
    'abductor hallucis'
    """
    chosen = Path(exclude) if exclude else None
    cohort = open_cohort(
        Path(bids_dir), Path(out), _settings(config), list(participants), chosen
    )
    outcomes = _run(cohort, processes=jobs, force=force)
    volumes, muscles, statistics = (
        read_table(cohort.out / f"{name}.tsv", TEXT_COLUMNS)
        for name in ("volumes", "muscles", "statistics")
    )
    return DatasetResult(volumes, muscles, statistics, tuple(outcomes), cohort.out, cohort)


def _run(
    cohort: Cohort, *, processes: int = 1, force: bool, has_pages: bool = True
) -> list[Outcome]:
    check_comparison(cohort)
    with out_prepared(cohort, force=force):
        outcomes = run_jobs(cohort, cohort.jobs(force=force), processes=processes)
        return update_cohort(cohort, outcomes, has_pages=has_pages, force=force)


def _settings(config: Config) -> PipelineConfig:
    if isinstance(config, Mapping):
        return load_config(
            None,
            [f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in config.items()],
        )
    return load_config(Path(config) if config else None)


def _chosen(kind: type[Word], word: str | None, name: str) -> Word | None:
    try:
        return None if word is None else kind(word)
    except ValueError as error:
        known = listed(str(one) for one in kind)
        msg = f"{name} must be one of {known}: got {shown(word)}. Correct it, or leave it out."
        raise ConfigError(msg) from error
