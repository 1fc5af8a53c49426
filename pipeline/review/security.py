"""Who may use the review page: only the browser of the person who started it.

The server listens on the loopback interface alone. The printed address contains a token, which
is exchanged for a cookie; a name that resolves to this machine (DNS rebinding) is refused by
its Host, and a page of another site by its Origin.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOSTS = ("127.0.0.1", "localhost")
_READS = frozenset(("GET", "HEAD"))
# Everything is served from here; NiiVue makes pictures of its fonts from data in its code.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Secrets:
    """The token of the address, and the cookie that it is exchanged for."""

    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    cookie: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    @property
    def cookie_name(self) -> str:
        """Name of the cookie; browsers share cookies between the ports of a host."""
        return f"footvol_review_{self.port}"

    @property
    def origins(self) -> frozenset[str]:
        """Origins that writes are accepted from."""
        return frozenset(f"http://{host}:{self.port}" for host in HOSTS)

    @property
    def address(self) -> str:
        """Address to open in a browser."""
        return f"http://{HOSTS[0]}:{self.port}/?token={self.token}"


class Guard:
    """Middleware that refuses requests without the cookie, and writes from other origins."""

    def __init__(self, app: ASGIApp, known: Secrets) -> None:
        self.app = app
        self.known = known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it here; every answer gets the headers of security."""
        if scope["type"] != "http":  # no web sockets
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        answer = self._answer(HTTPConnection(scope), scope["method"])
        await (answer or self.app)(scope, receive, send_with_headers)

    def _answer(self, request: HTTPConnection, method: str) -> Response | None:
        """Exchange the token or refuse a request; None lets it pass."""
        token = request.query_params.get("token")
        if token is not None and request.url.path == "/" and method == "GET":
            return self._exchange(token)
        if not _equal(request.cookies.get(self.known.cookie_name), self.known.cookie):
            return _refusal(
                "The address must be the one that footvol review printed: got no valid token. "
                "Open that address."
            )
        if method not in _READS and not self._is_own(request.headers):
            return _refusal(
                "Changes must come from the review page itself: got another origin."
            )
        return None

    def _exchange(self, token: str) -> Response:
        if not _equal(token, self.known.token):
            return _refusal(
                "The token must be the one that footvol review printed: got another. Open the "
                "address that the running command printed."
            )
        answer = RedirectResponse("/", status_code=303)
        answer.set_cookie(
            self.known.cookie_name, self.known.cookie, httponly=True, samesite="strict"
        )
        return answer

    def _is_own(self, headers: Headers | Mapping[str, str]) -> bool:
        return headers.get("origin") in self.known.origins


def _equal(given: str | None, known: str) -> bool:
    return given is not None and secrets.compare_digest(given.encode(), known.encode())


def _refusal(sentence: str) -> Response:
    return PlainTextResponse(sentence + "\n", status_code=403)
