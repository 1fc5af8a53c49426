"""Reading of ``participants.tsv`` and of other tables that name participants."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from pipeline.domain.participant import MISSING, Participant, number_in
from pipeline.domain.scan import Side
from pipeline.domain.scan_key import ENTITIES, ScanKey, bare_entity
from pipeline.errors import ConfigError, shown
from pipeline.store.names import is_label, without_prefix
from pipeline.store.tsv import Row, read_rows

TABLE = "participants.tsv"
_NEEDED = ("participant_id", "group", "body_mass_kg")
_BODY_MASS_LIMITS_KG = (20.0, 300.0)
_SIDES: Mapping[str, Side | None] = {
    "right": Side.RIGHT,
    "r": Side.RIGHT,
    "left": Side.LEFT,
    "l": Side.LEFT,
    MISSING: None,
}


def read_participants(bids_dir: Path) -> dict[str, Participant]:
    """Read ``participants.tsv`` of a raw dataset; see `read_participants_table`."""
    return read_participants_table(bids_dir / TABLE)


def read_participants_table(
    path: Path, *, is_confidential: bool = False
) -> dict[str, Participant]:
    """Read a table of participants.

    Only ``n/a`` means missing, as in BIDS: ``NA``, ``None`` and the like are text, valid as
    the name of a group but not as a number.

    Parameters
    ----------
    is_confidential
        Whether the table may contain names, so that messages do not quote its header.

    Returns
    -------
    dict
        Participants by label without ``sub-``, in the order of the table.

    Raises
    ------
    ConfigError
        If the table cannot be read, lacks a column, or has an invalid value.
    """
    rows = read_rows(path, _NEEDED, is_confidential=is_confidential)
    return {label: _participant(label, row) for label, row in by_label(path, rows).items()}


def read_session_masses(bids_dir: Path, label: str) -> dict[str, float]:
    """Read the body mass of a participant at each session, in kg, where it is known.

    Returns
    -------
    dict
        By session without ``ses-``; empty if the participant has no ``*_sessions.tsv``, or it
        has no column ``body_mass_kg``.

    Raises
    ------
    ConfigError
        If the table cannot be read, names a session twice, or has an invalid body mass.
    """
    path = bids_dir / f"sub-{label}" / f"sub-{label}_sessions.tsv"
    if not path.exists():
        return {}
    rows = read_rows(path, ("session_id",))
    keyed = ((ScanKey(label, bare_entity(r[1]["session_id"], "session")), r) for r in rows)
    masses = {
        str(key.session): read_body_mass(
            cells.get("body_mass_kg", MISSING), f"{where}: body_mass_kg"
        )
        for key, (where, cells) in _by_key(path, keyed).items()
    }
    return {session: kg for session, kg in masses.items() if kg is not None}


def read_patient_map(path: Path) -> dict[str, str]:
    """Read the participant of each patient ID: columns ``patient_id``, ``participant_id``.

    Several patient IDs may belong to one participant. Messages give row numbers only, as
    neither an ID nor an invalid label may be printed.

    Returns
    -------
    dict
        Label without ``sub-``, by patient ID.

    Raises
    ------
    ConfigError
        If the table cannot be read, lacks a column, or a patient ID has no label or two.
    """
    columns = ("patient_id", "participant_id")
    found: dict[str, str] = {}
    for where, cells in read_rows(path, columns, is_confidential=True):
        patient, label = cells["patient_id"], label_in(cells["participant_id"], where)
        if patient in ("", MISSING):
            msg = f"{where} must have a patient_id: got none. Add it, or remove the row."
            raise ConfigError(msg)
        if found.setdefault(patient, label) != label:
            msg = f"A patient must be one participant: got a second one in {where}. Correct it."
            raise ConfigError(msg)
    return found


def read_reasons(path: Path) -> dict[ScanKey, str]:
    """Read a reason for each participant: columns ``participant_id`` and ``reason``.

    Columns ``session`` and ``run`` may say which scan of a participant a row is about.

    Returns
    -------
    dict
        Reason by scan.

    Raises
    ------
    ConfigError
        If the table cannot be read, lacks a column, or a row has no reason.
    """
    reasons = {}
    rows = read_rows(path, ("participant_id", "reason"))
    for key, (where, cells) in _by_key(path, ((key_in(r[1], r[0]), r) for r in rows)).items():
        if not cells["reason"]:
            msg = f"{where} must have a reason: got none. Write n/a for no reason."
            raise ConfigError(msg)
        reasons[key] = cells["reason"]
    return reasons


def read_body_mass(text: str, name: str) -> float | None:
    """Read a body mass in kg; None for n/a.

    Parameters
    ----------
    name
        What the text belongs to, for messages.

    Raises
    ------
    ConfigError
        If it is not a plausible body mass.
    """
    if text == MISSING:
        return None
    low, high = _BODY_MASS_LIMITS_KG
    mass_kg = number_in(text)
    if mass_kg is None or not low <= mass_kg <= high:
        msg = (
            f"{name} must be a number from {low:g} to {high:g} kg: got {shown(text)}. "
            "Correct it, or write n/a if it is unknown."
        )
        raise ConfigError(msg)
    return mass_kg


def by_label(path: Path, rows: Iterable[Row]) -> dict[str, Row]:
    """Give the row of each participant, by label without ``sub-``.

    Raises
    ------
    ConfigError
        If a label is invalid, or a participant has two rows.
    """
    keyed = ((ScanKey(label_in(r[1]["participant_id"], r[0])), r) for r in rows)
    return {key.label: row for key, row in _by_key(path, keyed).items()}


def _by_key(path: Path, rows: Iterable[tuple[ScanKey, Row]]) -> dict[ScanKey, Row]:
    """Refuse two rows of one participant, session and run."""
    found: dict[ScanKey, Row] = {}
    for key, row in rows:
        if key in found:
            what = "scan" if any(key.cells.values()) else "participant"
            msg = (
                f"{path.name} must name each {what} once: got {key.name!r} in "
                f"{found[key][0]} and again in {row[0]}. Remove one of the rows."
            )
            raise ConfigError(msg)
        found[key] = row
    return found


def key_in(cells: Mapping[str, str], where: str) -> ScanKey:
    """Return which scan a row is about, by its participant, session and run.

    Raises
    ------
    ConfigError
        As `label_in`.
    """
    label = label_in(cells["participant_id"], where)
    return ScanKey(label, *(bare_entity(cells.get(name), name) for name in ENTITIES))


def label_in(cell: str, where: str) -> str:
    """Return the label in a cell; an invalid one may be a name, so it is not quoted.

    Parameters
    ----------
    where
        Table and row, for the message.

    Raises
    ------
    ConfigError
        If it is not made of letters and digits.
    """
    label = without_prefix(cell)
    if not is_label(label):
        got = f"{len(cell)} characters with others among them" if cell else "none"
        msg = (
            f"{where}: participant_id must be letters and digits, with or without 'sub-': got "
            f"{got}. Write a code such as 'sub-01'."
        )
        raise ConfigError(msg)
    return label


def _participant(label: str, row: Row) -> Participant:
    where, cells = row
    group = cells["group"]
    return Participant(
        label,
        group=None if group in ("", MISSING) else group,
        body_mass_kg=read_body_mass(cells["body_mass_kg"], f"{where}: body_mass_kg"),
        side=_side(cells.get("side", MISSING), where),
        cells=cells,
    )


def _side(cell: str, where: str) -> Side | None:
    side = cell if cell == MISSING else cell.lower()
    if side not in _SIDES:
        msg = f"{where}: side must be right, left or n/a: got {shown(cell)}. Correct it."
        raise ConfigError(msg)
    return _SIDES[side]
