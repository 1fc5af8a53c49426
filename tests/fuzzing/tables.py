"""Damaged tables of participants and patients, and what they hold by BIDS' rules for TSV."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from fuzzing.damage import Rng, chosen, damaged_bytes, odd_word
from fuzzing.stored import UnreadableError, certain
from fuzzing.trial import Case, through_command_line
from pipeline.domain.participant import Participant
from pipeline.domain.scan import Side
from pipeline.store.participants import read_participants_table, read_patient_map

_NEEDED = ("participant_id", "group", "body_mass_kg")
_ODD_CELLS = (
    *(
        "",
        " ",
        "n/a",
        "N/A",
        "NA",
        "None",
        "null",
        "nan",
        "NaN",
        "-",
        "?",
        "#N/A",
        "1e2",
        "6_5",
    ),
    *(
        "65,5",
        "\uff16\uff15",
        "٦٥",
        "+70",
        "0x41",
        "inf",
        "-70",
        "19",
        "20",
        "300",
        "300.01",
        "1e-5",
    ),
    *("7" * 400, "sub-", "sub-01", "sub-01 ", "01", "1", "SUB-01", "sub-sub-01", "sub-a_b"),
    *('"sub-01"', '"', '""', '"a', 'a"b', "a\\tb", "healthy ", "Healthy", "HEALTHY", "right"),
    *(
        "R",
        "l",
        "both",
        "Left ",
        "=1+1",
        "é",
        "\u200b",
        "\xa0",
        "\x0b",
        "\x00",
        "\r",
        "\x1b[2J",
    ),
    *("1954-03-02", "70 kg", "x" * 5000, "\U0001d7df\U0001d7d8", "sub-\u202e01", "../../etc"),
)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_SIDES = {"right": Side.RIGHT, "r": Side.RIGHT, "left": Side.LEFT, "l": Side.LEFT, "n/a": None}
Row = list[str]


def make_table(rng: Rng, folder: Path) -> Case:
    """Make a table with up to two faults, and read it as one of several commands would."""
    path = folder / "table.tsv"
    if rng.random() < 0.2:
        rows = [["patient_id", "participant_id"]]
        rows += [[f"P{k}0{k}", f"sub-0{1 + k // 2}"] for k in range(5)]
        content, damage, is_whole = _damaged(rows, rng)
        path.write_bytes(content)
        read: Callable[[], Any] = partial(read_patient_map, path)
        return Case(f"patient map: {damage}", read, _held(_patients, content), is_whole)
    more = chosen(rng, ((), ("side",), ("side", "age", "sex")))
    values = {"side": ("right", "left", "n/a"), "age": ("51", "48.5"), "sex": ("F", "M")}
    rows = [[*_NEEDED, *more]]
    for k in range(6):
        mass = chosen(rng, ("61.5", "72", "n/a", "80"))
        group = ("healthy", "plantar_fasciitis")[k % 2]
        rows.append([f"sub-0{k + 1}", group, mass, *(chosen(rng, values[n]) for n in more)])
    content, damage, is_whole = _damaged(rows, rng)
    if rng.random() < 0.06:
        return _dry_run(content, damage, folder)
    path.write_bytes(content)
    read = partial(read_participants_table, path)
    return Case(f"participants: {damage}", read, _held(_participants, content), is_whole)


def _dry_run(content: bytes, damage: str, folder: Path) -> Case:
    """Let the command line print what it would do with the table."""
    for k in range(1, 7):
        anat = folder / f"sub-0{k}" / "anat"
        anat.mkdir(parents=True)
        (anat / f"sub-0{k}_T1w.nii.gz").write_bytes(b"scan")
    (folder / "participants.tsv").write_bytes(content)
    words = ["run", str(folder), str(folder.parent / "out"), "--dry-run"]

    def fault_of(_: None) -> str:
        try:
            _participants(content)
        except UnreadableError as error:
            return f"read, although {error}"
        return ""

    return Case(f"dry run: {damage}", partial(through_command_line, words), fault_of)


def _damaged(rows: Sequence[Row], rng: Rng) -> tuple[bytes, str, bool]:
    """Damage cells, rows or columns, then the text, then its bytes."""
    cells = [list(row) for row in rows]
    done = [_damage_cells(cells, rng) for _ in range(chosen(rng, (0, 1, 1, 1, 2)))]
    mark = chosen(rng, "\t\t\t\t\t\t\t\t,;") if len(done) < 2 else "\t"
    ends = chosen(rng, ("\n", "\n", "\r\n", "\r"))
    text = ends.join(mark.join(row) for row in cells) + ends
    encoding = chosen(rng, (*("utf-8",) * 9, "utf-8-sig", "utf-16", "latin-1"))
    content = text.encode(encoding, errors="replace")
    how = f"{encoding}, {mark!r} between, lines end in {ends!r}"
    is_whole = not done and mark == "\t" and encoding[:5] == "utf-8" and ends != "\r"
    if len(done) < 2 and rng.random() < 0.2:
        content, changed = damaged_bytes(content, rng)
        how, is_whole = f"{how}, {changed}", False
    return content, "; ".join((*done, how)), is_whole


def _damage_cells(cells: list[Row], rng: Rng) -> str:
    k = int(rng.integers(len(cells)))
    row = cells[k]
    j = int(rng.integers(len(row))) if row else 0
    match int(rng.integers(12)):
        case 0:
            del cells[k]
            return f"row {k} gone"
        case 1:
            cells.insert(int(rng.integers(len(cells) + 1)), list(row))
            return f"row {k} twice"
        case 2 | 3 as times:
            for each in cells:
                each[j : j + 1] = each[j : j + 1] * (2 * times - 4)
            return f"column {j} {'twice' if times == 3 else 'gone'}"
        case 4:
            del row[j:]
            return f"row {k} ends before cell {j}"
        case 5:
            row += [chosen(rng, ("", "", "more"))] * int(rng.integers(1, 3))
            return f"row {k} is longer"
    return _damage_cell(row, j, rng, f"cell {k}, {j}")


def _damage_cell(row: Row, j: int, rng: Rng, name: str) -> str:
    ways = (" {} ", '"{}"', '" {}"', "{}\xa0")
    usual = "".join(row[j : j + 1])
    around = chosen(rng, ways).format(usual)
    odd = chosen(rng, (around, odd_word(rng), *[chosen(rng, _ODD_CELLS)] * 4))
    row[j : j + 1] = [odd]
    return f"{name} is {odd[:40]!r}"


def _held(judge: Callable[[bytes], Any], content: bytes) -> Callable[[Any], str]:
    def fault_of(found: Any) -> str:
        try:
            stored = judge(content)
        except UnreadableError as error:
            return f"read, although {error}"
        told = {
            key: (p.group, p.body_mass_kg, p.side) if isinstance(p, Participant) else p
            for key, p in found.items()
        }
        return "" if told == stored else f"read {told}, stored is {stored}"[:400]

    return fault_of


def _table(content: bytes, needed: Sequence[str]) -> list[dict[str, str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    certain("\0" not in text, "it is not UTF-8 text")
    lines = re.split("\r\n|\n|\r", text)
    rows = [[_cell(cell) for cell in line.split("\t")] for line in lines if line.strip()]
    rows = [row for row in rows if any(row)]  # what spreadsheets quote is blank, too
    certain(rows, "it is empty")
    head = rows[0]
    while head and not head[-1]:
        del head[-1]
    certain(len({*head}) == len(head), f"two columns are named alike among {head}")
    certain({*needed} <= {*head}, f"a column is missing among {head}")
    for row in rows[1:]:
        certain(not any(row[len(head) :]), "a row has more cells than there are columns")
        certain(len(row) >= len(head), "a row has fewer cells than there are columns")
    return [dict(zip(head, row, strict=False)) for row in rows[1:]]


def _cell(cell: str) -> str:
    text = cell.strip()
    if text.startswith('"'):
        inner = text[1:-1]
        certain(len(text) > 1 and text[-1] == '"' and '"' not in inner, "a quote is not closed")
        return inner.strip()
    return text


def _label(cell: str) -> str:
    label = cell.removeprefix("sub-")
    certain(re.fullmatch("[A-Za-z0-9]+", label), f"{cell[:40]!r} is no label")
    return label


def _participants(content: bytes) -> dict[str, tuple[str | None, float | None, Side | None]]:
    found: dict[str, tuple[str | None, float | None, Side | None]] = {}
    for row in _table(content, _NEEDED):
        label = _label(row["participant_id"])
        certain(label not in found, f"{label} is there twice")
        # as written: the comparison refuses words that are spelt differently
        group = None if row["group"] in ("", "n/a") else row["group"]
        mass, side = row["body_mass_kg"], row.get("side", "n/a").lower()
        mass_kg = None if mass.lower() == "n/a" else _mass_kg(mass)
        certain(side in _SIDES, f"the side is {side[:40]!r}")
        found[label] = (group, mass_kg, _SIDES[side])
    return found


def _mass_kg(cell: str) -> float:
    certain(_NUMBER.fullmatch(cell), f"the body mass is {cell[:40]!r}")
    mass_kg = float(cell)
    certain(20 <= mass_kg <= 300, f"the body mass is {cell[:40]!r}")
    return mass_kg


def _patients(content: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for row in _table(content, ("patient_id", "participant_id")):
        label, patient = _label(row["participant_id"]), row["patient_id"]
        certain(patient, "a patient has no ID")
        certain(found.setdefault(patient, label) == label, "a patient is two participants")
    return found
