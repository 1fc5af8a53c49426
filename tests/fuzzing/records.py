"""Damaged JSON: sidecars, stage records, landmarks; and what they say."""

import json
import math
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from fuzzing.damage import Rng, chosen, damaged_bytes
from fuzzing.nifti import NIFTI1
from fuzzing.stored import UnreadableError, certain
from fuzzing.trial import Case
from pipeline.domain.scan import Scan, Side
from pipeline.run.stage_cache import (
    StageRecord,
    check_unaltered,
    check_unclaimed,
    is_current,
    read_record,
)
from pipeline.store.images import read_scan
from pipeline.store.landmarks_file import read_landmarks

_ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 0.5, 1e308, -1e308, 2**70, "", "x", "1", "R", "Rubbish"),
    *(
        "\ud800",
        "\x00",
        "\x1b[2J",
        "é" * 2000,
        [],
        {},
        [[]],
        [None],
        {"a": 1},
        [1, 2],
        [1, 2, 3],
    ),
    *(["R"], "left", "LEFT", "Links", "B", "U", float("nan"), float("inf"), {"code": 1}, [{}]),
)
_ODD_TEXTS = (
    *("[" * 100_000, '{"a":' * 100_000, "[" * 900 + "]" * 900, "9" * 5000, "1e999", "-", "NaN"),
    *(
        '"\\ud800"',
        '"\\x"',
        "yes",
        "{",
        '{"a":1,}',
        "'a'",
        "0123",
        "\ufeff1",
        "1 2",
        '{"": ""}',
    ),
)
_SIDES = {"R": Side.RIGHT, "L": Side.LEFT, "RIGHT": Side.RIGHT, "LEFT": Side.LEFT}
_POINTS = {
    "heel": [1.5, -4.0, 9.0],
    "calcaneal_tuberosity": [2.0, -3.0, 8.0],
    "metatarsal_1_head": [2.0, 160.0, 3.0],
    "metatarsal_5_head": [60.0, 140.0, 4.0],
    "metatarsal_2_head": [11.0, 165.0, 5.0],
    "metatarsal_1_base": [1.0, 118.5, 30.0],
}
_FRAME = {"origin": [1.0, 2, 3], "long": [0, 1, 0], "lateral": [1, 0, 0], "dorsal": [0, 0, 1]}
_SIDECAR = {
    "Laterality": "R",
    "MagneticFieldStrength": 3.0,
    "EchoTime": 0.012,
    "ImageType": ["ORIGINAL", "PRIMARY", "M", "SE"],
    "Manufacturer": "Siemens",
    "Cautions": [{"code": "made", "message": "It is made.", "stage": "intake"}],
}
_RECORD: Mapping[str, Any] = {
    "key": "a1",
    "inputs": {"bids:raw:sub-01/anat/sub-01_T1w.nii.gz": "00"},
    "outputs": {"sub-01/anat/a.nii.gz": "00", "sub-01/anat/b.json": "11"},
    "status": "done",
    "reason": None,
    "code": 0,
    "seconds": 1.5,
}
_LANDMARKS: Mapping[str, Any] = {
    "Units": "mm",
    **_POINTS,
    "frame": _FRAME,
    "border": {"definition": "tmt1", "position_mm": 118.5},
    "foot_length_mm": 241.5,
}


def make_json(rng: Rng, folder: Path) -> Case:
    """Make a JSON file with up to two faults, and read it as what it describes."""
    way = int(rng.integers(3))
    whole, name = (
        (_SIDECAR, "sub-01_T1w.json"),
        (_RECORD, "measure.json"),
        (_LANDMARKS, "landmarks.json"),
    )[way]
    content, damage, is_whole = _damaged(whole, rng)
    path = folder / name
    path.write_bytes(content)
    if way == 0:
        image = _write_image(folder)
        fault_of: Callable[[Any], str] = partial(_fault, content, _sidecar_fault)
        return Case(f"sidecar: {damage}", partial(read_scan, image), fault_of, is_whole)
    if way == 1:
        fault_of = partial(_fault, content, _record_fault)
        return Case(f"record: {damage}", partial(_use_record, path), fault_of, is_whole)
    fault_of = partial(_fault, content, _landmarks_fault)
    return Case(f"landmarks: {damage}", partial(read_landmarks, path), fault_of, is_whole)


def _use_record(path: Path) -> StageRecord | None:
    """Read a record as a stage does."""
    record, out = read_record(path), path.parent.parent / "out"
    is_current(record, "a1", out)
    check_unaltered(record, out)
    check_unclaimed(record, ["sub-01/anat/a.nii.gz"], out)
    return record


def _write_image(folder: Path) -> Path:
    header = np.zeros((), NIFTI1.newbyteorder("<"))
    header["sizeof_hdr"], header["magic"] = 348, np.void(b"n+1\0")
    header["dim"], header["pixdim"] = [3, 4, 5, 6, 1, 1, 1, 1], [1, 1, 2, 3, 1, 1, 1, 1]
    header["datatype"], header["bitpix"], header["vox_offset"] = 4, 16, 352
    header["sform_code"], header["srow"] = 1, np.diag((1, 2, 3, 1))[:3]
    path = folder / "sub-01_T1w.nii"
    path.write_bytes(header.tobytes() + bytes(4) + np.arange(120, dtype="<i2").tobytes())
    return path


