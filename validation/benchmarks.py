"""Measure time and memory, and print the tables of docs/benchmarks.md: ``make bench``.

Each row comes from a process of its own. CPU time is that of all its threads and children.
Nothing else should run meanwhile.
"""

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from tempfile import TemporaryDirectory
from types import MappingProxyType

import pandas as pd
import SimpleITK as sitk

from pipeline.run.plan import MEASURING, stage_names
from validation.golden import LABELS, SAMPLES
from validation.markdown import print_markdown
from validation.measured_process import FEET, N4, NNUNET, run_measured

Row = dict[str, str | int | float]
SHAPE = (225, 235, 71)
"""Voxels of the scan of most tables: two axes in plane, and slices."""
SIZES = (64, 128, 256, 512)  # pixels along the longer side of a slice
SLICES = (30, 60, 120)
PARTICIPANTS = (1, 10, 50)
_FEET = 4  # in one process
_THINNED = 3  # a tiny scan keeps every third pixel along both sides
_ANATOMY = Path(f"{LABELS[0]}/anat")
_COMMANDS = 3  # runs of a command; the quickest counts


def stages(folder: Path) -> Iterator[Row]:
    """Measure each stage, of the first foot of a process and of a later one."""
    feet = run_measured(FEET, _scan(SHAPE, folder), folder / "feet", _FEET)
    parts: dict[str, Sequence[str]] = {name: (name,) for name in stage_names()}
    parts |= {"file to volumes": MEASURING, "with pictures": stage_names()}
    for what, names in parts.items():
        yield {
            "stage": what,
            "first foot, CPU s": _sum(feet[0], "cpu_s", names),
            "later foot, CPU s": _sum(feet[-1], "cpu_s", names),
            "later foot, wall s": _sum(feet[-1], "wall_s", names),
            "peak of first foot, GB": _peak(feet[0], names),
            "peak of last foot, GB": _peak(feet[-1], names),
        }


def sizes(folder: Path) -> Iterator[Row]:
    """Measure the second foot of a process, by the size of its scan."""
    for pixels in SIZES:
        for slices in SLICES:
            shape = (round(pixels * SHAPE[0] / SHAPE[1]), pixels, slices)
            out = folder / f"{pixels}-{slices}"
            foot = run_measured(FEET, _scan(shape, folder), out, 2)[-1]
            yield {
                "scan": " x ".join(map(str, shape)),
                "file to volumes, CPU s": _sum(foot, "cpu_s", MEASURING),
                "with pictures, CPU s": _sum(foot, "cpu_s", stage_names()),
                "peak, GB": _peak(foot, stage_names()),
            }


def jobs(folder: Path) -> Iterator[Row]:
    """Measure a run of the six sample scans by the number of jobs."""
    for count in (1, 2):
        out = folder / f"jobs-{count}"
        wall_s, cpu_s = _timed(["run", str(SAMPLES), str(out), "--jobs", str(count)])
        yield {
            "jobs": count,
            "wall s": wall_s,
            "CPU s": cpu_s,
            "CPU s / wall s": cpu_s / wall_s,
        }


def participants(folder: Path, counts: Iterable[int] = PARTICIPANTS) -> Iterator[Row]:
    """Measure runs over tiny scans with given labels, and again when all is done."""
    labelled = folder / "labelled"
    _timed(["run", str(SAMPLES), str(labelled), "--participant-label", LABELS[0]])
    for count in counts:
        raw, out = folder / f"tiny-{count}", folder / f"tiny-{count}-out"
        _make_tiny(labelled, raw, out, count)
        run = ["run", str(raw), str(out), "--jobs", "2", "--set", "quality.enforce=false"]
        (wall_s, cpu_s), (again_s, again_cpu_s) = _timed(run), _timed(run)
        yield {
            "participants": count,
            "first run, wall s": wall_s,
            "CPU s per participant": cpu_s / count,
            "again, wall s": again_s,
            "again, CPU ms per participant": 1000 * again_cpu_s / count,
        }


def commands(folder: Path) -> Iterator[Row]:
    """Measure commands that have nothing to compute."""
    scan = ["scan", str(_scan(SHAPE, folder)), str(folder / "scan")]
    _timed(scan)
    for words, what in (
        (["--help"], "`footvol --help`"),
        (["info", "--json"], "`footvol info --json`"),
        (scan, "`footvol scan` of a finished foot"),
    ):
        wall_s, cpu_s = min(_timed(words) for _ in range(_COMMANDS))
        yield {"command": what, "wall s": wall_s, "CPU s": cpu_s}


