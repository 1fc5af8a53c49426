"""How often each quality gate detects its artefact, and raises a false alarm.

Run with ``make quality``. Prints the table of docs/quality.md. The seeds are held
out: no limit was chosen on them.
"""

import argparse
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np

from pipeline.domain.quality_reading import Verdict
from pipeline.domain.scan import Scan, Side
from pipeline.phantom.acquisition.acquire import acquire, random_pose
from pipeline.phantom.acquisition.artefacts import Artefacts
from pipeline.phantom.acquisition.protocols import get_protocol
from pipeline.phantom.anatomy.digital_foot import make_foot
from pipeline.phantom.anatomy.foot import Foot
from pipeline.phantom.anatomy.shape import draw_shape
from pipeline.settings.quality import QualityParams
from pipeline.stages.quality import GATE_NAMES, assess

T1, DIXON = "t1_se_4mm", "dixon_2pt"
SOUND = (T1, "t1_tse_3mm", "vibe_0p8", "pd_tse", "t2_fs", DIXON)
HARMLESS: tuple[Mapping[str, float], ...] = (
    {"surface_coil": 2.0}, {"ringing": 0.3}, {"fat_shift_px": 2.0}, {"magic_angle": 1.0},
    {"tissue_spread": 0.1}, {"soft_slices": 0.5},
)  # fmt: skip
# Gate, strength, protocol, artefacts, changes of the protocol.
SPOILT: tuple[tuple[str, str, str, Mapping[str, float], Mapping[str, float]], ...] = (
    ("length_mm", "100 mm of toes cut", T1, {}, {"cut_toes_mm": 100}),
    ("cut_ends", "20 mm of heel cut", T1, {}, {"cut_heel_mm": 20}),
    ("cut_ends", "40 mm of heel cut", T1, {}, {"cut_heel_mm": 40}),
    ("cut_ends", "60 mm of toes cut", T1, {}, {"cut_toes_mm": 60}),
    ("snr", "muscle SNR 3", T1, {}, {"muscle_snr": 3}),
    ("snr", "muscle SNR 6", T1, {}, {"muscle_snr": 6}),
    ("contrast", "fat at 50 %", T1, {}, {"fat_left": 0.5}),
    ("contrast", "fat at 35 %", T1, {}, {"fat_left": 0.35}),
    ("clipped_percent", "top third cut off", T1, {"clip": 0.66}, {}),
    ("ghost_percent", "ghosts of 5 %", T1, {"ghosts": 0.05}, {}),
    ("ghost_percent", "ghosts of 10 %", T1, {"ghosts": 0.1}, {}),
    ("ghost_percent", "ghosts of 30 %", T1, {"ghosts": 0.3}, {}),
    ("agreement", "swap of 15 %", DIXON, {"swap": 0.15}, {}),
    ("agreement", "swap of 30 %", DIXON, {"swap": 0.3}, {}),
    ("agreement", "swap of 50 %", DIXON, {"swap": 0.5}, {}),
    ("agreement", "swap of the whole", DIXON, {"swap": 1.0}, {}),
    ("dim_end", "toes lose 30 %", T1, {"toe_dropoff": 0.3}, {}),
    ("dim_end", "toes lose 60 %", T1, {"toe_dropoff": 0.6}, {}),
    ("dim_end", "toes lose 90 %", T1, {"toe_dropoff": 0.9}, {}),
)  # fmt: skip


def take(
    foot: Foot, seed: int, name: str, spoilt: Mapping[str, float], changes: Mapping[str, float]
) -> Scan:
    """Scan a foot coarsely; the gates downsample scans anyway."""
    protocol = replace(get_protocol(name), in_plane_mm=1.0, **dict[str, Any](changes))
    given = {"coil_bias": 0.15, **spoilt}
    clip = given.pop("clip", 1.0)
    rng = np.random.default_rng(seed)
    scan = acquire(foot, protocol, rng, artefacts=Artefacts(**given))
    top = np.float32(clip * scan.intensity.max())
    return replace(scan, intensity=np.minimum(scan.intensity, top))


def alarms(scan: Scan) -> dict[str, bool | None]:
    """Say for each gate whether it raised an alarm; None where it could not measure."""
    return {
        r.gate: None if r.value is None else r.verdict is not Verdict.PASSED
        for r in assess(scan, QualityParams())
    }


def judge(seed: int) -> tuple[list[dict[str, bool | None]], list[bool | None]]:
    """Give the alarms on sound scans of one foot, and the expected one on each spoilt scan."""
    rng = np.random.default_rng(seed)
    side = Side.RIGHT
    foot = make_foot(draw_shape(rng, side), 2.0).moved(random_pose(rng, side))
    sound = [take(foot, seed, name, {}, {}) for name in SOUND]
    sound += [take(foot, seed, T1, spoilt, {}) for spoilt in HARMLESS]
    due = [alarms(take(foot, seed, n, s, c))[gate] for gate, _, n, s, c in SPOILT]
    return [alarms(scan) for scan in sound], due


def count(alarms: Sequence[bool | None]) -> str:
    """Count the alarms among those that could be measured."""
    known = [alarm for alarm in alarms if alarm is not None]
    return f"{sum(known)} of {len(known)}"


def main() -> None:
    """Print the tables as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=9300, help="of the first foot")
    parser.add_argument("--feet", type=int, default=12)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    with ProcessPoolExecutor(given.jobs) as pool:
        judged = list(pool.map(judge, range(given.seed, given.seed + given.feet)))
    lines = ["| gate | artefact | found |", "|---|---|---|"]
    for number, (gate, words, *_) in enumerate(SPOILT):
        lines.append(f"| `{gate}` | {words} | {count([due[number] for _, due in judged])} |")
    lines += ["", "| gate | false alarms |", "|---|---|"]
    for gate in GATE_NAMES:
        raised = [scan[gate] for sound, _ in judged for scan in sound]
        lines.append(f"| `{gate}` | {count(raised)} |")
    print("\n".join(lines))  # noqa: T201


if __name__ == "__main__":
    main()