def _damaged(whole: Mapping[str, Any], rng: Rng) -> tuple[bytes, str, bool]:
    content = json.loads(json.dumps(whole))
    done = [_damage_value(content, rng) for _ in range(chosen(rng, (0, 1, 1, 2)))]
    text = json.dumps(content, indent=chosen(rng, (None, 2)))
    way = rng.random()
    if way < 0.15:
        name = chosen(rng, tuple(whole))
        odd = chosen(rng, (*(json.dumps(v) for v in _ODD_VALUES[:20]), *_ODD_TEXTS))
        text = f'{text[:-1]}, "{name}": {odd}}}'
        done.append(f"{name} again, {odd[:40]!r}")
    elif way < 0.25:
        text = chosen(rng, _ODD_TEXTS)
        done.append(f"all of it {text[:40]!r}")
    elif way < 0.3:
        text = text.replace("1.5", chosen(rng, _ODD_TEXTS)).replace(
            "3.0", chosen(rng, _ODD_TEXTS)
        )
        done.append("odd text for numbers")
    encoding = chosen(rng, (*("utf-8",) * 8, "utf-8-sig", "utf-16", "latin-1"))
    data = text.encode(encoding, errors="replace")
    is_whole = not done and encoding == "utf-8"
    if len(done) < 2 and rng.random() < 0.25:
        data, how = damaged_bytes(data, rng)
        done, is_whole = [*done, how], False
    return data, "; ".join((*done, encoding))[:300], is_whole


def _damage_value(content: Any, rng: Rng) -> str:
    """Change, delete or add one value, at any depth."""
    holder, where = content, ""
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        if not keys:
            return "nothing"
        key = chosen(rng, keys)
        where += f".{key}"
        below = holder[key]
        if not isinstance(below, dict | list) or not below or rng.random() < 0.4:
            break
        holder = below
    way = rng.random()
    if way < 0.15:
        del holder[key]
        return f"no {where}"
    if way < 0.25 and isinstance(holder, dict):
        holder["more"] = deepcopy(chosen(rng, _ODD_VALUES))
        return f"more next to {where}"
    holder[key] = deepcopy(chosen(rng, _ODD_VALUES))
    return f"{where} is {str(holder[key])[:30]!r}"


def _fault(content: bytes, differs: Callable[[Mapping[str, Any], Any], str], found: Any) -> str:
    try:
        stored = _parsed(content)
        return differs(stored, found)
    except UnreadableError as error:
        return f"read, although {error}"


def _parsed(content: bytes) -> Mapping[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            is_same = json.dumps(found.setdefault(key, value)) == json.dumps(value)
            certain(is_same, f"it says {key[:30]!r} twice")
        return found

    try:
        stored = json.loads(content.decode("utf-8-sig"), object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        certain(isinstance(error, UnreadableError), "it is no JSON")
        raise
    certain(isinstance(stored, dict), "it is no object")
    found: Mapping[str, Any] = stored
    return found


def _sidecar_fault(stored: Mapping[str, Any], scan: Scan) -> str:
    word = stored.get("Laterality")
    side = _SIDES.get(word.strip().upper()) if isinstance(word, str) else None
    if scan.side is not side:
        return f"the side is {scan.side}, stored is {word!r}"
    cautions = stored.get("Cautions") or []
    certain(isinstance(cautions, list), f"its cautions are {cautions!r}"[:80])
    texts = [str(c.get("message")) if isinstance(c, dict) else None for c in cautions]
    if [c.message for c in scan.cautions] != texts:
        return f"the cautions are {scan.cautions}, stored are {cautions}"[:300]
    for name, value in scan.acquisition.items():
        words = value if isinstance(value, list) else str(value).split("_")
        if value != stored.get(name) and not all(w in str(stored.get(name)) for w in words):
            return f"{name} is {value!r}, stored is {stored.get(name)!r}"[:300]
    return ""


def _record_fault(stored: Mapping[str, Any], record: StageRecord) -> str:
    kinds = {"key": str, "inputs": dict, "outputs": dict, "status": str, "code": int}
    for name, kind in kinds.items():
        value = stored.get(name, getattr(record, name))
        certain(type(value) is kind, f"{name} is {value!r}"[:80])
        if kind is dict:
            certain(
                all(isinstance(v, str) for v in value.values()), f"{name} is {value!r}"[:80]
            )
    certain(stored.get("status", "done") in ("done", "failed", "writing"), "of its status")
    certain(isinstance(stored.get("reason"), str | None), "its reason is no text")
    certain(_is_finite(stored.get("seconds", 0)), "its seconds are no number")
    certain({*stored} <= {*_RECORD}, "it has more fields")
    told = asdict(record)
    differing = [name for name, value in stored.items() if told[name] != value]
    return f"{differing} differ" if differing else ""


def _landmarks_fault(stored: Mapping[str, Any], found: Any) -> str:
    frame, border = stored.get("frame"), stored.get("border")
    certain(isinstance(frame, dict) and isinstance(border, dict), "it lacks frame or border")
    length = stored.get("foot_length_mm")
    numbers: list[tuple[Any, Any]] = [
        *((getattr(found, name), stored.get(name)) for name in _POINTS),
        *((getattr(found.frame, name), dict(frame or {}).get(name)) for name in _FRAME),
        ((found.border.position_mm,), [dict(border or {}).get("position_mm")]),
        *([] if length is None else [((found.foot_length_mm,), [length])]),
    ]
    for told, kept in numbers:
        certain(isinstance(kept, list) and len(kept) == len(told), f"a point is {kept!r}"[:80])
        certain(all(_is_finite(v) for v in kept), f"a point is {kept!r}"[:80])
        if not np.allclose(told, np.array(kept, float), rtol=1e-12, atol=1e-9):
            return f"{told} is not {kept}"
    return ""


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and type(value) is not bool and math.isfinite(value)