def peers(folder: Path) -> Iterator[Row]:
    """Measure the same work of others on the same image, where they are installed."""
    image = _scan(SHAPE, folder)
    foot = run_measured(FEET, image, folder / "peers", 2)[-1]
    for stage, kind, package, name in (
        ("preprocess", N4, "ants", "N4 of ANTs with its defaults"),
        ("segment", NNUNET, "nnunetv2", "nnU-Net v2, 3d_fullres, untrained"),
    ):
        if find_spec(package) is None:
            sys.stderr.write(f"Not measured, as it is not installed: {name}\n")
            continue
        own_s = _sum(foot, "cpu_s", (stage,))
        (theirs,) = run_measured(kind, image, folder / kind)
        yield {
            "stage": stage,
            "footvol, CPU s": own_s,
            "peer": name,
            "peer, CPU s": _sum(theirs, "cpu_s", (stage,)),
            "peer / footvol": _sum(theirs, "cpu_s", (stage,)) / own_s,
            "peer, peak, GB": _peak(theirs, (stage,)),
        }


TABLES: Mapping[str, Callable[[Path], Iterator[Row]]] = MappingProxyType(
    {
        "stages": stages,
        "sizes": sizes,
        "jobs": jobs,
        "participants": participants,
        "commands": commands,
        "peers": peers,
    }
)


def _sum(foot: pd.DataFrame, column: str, names: Sequence[str]) -> float:
    return float(foot.loc[[*names], column].sum())


def _peak(foot: pd.DataFrame, names: Sequence[str]) -> float:
    return float(foot.loc[[*names], "peak_gb"].max())


def _timed(words: Sequence[str]) -> tuple[float, float]:
    """Run a command; gives wall and CPU time in seconds."""
    used, started = getrusage(RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "pipeline", *words, *([] if "--help" in words else ["-q"])]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    wall_s, now = time.perf_counter() - started, getrusage(RUSAGE_CHILDREN)
    return wall_s, now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime


def _scan(shape: Sequence[int], folder: Path) -> Path:
    """Resample the first sample scan to a number of voxels over the same field of view."""
    scan = sitk.ReadImage(str(SAMPLES / _ANATOMY / f"{LABELS[0]}_T1w.nii.gz"))
    size_mm = [n * mm for n, mm in zip(scan.GetSize(), scan.GetSpacing(), strict=True)]
    spacing_mm = [mm / n for n, mm in zip(shape, size_mm, strict=True)]
    half = [mm / old / 2 - 0.5 for mm, old in zip(spacing_mm, scan.GetSpacing(), strict=True)]
    grid = sitk.Image(shape, scan.GetPixelID())
    grid.SetSpacing(spacing_mm)
    grid.SetOrigin(scan.TransformContinuousIndexToPhysicalPoint(half))
    grid.SetDirection(scan.GetDirection())
    path = folder / f"foot{'x'.join(map(str, shape))}_T1w.nii.gz"
    resampled = sitk.Resample(scan, grid, useNearestNeighborExtrapolator=True)
    sitk.WriteImage(resampled, str(path))
    return path


def _make_tiny(labelled: Path, raw: Path, out: Path, count: int) -> None:
    """Make a dataset of copies of one thinned scan, with its labels as corrections."""
    scan = SAMPLES / _ANATOMY / f"{LABELS[0]}_T1w.nii.gz"
    rows = ["participant_id\tgroup\tbody_mass_kg\tside"]
    for number in range(1, count + 1):
        name = f"sub-{number:04d}"
        _thin(scan, raw / name / "anat" / f"{name}_T1w.nii.gz")
        for what in ("muscles", "bones"):
            labels = labelled / _ANATOMY / f"{LABELS[0]}_seg-{what}_dseg.nii.gz"
            _thin(labels, out / "corrections" / f"{name}_seg-{what}_dseg.nii.gz")
        rows.append(f"{name}\t{('healthy', 'patient')[number % 2]}\t{60 + number % 30}\tright")
    (raw / "participants.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    shutil.copy(SAMPLES / "dataset_description.json", raw)


def _thin(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    image = sitk.ReadImage(str(source))
    sitk.WriteImage(image[::_THINNED, ::_THINNED], str(target))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=[*TABLES])
    parser.add_argument("--participants", nargs="+", type=int, default=PARTICIPANTS)
    given = parser.parse_args()
    chosen = partial(participants, counts=given.participants)
    for name in given.tables:
        measure = chosen if name == "participants" else TABLES[name]
        with TemporaryDirectory() as folder:
            print_markdown(pd.DataFrame(measure(Path(folder))))


if __name__ == "__main__":
    main()
