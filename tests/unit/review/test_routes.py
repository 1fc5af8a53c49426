"""What the browser gets, and what it may send."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reviewed import GROUP, SHAPES, make_client, make_reviewable, open_tiny
from starlette.testclient import TestClient

from pipeline.review import routes
from pipeline.review.saving import Edit, UnusableError
from pipeline.review.session import Session
from pipeline.run.locked_out import out_locked


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """Open two tiny feet."""
    return open_tiny(make_reviewable(tmp_path / "out"))


@pytest.fixture
def client(session: Session) -> TestClient:
    """Make a browser that has exchanged the token."""
    return make_client(session)


def first_key(client: TestClient) -> str:
    """Give the key of the first foot, sub-02."""
    return str(client.get("/api/feet").json()["feet"][0]["key"])


def decision(client: TestClient, **changes: Any) -> dict[str, Any]:
    """Make a decision on the first foot as it is."""
    facts = client.get(f"/api/feet/{first_key(client)}").json()
    known = {"decision": "reject", "comment": "moved", "seconds": 3.5}
    return known | {"labels_sha256": facts["labels_sha256"]} | changes


def test_the_page_and_its_files_are_given(client: TestClient) -> None:
    """The page, its scripts, and NiiVue."""
    page = client.get("/").text

    assert "/static/main.js" in page
    for name in ("main.js", "viewer.js", "review.css", "vendor/niivue.umd.js"):
        assert client.get(f"/static/{name}").status_code == 200


def test_feet_are_listed_with_their_states(client: TestClient) -> None:
    """Most doubtful first, words as they are, and who cannot be reviewed."""
    listed = client.get("/api/feet").json()

    assert [foot["name"] for foot in listed["feet"]] == ["sub-02", "sub-01"]
    assert {foot["group"] for foot in listed["feet"]} == {GROUP}
    assert listed["feet"][0]["cautions"] == ["low-certainty", "strong-bias-field"]
    assert listed["without_labels"][0]["name"] == "sub-03"
    assert listed["reviewer"] == "AB"
    assert "config.toml" in listed["not_measured"]


def test_labels_come_with_their_sha256(client: TestClient, session: Session) -> None:
    """One byte per voxel."""
    key = first_key(client)

    answer = client.get(f"/api/feet/{key}/labels")

    assert len(answer.content) == np.prod(SHAPES["02"])
    assert answer.headers["etag"] == f'"{session.feet[key].labels_sha256()}"'
    assert client.get(f"/api/feet/{key}/scan.nii").content[:4] == b"\x5c\x01\x00\x00"


def test_a_decision_is_written_and_shown(client: TestClient, session: Session) -> None:
    """It is stale as soon as the labels are others."""
    listed = client.put(f"/api/feet/{first_key(client)}/decision", json=decision(client)).json()

    shown = listed["feet"][0]
    assert shown["decision"]["verdict"] == "reject"
    assert shown["decision"]["stale"] is False
    assert shown["seconds"] == 3.5
    path = next(session.out.glob("sub-02/anat/*seg-muscles_dseg.nii.gz"))
    path.write_bytes(path.read_bytes() + b"\0")
    assert client.get("/api/feet").json()["feet"][0]["decision"]["stale"] is True


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"decision": "perhaps"}, 422),
        ({"labels_sha256": "../../etc/passwd"}, 422),
        ({"seconds": -1}, 422),
        ({"more": 1}, 422),
        ({"comment": "x" * 2001}, 422),
        ({"labels_sha256": "0" * 64}, 409),
        ({"comment": "x" * 70_000}, 413),
    ],
)
def test_a_faulty_decision_is_refused(
    client: TestClient, session: Session, changes: dict[str, Any], status: int
) -> None:
    """With a sentence; nothing is written."""
    content = decision(client, **changes)

    answer = client.put(f"/api/feet/{first_key(client)}/decision", json=content)

    assert answer.status_code == status
    assert answer.json()["error"].endswith(".")
    assert not session.table().exists()


@pytest.mark.parametrize("key", ["sub-02", "..%2f..%2fsub-02", "../sub-02", "%00", "0" * 16])
def test_a_key_is_never_a_path(client: TestClient, key: str) -> None:
    """Only the keys of the list give a foot."""
    for ending in ("", "/labels", "/scan.nii"):
        assert client.get(f"/api/feet/{key}{ending}").status_code in {404, 405}


@pytest.mark.parametrize(
    "path",
    [
        "/static/../routes.py",
        "/static/%2e%2e/routes.py",
        "/static/..%2froutes.py",
        "/config.toml",
    ],
)
def test_nothing_else_is_given(client: TestClient, path: str) -> None:
    """Neither code nor results."""
    assert client.get(path).status_code == 404


def put_labels(client: TestClient, content: bytes, **headers: str) -> Any:
    """Send labels of the first foot."""
    return client.put(f"/api/feet/{first_key(client)}/labels", content=content, headers=headers)


def test_labels_must_name_those_they_replace(client: TestClient) -> None:
    """Without If-Match nothing is overwritten."""
    answer = put_labels(client, bytes(160))

    assert (answer.status_code, "If-Match" in answer.json()["error"]) == (428, True)


def test_too_many_bytes_are_refused(client: TestClient) -> None:
    """A request has at most one byte per voxel."""
    assert put_labels(client, bytes(161), **{"If-Match": '"a"'}).status_code == 413


@pytest.mark.parametrize("seconds", ["nan", "-1", "x"])
def test_time_spent_must_be_seconds(client: TestClient, seconds: str) -> None:
    """Anything else would spoil the sums."""
    answer = put_labels(client, bytes(160), **{"If-Match": '"a"', "X-Seconds": seconds})

    assert answer.status_code == 422


def test_a_correction_waits_for_other_commands_and_is_then_refused(
    client: TestClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence says who is at work; nothing is measured meanwhile."""
    monkeypatch.setattr(Session, "cohort", lambda _: None)
    monkeypatch.setattr(routes, "_LONGEST_WAIT_S", 0.1)

    with out_locked(session.out):
        answer = put_labels(client, bytes(160), **{"If-Match": '"abc"'})

    assert answer.status_code == 422
    assert answer.json()["error"].startswith("Only one command at a time may work on")


def test_a_refused_correction_gives_the_sentence(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason why it cannot be measured is what the reviewer sees."""
    edits: list[Edit] = []

    def refuse(_foot: object, _cohort: object, edit: Edit) -> None:
        edits.append(edit)
        msg = "The heel must be in the image: got none."
        raise UnusableError(msg)

    monkeypatch.setattr(routes, "save_labels", refuse)
    monkeypatch.setattr(Session, "cohort", lambda _: None)

    answer = put_labels(client, bytes(160), **{"If-Match": '"abc"'})

    assert answer.status_code == 422
    assert answer.json() == {"error": "The heel must be in the image: got none."}
    assert (edits[0].base_sha256, edits[0].reviewer) == ("abc", "AB")


def test_a_blinded_review_gives_no_names(tmp_path: Path) -> None:
    """Neither in lists nor in cautions."""
    out = make_reviewable(tmp_path / "blinded")
    client = make_client(open_tiny(out, is_blinded=True, seed=1))
    listed = client.get("/api/feet")
    texts = [
        listed.text,
        *(client.get(f"/api/feet/{f['key']}").text for f in listed.json()["feet"]),
    ]

    assert listed.json()["seed"] == 1
    for text in texts:
        assert "sub-" not in text
        assert "healthy" not in text
