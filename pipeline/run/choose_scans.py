"""The scans of the participants, and which of their sessions and runs are chosen."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.domain.participant import Participant
from pipeline.domain.scan_key import ENTITIES, ScanKey, bare_entity
from pipeline.errors import ConfigError, listed, nearest
from pipeline.store.participants import read_session_masses
from pipeline.store.raw_scans import find_keys

NOT_CHOSEN = "not chosen"
"""Begins the reason of a scan that is excluded because of its session or run."""
_OPTIONS = {"session": "--session-label", "run": "--run"}


def find_scans(bids_dir: Path, people: Iterable[Participant]) -> tuple[Participant, ...]:
    """Give every participant once for each scan, with the body mass at its session.

    Raises
    ------
    ConfigError
        If a table of sessions cannot be read.
    """
    return tuple(scan for who in people for scan in _scans_of(bids_dir, who))


def _scans_of(bids_dir: Path, who: Participant) -> list[Participant]:
    keys = find_keys(bids_dir, who.label)
    has_sessions = any(key.session for key in keys)
    masses = read_session_masses(bids_dir, who.label) if has_sessions else {}
    return [
        replace(
            who,
            session=key.session,
            run=key.run,
            body_mass_kg=masses.get(key.session or "", who.body_mass_kg),
        )
        for key in keys
    ]


@dataclass(frozen=True, slots=True)
class Choice:
    """The sessions and runs to process and to compare.

    Parameters
    ----------
    options
        Values by `ENTITIES`, with or without prefix; none of a kind means all.
    """

    options: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def among(self, keys: Collection[ScanKey]) -> frozenset[ScanKey]:
        """Give the chosen scans.

        Raises
        ------
        ConfigError
            If no scan has a session or run that is named.
        """
        chosen = frozenset(keys)
        for name in ENTITIES:
            wanted = {_plain(value, name): value for value in self.options.get(name, ())}
            values = {key: _plain(getattr(key, name), name) for key in keys}
            known = {values[key]: cell for key in keys if (cell := key.cells[name])}
            _check_known(wanted, known, name)
            chosen &= {key for key in keys if not wanted or values[key] in wanted}
        return chosen

    def reason(self) -> str:
        """Say why the other scans are left out."""
        given = (f"{_OPTIONS[k]} {' '.join(v)}" for k, v in self.options.items() if v)
        return f"{NOT_CHOSEN} by {' '.join(given)}"


def _plain(value: str | None, name: str) -> str:
    """Give a session or run as it is compared: without prefix, and a run without zeros."""
    bare = bare_entity(value, name) or ""
    return str(int(bare)) if name == "run" and bare.isdecimal() else bare


def _check_known(wanted: Mapping[str, str], known: Mapping[str, str], name: str) -> None:
    unknown = [text for value, text in wanted.items() if value not in known]
    if not unknown:
        return
    there = (
        f"not among {listed(sorted(known.values()))}. Nearest to {unknown[0]!r}: "
        f"{nearest(unknown[0], known.values())}."
        if known
        else f"and no scan has a {name} in its name. Leave the option out."
    )
    msg = f"{_OPTIONS[name]} must name a {name} of the dataset: got {listed(unknown)}, {there}"
    raise ConfigError(msg)
