"""What the page shows, as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.domain.anatomy import MUSCLES
from pipeline.domain.decision import VERDICTS, Decision
from pipeline.domain.scan_key import ScanKey
from pipeline.review.feet import Foot, read_rows_of_volumes, volumes_of, without_labels
from pipeline.review.followup import Followup
from pipeline.review.session import Session, why_not_measured

_SHOWN = ("total_cm3", "rearfoot_cm3", "forefoot_cm3", "forefoot_share")


def list_view(session: Session, followup: Followup) -> dict[str, Any]:
    """Give the feet in order with their states, and what is the same for all."""
    decisions, spent = session.decisions(), session.seconds_spent()
    measured = read_rows_of_volumes(session.out)
    feet = [_row(session, key, decisions, measured) for key in session.feet]
    for foot, row in zip(session.feet.values(), feet, strict=True):
        row["seconds"] = spent.get(foot.key.name, 0.0)
    return {
        "reviewer": session.reviewer,
        "blinded": session.is_blinded,
        "seed": session.blinding.seed if session.blinding else None,
        "verdicts": VERDICTS,
        "muscles": [
            {
                "index": muscle.index,
                "name": muscle.name,
                "abbreviation": muscle.abbreviation,
                "colour": muscle.colour,
            }
            for muscle in MUSCLES
        ],
        "not_measured": why_not_measured(session),
        "tables": {"state": followup.state, "message": session.hidden(followup.message)},
        "feet": feet,
        "without_labels": []
        if session.is_blinded
        else without_labels(session.out, list(session.feet.values())),
    }


def foot_view(session: Session, foot: Foot) -> dict[str, Any]:
    """Give grid, volumes, side and cautions of one foot."""
    grid = foot.labels().grid
    return {
        "shape": grid.shape,
        "spacing_mm": grid.spacing_mm,
        "labels_sha256": foot.labels_sha256(),
        "volumes": volumes_of(foot),
        "side": str(foot.table().side),
        "cautions": [
            {"code": caution.code, "message": session.hidden(caution.message)}
            for caution in foot.cautions()
        ],
    }


def _row(
    session: Session,
    key: str,
    decisions: Sequence[Decision],
    measured: Mapping[ScanKey, Mapping[str, Any]],
) -> dict[str, Any]:
    foot = session.feet[key]
    row = measured.get(foot.key, {})
    sha256 = foot.labels_sha256()
    own = [d for d in decisions if d.key == foot.key and d.reviewer == session.reviewer]
    others = [d for d in decisions if d.key == foot.key and d.reviewer != session.reviewer]
    return {
        "key": key,
        "name": session.names[key],
        "group": None if session.is_blinded else row.get("group"),
        "cautions": [code for code in str(row.get("cautions") or "").split(";") if code],
        "volumes": {name: row.get(name) for name in _SHOWN},
        "decision": _decision(own[0], sha256) if own else None,
        # a second reviewer must not know what the first one thought
        "others": [] if session.is_blinded else [_decision(d, sha256) for d in others],
    }


def _decision(decision: Decision, labels_sha256: str) -> dict[str, Any]:
    return {
        "verdict": decision.verdict,
        "comment": decision.comment,
        "reviewer": decision.reviewer,
        "time": decision.time,
        "stale": decision.is_stale(labels_sha256),
    }
