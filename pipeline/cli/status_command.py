"""What `footvol status` prints."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pipeline.cli.options import Session
from pipeline.domain.scan_key import ScanKey
from pipeline.run.cohort import Cohort
from pipeline.run.job import Job
from pipeline.run.locked_out import LOCK as OUT_LOCK
from pipeline.run.process_participant import LOCK
from pipeline.run.status import get_stage_states
from pipeline.store.locks import find_holder

# The state of a participant is the first of these that one of its stages has.
_ORDER = ("in progress", "failed", "stale", "never run", "done")


def print_status(session: Session, cohort: Cohort, *, as_json: bool) -> int:
    """Print the state of each scan and stage on disk; the code is 0 in any state."""
    people = [_describe(job) for job in cohort.jobs()]
    states = Counter(str(facts["state"]) for facts in people)
    counts = {state: states[state] for state in _ORDER}
    holder = find_holder(cohort.out / OUT_LOCK)
    if as_json:
        owner = asdict(holder) if holder else None
        content = {"counts": counts, "locked_by": owner, "participants": people}
        session.print(json.dumps(content, indent=2, ensure_ascii=False))
        return 0
    session.print(", ".join(f"{count} {state}" for state, count in counts.items()))
    if holder:
        session.print(f"In use by {holder}")
    for line in (line for facts in people for line in _lines(facts)):
        session.print(line)
    return 0


def _describe(job: Job) -> dict[str, Any]:
    holder = find_holder(job.log_dir / LOCK)
    stages = [asdict(state) for state in get_stage_states(job)]
    states = {"in progress"} if holder else {stage["state"] for stage in stages}
    return {
        "participant_id": job.participant.participant_id,
        **job.participant.key.cells,
        "state": min(states, key=_ORDER.index),
        "in_progress_by": asdict(holder) if holder else None,
        "stages": stages,
    }


def _lines(facts: Mapping[str, Any]) -> list[str]:
    """Describe a participant that is not done, with the same facts once for several stages."""
    name, holder = ScanKey.of_row(facts).name, facts["in_progress_by"]
    if holder:
        return [f"{name}: in progress, by {holder['user']} on {holder['host']}"]
    stages: dict[tuple[str, str | None], list[str]] = {}
    for stage in facts["stages"]:
        stages.setdefault((stage["state"], stage["reason"]), []).append(stage["stage"])
    return [
        f"{name}: {', '.join(names)} {state}{f' ({reason})' if reason else ''}"
        for (state, reason), names in stages.items()
        if state != "done"
    ]
