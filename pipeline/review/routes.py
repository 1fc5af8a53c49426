"""What the browser can ask for and send."""

import asyncio
import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from pipeline.domain.decision import Verdict
from pipeline.errors import PipelineError, system_refusal
from pipeline.review.feet import Foot, volumes_of
from pipeline.review.followup import Followup
from pipeline.review.saving import ConflictError, Edit, save_labels
from pipeline.review.security import HOSTS, Guard, Secrets
from pipeline.review.session import LOCK, Session, now
from pipeline.review.views import foot_view, list_view
from pipeline.run.locked_out import out_locked
from pipeline.store.browser_images import label_bytes, scan_bytes
from pipeline.store.files import locked

STATIC = Path(__file__).parent / "static"
_Seconds = Annotated[float, Field(ge=0, le=86400)]
_SECONDS: TypeAdapter[float] = TypeAdapter(_Seconds)
_MOST_JSON_BYTES = 65536
_LONGEST_WAIT_S = 20.0  # while tables and pages are written
_MOST_PREPARED = 3  # scans kept in memory: the one shown, the next, the one before


class DecisionForm(BaseModel, frozen=True, extra="forbid"):
    """A decision as the page sends it."""

    decision: Verdict
    comment: str = Field("", max_length=2000)
    seconds: _Seconds = 0.0
    labels_sha256: str = Field(pattern="^[0-9a-f]{64}$")


class RefusedError(Exception):
    """A request that cannot be answered, with its HTTP status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True, slots=True)
class Pages:
    """The answers to all requests."""

    session: Session
    followup: Followup
    prepared: Callable[[str], bytes]

    async def index(self, _request: Request) -> Response:
        """Give the page."""
        return FileResponse(STATIC / "review.html")

    async def feet(self, _request: Request) -> Response:
        """List all feet with their states."""
        return await _json(list_view, self.session, self.followup)

    async def foot(self, request: Request) -> Response:
        """Give volumes, cautions and grid of one foot."""
        return await _json(foot_view, self.session, self._foot(request))

    async def scan(self, request: Request) -> Response:
        """Give the scan of one foot as NIfTI."""
        self._foot(request)
        content = await asyncio.to_thread(self.prepared, request.path_params["key"])
        return Response(content, media_type="application/octet-stream")

    async def labels(self, request: Request) -> Response:
        """Give the labels of one foot, one byte per voxel, and their SHA-256 as ETag."""
        content, sha256 = await asyncio.to_thread(self._labels, self._foot(request))
        headers = {"ETag": f'"{sha256}"'}
        return Response(content, media_type="application/octet-stream", headers=headers)

    async def save(self, request: Request) -> Response:
        """Save corrected labels, measure the foot again, and give old and new volumes."""
        foot = self._foot(request)
        base = request.headers.get("if-match", "").strip('"')
        if not base:
            raise RefusedError(428, "Labels must name those they replace: got no If-Match.")
        shape = (await asyncio.to_thread(foot.labels)).grid.shape
        content = await _body(request, shape[0] * shape[1] * shape[2])
        seconds = _seconds(request.headers.get("x-seconds", "0"))
        edit = Edit(content, base, self.session.reviewer, now())
        answer = await asyncio.to_thread(self._save, foot, edit, seconds)
        self.followup.request(foot.key)
        return JSONResponse(answer)

    async def decide(self, request: Request) -> Response:
        """Write a decision."""
        foot = self._foot(request)
        body = await _body(request, _MOST_JSON_BYTES)
        try:
            form = DecisionForm.model_validate_json(body)
        except ValidationError as error:
            sentence = f"A decision must be complete: got {error.errors()[0]['msg']}."
            raise RefusedError(422, sentence) from error
        await asyncio.to_thread(self._decide, foot, form)
        return await _json(list_view, self.session, self.followup)

    async def tables(self, _request: Request) -> Response:
        """Write tables and report again, without those who were rejected."""
        self.followup.request()
        return await _json(list_view, self.session, self.followup)

    def _foot(self, request: Request) -> Foot:
        """Find a foot by its key, which is no file name."""
        foot = self.session.feet.get(request.path_params["key"])
        if foot is None:
            raise RefusedError(404, "A foot must be one of the list: got another.")
        return foot

    def _labels(self, foot: Foot) -> tuple[bytes, str]:
        with locked(self.session.out / LOCK):  # not while another process replaces them
            return label_bytes(foot.labels().voxels), foot.labels_sha256()

    def _save(self, foot: Foot, edit: Edit, seconds: float) -> dict[str, Any]:
        cohort = self.session.cohort()
        with (
            out_locked(self.session.out, is_shared=True, wait_s=_LONGEST_WAIT_S),
            locked(self.session.out / LOCK),
        ):
            old = volumes_of(foot)
            try:
                save_labels(foot, cohort, edit)
            except ConflictError:
                self.session.log("conflict", foot, seconds)
                raise
            answer = {
                "old": old,
                "new": volumes_of(foot),
                "labels_sha256": foot.labels_sha256(),
            }
        self.session.log("correction", foot, seconds)
        return answer

    def _decide(self, foot: Foot, form: DecisionForm) -> None:
        self.session.decide(foot, form.decision, form.comment, form.labels_sha256)
        self.session.log(form.decision, foot, form.seconds)


def make_app(session: Session, known: Secrets, followup: Followup) -> Starlette:
    """Make the web application."""

    @functools.lru_cache(maxsize=_MOST_PREPARED)
    def prepared(key: str) -> bytes:
        return scan_bytes(session.feet[key].scan())

    pages = Pages(session, followup, prepared)
    foot = "/api/feet/{key}"
    routes = [
        Route("/", pages.index),
        Route("/api/feet", pages.feet),
        Route(foot, pages.foot),
        Route(f"{foot}/scan.nii", pages.scan),
        Route(f"{foot}/labels", pages.labels, methods=["GET"]),
        Route(f"{foot}/labels", pages.save, methods=["PUT"]),
        Route(f"{foot}/decision", pages.decide, methods=["PUT"]),
        Route("/api/tables", pages.tables, methods=["POST"]),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    middleware = [
        Middleware(TrustedHostMiddleware, allowed_hosts=list(HOSTS), www_redirect=False),
        Middleware(Guard, known=known),
    ]
    handlers: dict[Any, Any] = {
        error: functools.partial(_error, session)
        for error in (RefusedError, PipelineError, OSError)
    }
    return Starlette(routes=routes, middleware=middleware, exception_handlers=handlers)


async def _json(view: Callable[..., Any], *arguments: object) -> Response:
    return JSONResponse(await asyncio.to_thread(view, *arguments))


async def _body(request: Request, most_bytes: int) -> bytes:
    """Read the body of a request, up to a limit."""
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > most_bytes:
            raise RefusedError(
                413, f"A request must have at most {most_bytes} bytes: got more."
            )
    return bytes(content)


def _seconds(text: str) -> float:
    try:
        return _SECONDS.validate_python(text)
    except ValidationError as error:
        raise RefusedError(422, "X-Seconds must be 0 to 86400 seconds: got other.") from error


async def _error(session: Session, _request: Request, error: Exception) -> Response:
    """Answer with the sentence of an error."""
    if isinstance(error, RefusedError):
        status, sentence = error.status, str(error)
    elif isinstance(error, OSError):
        status, sentence = 500, system_refusal(error)
    else:
        status, sentence = 409 if isinstance(error, ConflictError) else 422, str(error)
    return JSONResponse({"error": session.hidden(sentence)}, status_code=status)
