"""Access to a PACS by DICOMweb: its address, credentials, and what can go wrong.

Credentials come from the environment alone. Neither they nor what is searched for get into
messages, logs or files. Libraries quote headers and addresses, so their words are dropped.
"""

import ipaddress
import logging
import os
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import SplitResult, urlsplit

import requests
from dicomweb_client import DICOMwebClient
from requests.auth import AuthBase, HTTPBasicAuth

from pipeline.errors import ConfigError, PacsError, PipelineError

USER, PASSWORD, TOKEN = "FOOTVOL_PACS_USER", "FOOTVOL_PACS_PASSWORD", "FOOTVOL_PACS_TOKEN"
CONNECT_S, ANSWER_S = 10.0, 120.0
_CHATTY = ("dicomweb_client", "urllib3")
_Sign = Callable[[requests.PreparedRequest], requests.PreparedRequest]


@contextmanager
def opened_pacs(
    address: str, environ: Mapping[str, str] = os.environ
) -> Iterator[DICOMwebClient]:
    """Open a session with a DICOMweb service; nothing is sent yet.

    Parameters
    ----------
    address
        Such as ``https://pacs.example.org/dicom-web``.
    environ
        Holds ``FOOTVOL_PACS_USER`` and ``FOOTVOL_PACS_PASSWORD``, or ``FOOTVOL_PACS_TOKEN``.

    Raises
    ------
    ConfigError
        If the address or the credentials are invalid, or these would be sent unencrypted to
        another machine.
    """
    parts = _split(address)
    sign = _signing(environ)
    is_plain = parts.scheme == "http"
    if sign and is_plain and not _is_loopback(parts.hostname or ""):
        msg = (
            "Credentials for a PACS must travel encrypted: got an address with http:// of "
            f"another machine. Use https://, or unset {USER}, {PASSWORD} and {TOKEN}."
        )
        raise ConfigError(msg)
    with requests.Session() as session, _silenced():
        session.auth = _Preparation(sign)  # None would read ~/.netrc
        session.max_redirects = 0  # to where credentials and images must not follow
        session.trust_env = not is_plain  # a proxy would see all that http sends
        client = DICOMwebClient(
            address.rstrip("/"), session=session, timeout=(CONNECT_S, ANSWER_S)
        )
        client.host = parts.netloc  # it leaves out the port
        client.set_http_retry_params(retry=False)  # it would send an empty body again
        yield client


@contextmanager
def faults_named(task: str) -> Iterator[None]:
    """Turn what goes wrong with a PACS into one sentence.

    Parameters
    ----------
    task
        What it must do, such as ``find studies``.

    Raises
    ------
    PacsError
        If it cannot be reached, refuses, or answers other than DICOMweb says.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they quote values, which may name a person
            yield
    except PipelineError:
        raise
    except requests.RequestException as error:
        fact = _fact(error)
    except OSError:  # of this machine's files
        raise
    except Exception:  # whatever pydicom and the client meet in bytes that are no DICOM
        fact = _NOT_DICOM
    else:
        return
    msg = f"The PACS must {task}: got {fact}"
    raise PacsError(msg) from None


_NOT_DICOM = (
    "an answer that is not DICOM. Check that the address is that of its DICOMweb service."
)
# In this order, as some are kinds of others.
_FACTS: tuple[tuple[type[requests.RequestException], str], ...] = (
    (requests.Timeout, "no answer in time. Check that it runs, and try again."),
    (
        requests.exceptions.SSLError,
        "no certificate that this machine trusts. If your hospital has an authority of its "
        "own, let REQUESTS_CA_BUNDLE name the file of its certificate.",
    ),
    (
        requests.exceptions.ProxyError,
        "no connection through the proxy. Check HTTPS_PROXY and NO_PROXY.",
    ),
    (
        requests.TooManyRedirects,
        "a redirect to another address. Give the address that it leads to.",
    ),
    (
        requests.ConnectionError,
        "no connection, or one that was lost. Check address and network, and that it runs.",
    ),
    (requests.exceptions.ChunkedEncodingError, "a connection that was cut off. Try again."),
)


def _fact(error: requests.RequestException) -> str:
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return _status_fact(error.response.status_code)
    return next((fact for kind, fact in _FACTS if isinstance(error, kind)), _NOT_DICOM)


def _status_fact(status: int) -> str:
    known = {member.value: member.phrase for member in HTTPStatus}
    answer = f"{status} ({known[status]})" if status in known else str(status)
    advice = "See its log."
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        advice = f"Set {USER} and {PASSWORD}, or {TOKEN}, to those of an account that may."
    elif status == HTTPStatus.NOT_FOUND:
        advice = "Check the path of its DICOMweb service in the address, such as /dicom-web."
    return f"the answer {answer}. {advice}"


def _split(address: str) -> SplitResult:
    """Split an address; a message about an invalid one does not quote it."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    fault = None
    if parts.username is not None or parts.password is not None:
        fault = f"credentials in it. Set {USER} and {PASSWORD}, or {TOKEN}, instead"
    elif parts.scheme not in ("http", "https") or not parts.hostname:
        fault = "none of that form. Correct it"
    elif parts.query or parts.fragment:
        fault = "'?' or '#' in it. Leave out what follows"
    if fault:
        msg = (
            "The address of a PACS must be http(s)://HOST[:PORT]/PATH of its DICOMweb service: "
            f"got {fault}."
        )
        raise ConfigError(msg)
    return parts


def _signing(environ: Mapping[str, str]) -> _Sign | None:
    """Make what puts the credentials into each request; None if there are none."""
    user, password, token = (environ.get(name, "") for name in (USER, PASSWORD, TOKEN))
    if bool(user) != bool(password) or (user and token):
        given = [n for n in (USER, PASSWORD, TOKEN) if environ.get(n)]
        msg = (
            "Credentials for a PACS must be a user and a password, or a token: got "
            f"{' and '.join(given)}. Set {USER} and {PASSWORD}, or {TOKEN} alone."
        )
        raise ConfigError(msg)
    if user:
        return HTTPBasicAuth(user.encode(), password.encode())
    if not token:
        return None
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        msg = f"{TOKEN} must be printable ASCII without blanks: got others. Set it again."
        raise ConfigError(msg)

    def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    return sign


@dataclass(frozen=True, slots=True)
class _Preparation(AuthBase):
    """Last changes to each request; the credentials are not in its ``repr``."""

    sign: _Sign | None = field(repr=False)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign a request, and leave wildcards as they are: Orthanc does not decode them."""
        request.url = (request.url or "").replace("%2A", "*")
        return self.sign(request) if self.sign else request


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def _silenced() -> Iterator[None]:
    """Keep libraries from logging addresses, which hold what is searched for."""
    loggers = [logging.getLogger(name) for name in _CHATTY]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
