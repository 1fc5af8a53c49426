"""Addresses, credentials and faults of a PACS."""

import base64
import logging
import shlex
import shutil
import socket
import subprocess
import traceback
from pathlib import Path

import pytest
from fake_pacs import FakePacs, served

from pipeline.errors import ConfigError, PacsError
from pipeline.store.dicom import pacs_access
from pipeline.store.dicom.dicomweb import find_studies
from pipeline.store.dicom.pacs_access import PASSWORD, TOKEN, USER, opened_pacs

OPENSSL = shutil.which("openssl")
SECRET = "hunter2"
ACCESSION = "A7"
LOGIN = {USER: "technician", PASSWORD: SECRET}
ENCODED = base64.b64encode(f"technician:{SECRET}".encode()).decode()


def search(address: str, environ: dict[str, str] | None = None) -> None:
    """Search for a study."""
    with opened_pacs(address, environ or {}) as client:
        find_studies(client, {"AccessionNumber": ACCESSION})


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("ftp://pacs/dicom-web", "got none of that form"),
        ("pacs:8042/dicom-web", "got none of that form"),
        ("https:///dicom-web", "got none of that form"),
        ("http://pacs:port/dicom-web", "got none of that form"),
        (f"https://tech:{SECRET}@pacs/dicom-web", rf"got credentials in it\. Set {USER}"),
        (f"https://tech@pacs/{SECRET}", "got credentials in it"),
        (f"https://pacs/dicom-web?key={SECRET}", r"got '\?' or '#' in it"),
        (f"https://pacs/dicom-web#{SECRET}", r"got '\?' or '#' in it"),
    ],
)
def test_other_addresses_are_refused_unquoted(address: str, words: str) -> None:
    """They may hold a password."""
    with pytest.raises(ConfigError, match=words) as caught:
        search(address)

    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({USER: "tech"}, f"got {USER}\\. Set"),
        ({PASSWORD: SECRET}, f"got {PASSWORD}\\. Set"),
        ({**LOGIN, TOKEN: SECRET}, f"got {USER} and {PASSWORD} and {TOKEN}\\."),
        ({TOKEN: f"{SECRET}\n"}, f"{TOKEN} must be printable ASCII without blanks"),
    ],
)
def test_incomplete_credentials_are_refused(given: dict[str, str], words: str) -> None:
    """The message names the variables only."""
    with pytest.raises(ConfigError, match=words) as caught:
        search("https://pacs/dicom-web", given)

    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("given", [LOGIN, {TOKEN: SECRET}])
@pytest.mark.parametrize("host", ["pacs", "10.1.2.3", "127.0.0.1.example.org"])
def test_credentials_never_travel_unencrypted(host: str, given: dict[str, str]) -> None:
    """Except within this machine."""
    with pytest.raises(ConfigError, match=r"must travel encrypted: got an address with http"):
        search(f"http://{host}/dicom-web", given)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({}, ""),
        ({USER: "", PASSWORD: "", TOKEN: ""}, ""),
        ({USER: "tech", PASSWORD: "pä"}, "Basic dGVjaDpww6Q="),
        ({TOKEN: "abc.DEF-1="}, "Bearer abc.DEF-1="),
    ],
)
def test_credentials_come_from_the_environment(
    given: dict[str, str],
    sent: str,
    pacs: FakePacs,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those of ~/.netrc are not used, and no proxy is."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")

    search(pacs.address, given)

    assert pacs.signed == {sent}


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, rf"find studies: got the answer 401 \(Unauthorized\)\. Set {USER} and"),
        (403, rf"the answer 403 \(Forbidden\)\. Set {USER} and {PASSWORD}, or {TOKEN},"),
        (404, r"404 \(Not Found\)\. Check the path of its DICOMweb service"),
        (500, r"500 \(Internal Server Error\)\. See its log\."),
        (503, r"503 \(Service Unavailable\)\. See its log\."),
        (599, r"the answer 599\. See its log\."),
    ],
)
def test_a_refusal_is_one_sentence(status: int, words: str, pacs: FakePacs) -> None:
    """It is not asked again."""
    pacs.wrong[".*"] = (status, "text/html", b"<html>")

    with pytest.raises(PacsError, match=words):
        search(pacs.address)
    assert len(pacs.asked) == 1


def test_a_redirect_is_not_followed(pacs: FakePacs) -> None:
    """Credentials would be sent to another machine."""
    pacs.wrong[".*/studies"] = (302, "text/html", f"{pacs.address}/other".encode())

    with pytest.raises(PacsError, match="got a redirect to another address"):
        search(pacs.address, LOGIN)
    assert len(pacs.asked) == 1


def test_a_pacs_that_is_not_there_is_named_so() -> None:
    """Nothing listens at the port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    with pytest.raises(PacsError, match="got no connection, or one that was lost"):
        search(f"http://127.0.0.1:{port}/dicom-web")


def test_a_pacs_that_does_not_answer_is_left(
    pacs: FakePacs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a time limit."""
    monkeypatch.setattr(pacs_access, "ANSWER_S", 0.1)
    pacs.delay_s = 0.3

    with pytest.raises(PacsError, match="got no answer in time"):
        search(pacs.address)


def test_a_pacs_without_tls_has_no_certificate(pacs: FakePacs) -> None:
    """Certificates are checked, so a server that speaks plain HTTP is refused."""
    with pytest.raises(PacsError, match="got no certificate that this machine trusts"):
        search(pacs.address.replace("http:", "https:"))


@pytest.mark.integration
@pytest.mark.skipif(not OPENSSL, reason="openssl, which makes a certificate, is missing")
def test_credentials_go_to_a_trusted_certificate_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trusted are those of the system, or of the file that a hospital names."""
    made = tmp_path / "made.pem"
    options = (
        f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=pacs -addext "
        f"subjectAltName=IP:127.0.0.1 -keyout {made} -out {made}.crt"
    )
    command = [str(OPENSSL), *shlex.split(options)]
    subprocess.run(command, check=True, capture_output=True)
    made.write_bytes(made.read_bytes() + Path(f"{made}.crt").read_bytes())

    with served(FakePacs(), made) as pacs:
        monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
        with pytest.raises(PacsError, match="got no certificate that this machine trusts"):
            search(pacs.address, LOGIN)
        assert pacs.signed == set()

        monkeypatch.setenv("REQUESTS_CA_BUNDLE", f"{made}.crt")
        search(pacs.address, LOGIN)
        assert pacs.signed == {f"Basic {ENCODED}"}


@pytest.mark.parametrize("status", [200, 401, 500])
def test_nothing_secret_is_logged_or_raised(
    status: int, pacs: FakePacs, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither credentials nor what is searched for."""
    caplog.set_level(logging.DEBUG)
    pacs.wrong[".*"] = (status, "application/dicom+json", b"[]")
    said = ""

    try:
        search(pacs.address, LOGIN)
    except PacsError as error:
        said = "".join(traceback.format_exception(error))

    assert pacs.signed == {f"Basic {ENCODED}"}
    for text in (said, caplog.text):
        assert not any(word in text for word in (SECRET, ENCODED, ACCESSION, LOGIN[USER]))
