"""Who gets an answer from the review page."""

from pathlib import Path

import pytest
from reviewed import HOST, PORT, make_client, make_reviewable, open_tiny
from starlette.testclient import TestClient

from pipeline.review.security import Secrets

KNOWN = Secrets(PORT)


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    """Make a browser that has exchanged the token."""
    return make_client(open_tiny(make_reviewable(tmp_path / "out")), KNOWN)


def test_the_token_is_exchanged_for_a_cookie(client: TestClient) -> None:
    """Scripts cannot read it, no other site can send it, and the address loses the token."""
    client.cookies.clear()

    answer = client.get(f"/?token={KNOWN.token}", follow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=strict", "path=/"))
    assert KNOWN.token.lower() not in cookie


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/?token=", "/?token=wrong", "/api/feet", "/api/feet/x/labels"),
        *("/static/main.js", "/api/feet?token=TOKEN"),
    ],
)
def test_without_cookie_nothing_is_given(client: TestClient, path: str) -> None:
    """Neither the page nor data; a token counts on the page's address alone."""
    client.cookies.clear()

    assert client.get(path.replace("TOKEN", KNOWN.token)).status_code == 403


def test_another_cookie_is_refused(client: TestClient) -> None:
    """Its name is no secret."""
    client.cookies.clear()
    client.cookies.set(KNOWN.cookie_name, "ä")

    assert (
        client.get("/api/feet", headers={"Cookie": f"{KNOWN.cookie_name}=x"}).status_code == 403
    )


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "[::1]", ""])
def test_another_host_is_refused(client: TestClient, host: str) -> None:
    """A name that someone made resolve to this machine is not its own."""
    assert client.get("/api/feet", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize(
    "origin",
    [
        *("http://evil.example", "null", f"http://127.0.0.1:{PORT + 1}"),
        *(f"https://127.0.0.1:{PORT}", f"{HOST}.evil.example", ""),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "decision"), ("PUT", "labels"), ("POST", "../tables")]
)
def test_another_origin_cannot_write(
    client: TestClient, method: str, path: str, origin: str
) -> None:
    """Even with the cookie."""
    key = client.get("/api/feet").json()["feet"][0]["key"]
    url = "/api/tables" if path == "../tables" else f"/api/feet/{key}/{path}"

    answer = client.request(method, url, headers={"Origin": origin}, json={})

    assert answer.status_code == 403
    assert "another origin" in answer.text


def test_a_write_without_origin_is_refused(client: TestClient) -> None:
    """Every browser sends one with a write."""
    del client.headers["Origin"]

    assert client.post("/api/tables").status_code == 403


def test_every_answer_forbids_other_sources(client: TestClient) -> None:
    """Scripts and styles come from the server alone, and no site may embed or read it."""
    for path in ("/", "/api/feet", "/static/main.js", "/nothing", "/?token=wrong"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in headers


def test_no_other_site_is_invited(client: TestClient) -> None:
    """There is no CORS: a preflight gets no permission."""
    answer = client.options(
        "/api/tables",
        headers={"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"},
    )

    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_secrets_are_long_and_new() -> None:
    """Each start has others."""
    other = Secrets(PORT)

    assert len({KNOWN.token, KNOWN.cookie, other.token, other.cookie}) == 4
    assert min(len(KNOWN.token), len(KNOWN.cookie)) >= 43
    assert KNOWN.address == f"{HOST}/?token={KNOWN.token}"
