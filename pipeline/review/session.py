"""One reviewer at work on one output folder."""

import hashlib
import json
import random
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from pipeline.domain.decision import Decision, Signature, Verdict
from pipeline.errors import ConfigError, PipelineError
from pipeline.review.feet import Foot, find_feet
from pipeline.review.saving import ConflictError, slug
from pipeline.run.cohort import Cohort
from pipeline.run.dependencies import code_hash, versions_of
from pipeline.run.plan import module_of, stage_names
from pipeline.run.reopen import reopen
from pipeline.store.files import locked, write_json
from pipeline.store.provenance import code_version, library_versions
from pipeline.store.review_table import REVIEW_TABLE, read_decisions, write_decisions

LOCK = "logs/review.lock"
EVENTS = "logs/review.jsonl"
BLINDING = "logs/review_order_{}.json"


@dataclass(frozen=True, slots=True)
class Blinding:
    """A shuffled order of the feet, which are shown without names and groups."""

    seed: int


@dataclass(frozen=True, slots=True)
class Session:
    """Who reviews which feet, in which order and under which names.

    Parameters
    ----------
    feet
        By the key that the browser knows them by, in order.
    blinding
        None if names and groups are shown.
    """

    out: Path
    reviewer: str
    feet: Mapping[str, Foot]
    blinding: Blinding | None = None
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_blinded(self) -> bool:
        """Whether names and groups are hidden."""
        return self.blinding is not None

    def cohort(self) -> Cohort:
        """Open the cohort that the folder was made from; see `reopen`."""
        return reopen(self.out)

    def table(self) -> Path:
        """Give the file of the decisions."""
        return self.out / REVIEW_TABLE

    def decisions(self) -> tuple[Decision, ...]:
        """Read all decisions, of all reviewers."""
        return read_decisions(self.table())

    def decide(self, foot: Foot, verdict: Verdict, comment: str, labels_sha256: str) -> None:
        """Write this reviewer's decision on a foot, in place of an earlier one.

        Parameters
        ----------
        labels_sha256
            Of the labels that the reviewer saw.

        Raises
        ------
        ConflictError
            If the labels have changed since.
        """
        signature = Signature(self.reviewer, now(), labels_sha256)
        decision = Decision.of_text(foot.key, verdict, comment, by=signature)
        with locked(self.out / LOCK):
            if foot.labels_sha256() != labels_sha256:
                msg = (
                    "A decision must be on the labels as they are: got one on others, changed "
                    "meanwhile. Load the foot again."
                )
                raise ConflictError(msg)
            others = [
                known
                for known in self.decisions()
                if (known.key, known.reviewer) != (foot.key, self.reviewer)
            ]
            write_decisions([*others, decision], self.table())

    def log(self, event: str, foot: Foot, seconds: float) -> None:
        """Append what was done on a foot, and the time spent on it, to ``review.jsonl``."""
        record = {
            "time": now(),
            "reviewer": self.reviewer,
            "participant_id": foot.key.name,
            "event": event,
            "seconds": round(seconds, 1),
        }
        path = self.out / EVENTS
        path.parent.mkdir(exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")

    def seconds_spent(self) -> dict[str, float]:
        """Sum the time that this reviewer spent on each foot, in seconds, by its name."""
        path, spent = self.out / EVENTS, dict[str, float]()
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        for line in lines:
            try:
                record = json.loads(line)
                if record["reviewer"] == self.reviewer:
                    who = str(record["participant_id"])
                    spent[who] = spent.get(who, 0.0) + float(record["seconds"])
            except (ValueError, KeyError, TypeError):
                continue  # a line cut off by a full disk
        return spent

    def hidden(self, text: str) -> str:
        """Replace names of participants in a message of footvol, if they are to be hidden."""
        if not self.is_blinded:
            return text
        shown = {
            name: self.names[key]
            for key, foot in self.feet.items()
            for name in (foot.key.participant_id, foot.key.name)
        }
        for name in sorted(shown, key=len, reverse=True):  # sub-10 before sub-1
            text = text.replace(name, shown[name])
        return text


def open_session(out: Path, reviewer: str, *, is_blinded: bool, seed: int | None) -> Session:
    """Find the feet of an output folder, and give each a key and a name.

    The order of a blinded review is written to ``OUT/logs``, with its seed.

    Raises
    ------
    ConfigError
        If there is nothing to review.
    """
    feet = list(find_feet(out))
    if not feet:
        msg = (
            f"A folder to review must have label maps: got none in {str(out)!r}. Name a folder "
            "that footvol run or footvol scan wrote."
        )
        raise ConfigError(msg)
    blinding = None
    if is_blinded:
        blinding = Blinding(secrets.randbelow(2**32) if seed is None else seed)
        feet.sort(key=lambda foot: foot.key.order)  # else the order would tell of the doubt
        random.Random(blinding.seed).shuffle(feet)
        _write_order(out, reviewer, blinding, feet)
    salt = secrets.token_hex(8)
    keyed = {_key(salt, foot.key.name, number): foot for number, foot in enumerate(feet)}
    names = {
        key: f"Foot {number}" if is_blinded else foot.key.name
        for number, (key, foot) in enumerate(keyed.items(), start=1)
    }
    return Session(out, reviewer, keyed, blinding, names)


def prepare_measuring(session: Session) -> None:
    """Import the stages and hash their code and libraries before they are needed."""
    with suppress(PipelineError):
        code_version()
        segmenter = session.cohort().config.segment.segmenter
        import_module("pipeline.run.write_cohort")
        for module in map(module_of, stage_names()):
            import_module(module)
            code_hash(module)
            versions_of(module, segmenter)
        library_versions()
        library_versions(segmenter)


def why_not_measured(session: Session) -> str | None:
    """Say why corrections cannot be measured; None if they can."""
    try:
        session.cohort()
    except PipelineError as error:
        return session.hidden(str(error))
    return None


def now() -> str:
    """Give the time in UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _key(salt: str, name: str, number: int) -> str:
    return hashlib.sha256(f"{salt} {name} {number}".encode()).hexdigest()[:16]


def _write_order(out: Path, reviewer: str, blinding: Blinding, feet: list[Foot]) -> None:
    content = {
        "reviewer": reviewer,
        "time": now(),
        "seed": blinding.seed,
        "order": [foot.key.name for foot in feet],
    }
    write_json(content, out / BLINDING.format(slug(reviewer)))
